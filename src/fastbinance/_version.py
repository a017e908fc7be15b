"""The version, once: packaging, ``fastbinance.__version__`` and ``--version`` read it here."""

from typing import Final

__all__ = ["__version__"]

__version__: Final = "0.1.0"
