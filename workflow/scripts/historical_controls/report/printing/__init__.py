"""How does a result reach a page? Printed numbers with their ids, tables and figures."""
