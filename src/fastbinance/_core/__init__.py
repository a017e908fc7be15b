"""Compiled floor: the border between bytes and Python. Import the modules by name."""
