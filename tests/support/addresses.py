"""Addresses of this machine, for tests of where connections come from and go to."""

import contextlib
import random
import socket

import pytest

__all__ = ["free_port", "other_loopback"]

_OTHER = "127.0.0.2"


def other_loopback() -> str:
    """Return a loopback address that no connection has by itself; skip the test where there is none."""
    try:
        with socket.socket() as probe:
            probe.bind((_OTHER, 0))
    except OSError:
        pytest.skip(f"this system has no {_OTHER}")
    return _OTHER


def free_port() -> int:
    """Return a port where nobody listens, and that the system gives nobody who has not asked for it."""
    for port in random.sample(range(20_000, 30_000), 100):
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port
    raise AssertionError("none of a hundred ports is free")
