"""What happened to whom? Deaths, discharges, adverse events and viral clearance."""
