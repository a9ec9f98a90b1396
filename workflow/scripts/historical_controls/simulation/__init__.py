"""Simulated studies with stated truths: latent courses, clean truth, exports, and the dirt planted in them."""
