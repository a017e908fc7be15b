"""What comes on a connection to the WebSocket API besides answers."""

from collections.abc import Callable

import msgspec

from fastbinance._io.mail import Mail, Report
from fastbinance._io.session import Reject
from fastbinance.keys import WsKey

__all__ = ["ApiMail"]


class _Wrapped(msgspec.Struct):
    """An event in its wrapper."""

    event: msgspec.Raw


class _Shape(msgspec.Struct):
    """What tells an event, wrapped or not, from an answer that lacks its result."""

    event: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET
    e: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET


_wrapped = msgspec.json.Decoder(_Wrapped)
_shape = msgspec.json.Decoder(_Shape)


class ApiMail(Mail):
    """The events of one connection: the notice that the server stops, and everything else raw.

    Parameters
    ----------
    ws_key, report, clock
        As of `Mail`.
    answered
        Takes what is no event: an answer, however odd, or the beginning of one that does not decode.
    """

    def __init__(
        self,
        ws_key: WsKey,
        report: Report,
        clock: Callable[[], float],
        answered: Callable[[bytes], None],
    ) -> None:
        super().__init__(ws_key, report, {}, clock)
        self._answered = answered

    def message(self, stream: str | None, payload: bytes, recv_ns: int) -> bool:
        """Take an event; tell whether it was the server's notice that it stops."""
        if not _is_event(payload):
            self._answered(payload)
            self._report("response", payload=payload, recv_ns=recv_ns)
            return False
        if b'"serverShutdown"' in payload and self._told_shutdown(payload, recv_ns):
            return True
        self._report("message", payload=payload, recv_ns=recv_ns)
        return False

    def rejected(self, reject: Reject) -> None:
        """Keep a payload that does not decode. Whoever waits for it tells of it: its id may be readable."""
        self.rejects.append(reject)
        self._answered(reject.head)

    def _told_shutdown(self, payload: bytes, recv_ns: int) -> bool:
        try:
            event = bytes(_wrapped.decode(payload).event)
        except msgspec.MsgspecError:
            return False
        return self._typed("server_shutdown", None, event, recv_ns)


def _is_event(payload: bytes) -> bool:
    try:
        shape = _shape.decode(payload)
    except msgspec.MsgspecError:  # no object
        return False
    return shape.event is not msgspec.UNSET or shape.e is not msgspec.UNSET
