"""Compiled floor: the border between bytes and Python. Import the modules by name."""

from fastbinance._picows_check import check_picows

# Here, because every import of a compiled module passes here first.
check_picows()
