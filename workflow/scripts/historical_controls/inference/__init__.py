"""Inference for few treated patients: arrays in, statistics out; no table, no config, no clinical word."""

import lazy_loader

# A script pays for the modules it uses, and reruns for those only: within the program names are imported from the
# modules that define them. `__init__.pyi` lists the public face.
__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
