"""What the C heap has given out."""

import ctypes
from functools import cache
from typing import Any

import pytest

__all__ = ["heap_in_use"]


class _Mallinfo(ctypes.Structure):
    _names = "arena ordblks smblks hblks hblkhd usmblks fsmblks uordblks fordblks keepcost"
    _fields_ = tuple((name, ctypes.c_size_t) for name in _names.split())


@cache
def _reader() -> Any:
    try:
        reader = ctypes.CDLL(None).mallinfo2
    except (AttributeError, OSError, TypeError):
        pytest.skip("no mallinfo2: not glibc 2.33 or later")
    reader.restype = _Mallinfo
    return reader


def heap_in_use() -> int:
    """Return the bytes in use, of all arenas and large blocks; skip the test where glibc cannot tell."""
    found = _reader()()
    return int(found.uordblks + found.hblkhd)
