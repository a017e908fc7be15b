"""Requests and the links that carry them: what the desk keeps about each."""

from collections.abc import Callable
from enum import Enum
from typing import Any, Final, Protocol, TypeAlias

from fastbinance._protocol.method import Method
from fastbinance._protocol.request_limits import LimitWarning
from fastbinance.request_errors import RequestError

__all__ = ["DeskDriver", "Link", "LinkState", "Request", "RequestState", "Settle"]

#: Called once with what a request came to: the result and None, or None and what went wrong.
Settle: TypeAlias = Callable[[Any, RequestError | None], object]


class RequestState(Enum):
    """Where a request is in its life.

    ::

        WAITING --link ready--> SENT --lost, late, 5xx--> ASKING
           |                      |                          |
           +--- too late ---------+--- answered ------------+---> DONE
    """

    WAITING = "waiting"
    SENT = "sent"
    ASKING = "asking"
    DONE = "done"


class LinkState(Enum):
    """Where a link is in its life: not ready before the clock is known and the logon answered."""

    PREPARING = "preparing"
    READY = "ready"
    LEAVING = "leaving"


class Request:
    """One call from its submission to its outcome.

    Attributes
    ----------
    method, params
        What is asked; the parameters as they go on the wire, but for what signing adds.
    decoder
        Of the whole answer, an `Envelope`.
    timeout, deadline
        Seconds that an answer may take, and the end of them on the desk's clock.
    resolves
        Whether an unknown outcome is found out.
    id, link
        What it was sent with, and on; None before.
    client_order_id
        Of the order that it is about; None where there is none.
    timestamp_ms, sent_ms
        Of Binance's clock as it was signed, and of ours; 0 before it was sent.
    recv_window_ms
        How long after `timestamp_ms` Binance would take it.
    """

    __slots__ = (
        "client_order_id", "deadline", "decoder", "id", "link", "method", "params", "recv_window_ms",
        "resolves", "sent_ms", "settle", "state", "timeout", "timestamp_ms",
    )  # fmt: skip

    def __init__(
        self,
        method: Method,
        params: dict[str, Any],
        decoder: Any,
        settle: Settle,
        timeout: float,
        deadline: float,
        resolves: bool = False,
        client_order_id: str | None = None,
    ) -> None:
        self.method = method
        self.params = params
        self.decoder = decoder
        self.settle = settle
        self.timeout = timeout
        self.deadline = deadline
        self.resolves = resolves
        self.client_order_id = client_order_id
        self.id: int | str | None = None
        self.link: Link | None = None
        self.timestamp_ms = 0
        self.sent_ms = 0.0
        self.recv_window_ms = 0.0
        self.state = RequestState.WAITING

    def __repr__(self) -> str:
        # Without the parameters: among them are key and signature.
        return f"<Request {self.method.name} {self.id}: {self.state.value}>"


class Link:
    """One socket of a service, from its handshake to its loss."""

    __slots__ = ("in_flight", "is_logged_on", "leave_by", "number", "silent_since", "state", "was_ready")

    def __init__(self, number: int) -> None:
        self.number: Final = number
        self.state = LinkState.PREPARING
        self.is_logged_on = False
        self.was_ready = False  # ever
        self.in_flight: dict[int | str, Request] = {}
        #: When something was sent after which nothing at all has come; None where something has.
        self.silent_since: float | None = None
        self.leave_by: float | None = None


class DeskDriver(Protocol):
    """Who has the sockets. None of these calls back before it returns."""

    def transmit(self, link: int, frame: bytes, /) -> None:
        """Hand a frame to the transport of a link."""

    def give_up(self, link: int, reason: str, /) -> None:
        """End a link that is of no use; `Desk.lost` follows."""

    def ready(self, link: int, /) -> None:
        """Take note that requests go out on this link from now on."""

    def retire(self, link: int, /) -> None:
        """Close a link that has nothing more to answer; `Desk.lost` may follow."""

    def authenticated(self, link: int, /) -> None:
        """Take note of a logon."""

    def strange(self, error: RequestError, payload: bytes, /) -> None:
        """Take note of what answers no request: an unmatched or unreadable answer, or a session revoked."""

    def warned(self, warning: LimitWarning, /) -> None:
        """Take note that a limit is near."""
