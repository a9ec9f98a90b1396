"""What would change the answer? Scenarios, one patient left out, tipping point, bias."""
