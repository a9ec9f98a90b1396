"""What words of hospitals say of specimens and of ends of stays, in their languages."""
