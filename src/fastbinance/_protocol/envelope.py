"""What goes around requests and answers: identifiers, the frame of an answer, and reading it once."""

import itertools
import os
import secrets
from collections.abc import Iterator
from typing import Any, Final, Generic, TypeVar

import msgspec

__all__ = ["Envelope", "ErrorBody", "Frame", "client_order_ids", "peek_id", "request_ids"]

T = TypeVar("T")

_ID_FIRST: Final = b'{"id":'
# A number of ours has at most 16 digits; what is longer is not ours.
_LONGEST_ID: Final = 20
# Counters are read by who needs them: not from each answer, see `Inbox`.
_NO_LIMITS: Final = msgspec.Raw()
_ALPHABET: Final = "0123456789abcdefghijklmnopqrstuvwxyz"


class ErrorBody(msgspec.Struct):
    """Why Binance refuses a request."""

    code: int | None = None
    msg: str = ""
    data: dict[str, Any] | None = None


class Frame(msgspec.Struct, rename="camel"):
    """An answer without its result: what can be told when the result does not read."""

    id: int | str | None = None
    status: int | None = None
    error: ErrorBody | None = None
    rate_limits: msgspec.Raw = _NO_LIMITS


class Envelope(msgspec.Struct, Generic[T], rename="camel"):
    """An answer whose result is of a known type."""

    id: int | str | None
    status: int
    result: T | msgspec.UnsetType = msgspec.UNSET
    error: ErrorBody | None = None
    rate_limits: msgspec.Raw = _NO_LIMITS


def peek_id(payload: bytes) -> int | None:
    """Return the whole number by which an answer says whose it is, where that stands first as Binance has it.

    None says nothing: the number may stand elsewhere, or be a text.
    """
    if not payload.startswith(_ID_FIRST):
        return None
    end = payload.find(b",", 6, 6 + _LONGEST_ID)
    text = payload[6:end]
    # int() alone would take signs, spaces and underscores.
    return int(text) if end > 0 and text.isdigit() else None


def request_ids() -> Iterator[int]:
    """Return numbers for requests: none comes twice, and other processes are not likely to have the same, but
    for children that were forked: these have links of their own.

    They are below 2**53, which peers that read numbers as floats keep exact.
    """
    return itertools.count((secrets.randbits(32) << 20) | 1)


class _OrderIds:
    """Client order ids: a part that this process has drawn by lot, and a count."""

    __slots__ = ("_count", "_prefix")

    def __init__(self) -> None:
        self.renew()

    def renew(self) -> None:
        """Draw again: after a fork, parent and child would count on from the same."""
        number, text = secrets.randbits(64), ""
        while number:
            number, digit = divmod(number, 36)
            text = _ALPHABET[digit] + text
        self._prefix = f"fb{text}-"
        self._count = itertools.count(1)

    def __next__(self) -> str:
        return f"{self._prefix}{next(self._count):x}"


#: ``next(client_order_ids)`` gives a client order id that no order ever had: at most 36 signs, of those that
#: every product takes.
client_order_ids: Final = _OrderIds()

if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=client_order_ids.renew)
