"""How sure are the estimates? Kenward-Roger, Satterthwaite, contrasts and marginal means."""
