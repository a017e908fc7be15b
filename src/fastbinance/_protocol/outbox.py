"""How a request goes out: with its time, its signature, its number, in one frame."""

from collections.abc import Callable, Iterator
from typing import Any, Final

import msgspec

from fastbinance._protocol.method import Security
from fastbinance._protocol.requests import DeskDriver, Link, Request, RequestState
from fastbinance._protocol.server_clock import ServerClock
from fastbinance._protocol.signing import Signer, canonical

__all__ = ["Outbox"]

#: What Binance takes where a request names no recvWindow.
_RECV_WINDOW_MS: Final = 5_000.0
# What ends a session; whoever reads what follows it has none.
_LOGOUT: Final = "session.logout"
# Looked up once, and compared by identity: an Enum's hash is made in Python.
_OPEN_TO_ALL: Final = Security.NONE
_KEY_ALONE: Final = Security.KEY
_LOGON: Final = Security.LOGON
_SENT: Final = RequestState.SENT

_encode: Final = msgspec.json.Encoder().encode


class Outbox:
    """Sends the requests of one desk.

    Parameters
    ----------
    driver
        Has the sockets.
    credentials
        API key and signer; None signs nothing.
    clock, wall_ms
        Binance's time, and ours in milliseconds since 1970.
    ids
        Numbers for requests.
    recv_window
        ``recvWindow`` of signed requests that name none; None sends none.
    """

    def __init__(
        self,
        driver: DeskDriver,
        credentials: Signer | None,
        clock: ServerClock,
        wall_ms: Callable[[], float],
        ids: Iterator[int],
        recv_window: int | str | None,
    ) -> None:
        self._driver = driver
        self._credentials = credentials
        self._clock = clock
        self._wall_ms = wall_ms
        self._ids = ids
        self._recv_window = recv_window

    def send(self, request: Request, link: Link, now: float) -> None:
        """Send a request on a link; what it raises, it raises before anything is sent or noted.

        Raises
        ------
        ConfigurationError
            A signer of the caller's has failed.
        """
        method, params = request.method, request.params
        credentials, security = self._credentials, method.security
        request.sent_ms = self._wall_ms()
        if credentials is not None and security is not _OPEN_TO_ALL:
            self._vouch(request, params, credentials, security, link)
        request.id = id = next(self._ids)
        frame = _encode(
            {"id": id, "method": method.name, "params": params}
            if params
            else {"id": id, "method": method.name}
        )
        request.link = link
        request.state = _SENT
        # Before it is sent: an answer may come in the same turn.
        link.in_flight[id] = request
        if link.silent_since is None:
            link.silent_since = now
        self._driver.transmit(link.number, frame)
        if method.name == _LOGOUT:
            link.is_logged_on = False  # and not with its answer: what goes out meanwhile comes after it

    def _vouch(
        self, request: Request, params: dict[str, Any], credentials: Signer, security: Security, link: Link
    ) -> None:
        """Add what proves who sends a request, and when."""
        is_signed = security is not _KEY_ALONE
        if is_signed:
            request.timestamp_ms = params["timestamp"] = self._clock.timestamp(request.sent_ms)
            window = params.get("recvWindow")
            if window is None and self._recv_window is not None:
                window = params["recvWindow"] = self._recv_window
            request.recv_window_ms = _RECV_WINDOW_MS if window is None else float(window)
        if not link.is_logged_on or security is _LOGON:
            params["apiKey"] = credentials.api_key
            if is_signed:
                params["signature"] = credentials.sign(canonical(params))
