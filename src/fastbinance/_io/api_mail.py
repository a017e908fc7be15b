"""What comes on a connection to the WebSocket API besides answers."""

import msgspec

from fastbinance._io.mail import Mail

__all__ = ["ApiMail"]


class _Wrapped(msgspec.Struct):
    """An event in its wrapper."""

    event: msgspec.Raw


_wrapped = msgspec.json.Decoder(_Wrapped)


class ApiMail(Mail):
    """The events of one connection: the notice that the server stops, and everything else raw."""

    def message(self, stream: str | None, payload: bytes, recv_ns: int) -> bool:
        """Take an event; tell whether it was the server's notice that it stops."""
        if b'"serverShutdown"' in payload and self._told_shutdown(payload, recv_ns):
            return True
        self._report("message", payload=payload, recv_ns=recv_ns)
        return False

    def _told_shutdown(self, payload: bytes, recv_ns: int) -> bool:
        try:
            event = bytes(_wrapped.decode(payload).event)
        except msgspec.MsgspecError:
            return False
        return self._typed("server_shutdown", None, event, recv_ns)
