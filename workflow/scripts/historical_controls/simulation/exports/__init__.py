"""How does a simulated hospital write its files? Exports, REDCap, and the dirt in them."""
