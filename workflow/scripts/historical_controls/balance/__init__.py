"""How alike are the arms, and may we estimate at all?"""

from .arms import BalanceTables, balance_arms

__all__ = ["BalanceTables", "balance_arms"]
