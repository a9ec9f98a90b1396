"""How do subjects differ? Random effects with independent or continuous AR(1) residuals."""
