"""How do scheduled visits covary? Covariance structures over visits."""
