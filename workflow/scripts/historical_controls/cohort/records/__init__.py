"""What is known of a patient, and when? Timelines, intervals, stays and three-valued logic."""
