"""What the generated classes of methods derive from: they hand each call on to whoever made them."""

from collections.abc import Awaitable, Callable
from typing import Any, TypeAlias

from fastbinance._protocol.method import Method

__all__ = ["AsyncCall", "AsyncCaller", "BlockingCall", "BlockingCaller"]

#: Takes the method, its parameters as the caller gave them (None where not), ``timeout`` and ``resolve``.
AsyncCall: TypeAlias = Callable[[Method, dict[str, Any], float | None, bool], Awaitable[Any]]
BlockingCall: TypeAlias = Callable[[Method, dict[str, Any], float | None, bool], Any]


class AsyncCaller:
    """Methods that are awaited.

    Parameters
    ----------
    call
        Sends a request and returns its answer, decoded.
    """

    __slots__ = ("_call",)

    def __init__(self, call: AsyncCall) -> None:
        self._call = call


class BlockingCaller:
    """Methods that wait.

    Parameters
    ----------
    call
        Sends a request and returns its answer, decoded.
    """

    __slots__ = ("_call",)

    def __init__(self, call: BlockingCall) -> None:
        self._call = call
