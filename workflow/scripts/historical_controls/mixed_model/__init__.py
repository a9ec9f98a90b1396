"""Small-sample linear mixed models: a table and a formula in, estimates with honest degrees of freedom out.

Read top-down: design/, likelihood/, random_effects/ and visits/ (two engines), censored/, inference/, fits/. Equations
and their tags (MM-1 ...) are in docs/methods.md, chapter "Mixed models"; what the library says to a reader are codes
with values, listed in design/messages.py.
"""

import lazy_loader

# A script pays for the modules it uses, and reruns for those only: within the program names are imported from the
# modules that define them. `__init__.pyi` lists the public face.
__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
