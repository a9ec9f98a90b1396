"""What differs between the arms, and how sure can we be: the analysis stage."""

from .outcomes import analyse_outcomes

__all__ = ["analyse_outcomes"]
