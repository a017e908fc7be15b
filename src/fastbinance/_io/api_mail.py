"""What comes on a connection to the WebSocket API besides answers."""

from collections.abc import Callable

import msgspec

from fastbinance._io.mail import Mail, Report
from fastbinance._io.session import Reject
from fastbinance.keys import WsKey

__all__ = ["ApiMail"]


class _Shape(msgspec.Struct):
    """What tells an event, wrapped or not, from an answer that lacks its result."""

    event: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET
    e: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET
    subscription_id: int | None = msgspec.field(default=None, name="subscriptionId")


_shape = msgspec.json.Decoder(_Shape)


class ApiMail(Mail):
    """The events of one connection: the notice that the server stops, and everything else raw.

    Parameters
    ----------
    ws_key, report, clock
        As of `Mail`.
    answered
        Takes what is no event: an answer, however odd, or the beginning of one that does not decode.
    taken
        Called with the id of a subscription, an event of it without its wrapper, and when it came; tells
        whether somebody had subscribed.
    """

    def __init__(
        self,
        ws_key: WsKey,
        report: Report,
        clock: Callable[[], float],
        answered: Callable[[bytes], None],
        taken: Callable[[int, bytes, int], bool] = lambda number, event, recv_ns: False,
    ) -> None:
        super().__init__(ws_key, report, {}, clock)
        self._answered = answered
        self._taken = taken

    def message(self, stream: str | None, payload: bytes, recv_ns: int) -> bool:
        """Take an event; tell whether it was the server's notice that it stops."""
        try:
            shape = _shape.decode(payload)
        except msgspec.MsgspecError:  # no object, or one of another shape
            shape = _Shape()
        event = b"" if isinstance(shape.event, msgspec.UnsetType) else bytes(shape.event)
        if not event and shape.e is msgspec.UNSET:
            self._answered(payload)
            self._report("response", payload=payload, recv_ns=recv_ns)
            return False
        if shape.subscription_id is not None and self._taken(shape.subscription_id, event, recv_ns):
            return False
        if b'"serverShutdown"' in payload and event and self._typed("server_shutdown", None, event, recv_ns):
            return True
        self._report("message", payload=payload, recv_ns=recv_ns)
        return False

    def rejected(self, reject: Reject) -> None:
        """Keep a payload that does not decode. Whoever waits for it tells of it: its id may be readable."""
        self.rejects.append(reject)
        self._answered(reject.head)
