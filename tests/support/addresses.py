"""Addresses of this machine, for tests of where connections come from."""

import socket

import pytest

__all__ = ["other_loopback"]

_OTHER = "127.0.0.2"


def other_loopback() -> str:
    """Return a loopback address that no connection has by itself; skip the test where there is none."""
    try:
        with socket.socket() as probe:
            probe.bind((_OTHER, 0))
    except OSError:
        pytest.skip(f"this system has no {_OTHER}")
    return _OTHER
