"""What happened to each treated patient? Internal pages, one narrative a patient (ICH E3, section 12.3.2)."""
