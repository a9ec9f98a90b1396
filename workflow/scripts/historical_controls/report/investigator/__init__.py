"""What does an investigator read? One page, answer first."""
