"""What is fitted? The specification, checked data, and design matrices."""
