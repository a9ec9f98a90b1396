"""How alike are the arms, and may we estimate at all?"""

from .table_one import BalanceTables, balance_arms

__all__ = ["BalanceTables", "balance_arms"]
