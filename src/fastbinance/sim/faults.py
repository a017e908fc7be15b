"""What can go wrong with a connection, made to happen: switches of the simulator, by service."""

import asyncio
from collections import deque
from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Final

from picows import WSCloseCode, WSUpgradeResponse, WSUpgradeResponseWithListener

from fastbinance.errors import ConfigurationError
from fastbinance.keys import Market, WsKey
from fastbinance.sim.connection import Connection
from fastbinance.sim.disturb import Disturbance, Disturber, How
from fastbinance.sim.hosts import Host
from fastbinance.sim.stats import Stats

__all__ = ["FaultSwitches", "How", "Refused"]

# No frame: two reserved bits and a reserved opcode.
_GARBAGE: Final = b"\x77\x7f" + bytes(range(64))
_BODIES: Final[Mapping[int, bytes]] = {
    418: b'{"code":-1003,"msg":"Way too many requests; IP banned."}',
    429: b'{"code":-1003,"msg":"Too many requests; please use the websocket for live updates."}',
}
_ATTEMPTS_KEPT: Final = 100_000


class Refused:
    """How handshakes are answered for now."""

    __slots__ = ("body", "headers", "left", "status")

    def __init__(self, status: int, retry_after: float | None, count: int | None) -> None:
        if status and status not in HTTPStatus.__members__.values():
            raise ConfigurationError(f"{status} is no HTTP status")
        self.status = status
        self.left = count
        self.body = _BODIES.get(status, HTTPStatus(status).phrase.encode() if status else b"")
        self.headers = {} if retry_after is None else {"Retry-After": f"{retry_after:g}"}


class FaultSwitches:
    """Faults of connections, handshakes and streams.

    `key` is a service whose host is meant; None means all. What returns a number returns how many connections
    were concerned.
    """

    _connections: dict[Connection, None]

    stats: Stats

    def __init__(self, connects_limit: tuple[int, float] | None = None) -> None:
        #: Handshakes so far: time of the loop, first key of the host, HTTP status (0: opened and ended).
        self.attempts: deque[tuple[float, WsKey, int]] = deque(maxlen=_ATTEMPTS_KEPT)
        self._connects_limit = connects_limit
        self._refusals: dict[WsKey | None, Refused] = {}
        self._disturber = Disturber()

    # -- connections

    def reset(self, key: WsKey | str | None = None) -> int:
        """End connections with a TCP reset: what was sent and not read yet is lost too."""
        return self._each(key, Connection.reset)

    def stall(self, key: WsKey | str | None = None) -> int:
        """Send no data any more, but go on with pings and answers, until `resume`."""
        return self._each(key, Connection.stall)

    def freeze(self, key: WsKey | str | None = None) -> int:
        """Read nothing and send nothing, and keep the socket, until `resume`: half open."""
        return self._each(key, Connection.freeze)

    def resume(self, key: WsKey | str | None = None) -> int:
        """End `stall` and `freeze`. What would have been sent meanwhile is lost."""
        return self._each(key, Connection.resume)

    def close_all(self, key: WsKey | str | None = None, code: int = 1001, reason: str = "") -> int:
        """Close connections with a code and a reason."""
        return self._each(key, lambda connection: connection.close(WSCloseCode(code), reason))

    def truncate(self, key: WsKey | str | None = None) -> int:
        """Send half a frame and end the connection."""
        return self._each(key, Connection.truncate)

    def garbage(self, key: WsKey | str | None = None, data: bytes | None = None) -> int:
        """Send bytes that are no frame."""
        return self._each(key, lambda connection: connection.write(_GARBAGE if data is None else data))

    def delay(self, seconds: float, jitter: float = 0.0, key: WsKey | str | None = None) -> int:
        """Send everything later by so many seconds, and up to `jitter` more, in order; 0 ends it."""
        return self._each(key, lambda connection: connection.delay(seconds, jitter))

    def throttle(self, bytes_per_second: float | None, key: WsKey | str | None = None) -> int:
        """Read no more than so many bytes a second of what clients send; None ends it."""
        return self._each(key, lambda connection: connection.throttle(bytes_per_second))

    # -- handshakes

    def refuse(
        self,
        status: int = 429,
        retry_after: float | None = None,
        count: int | None = None,
        key: WsKey | str | None = None,
    ) -> None:
        """Answer handshakes with an HTTP status.

        Parameters
        ----------
        status
            0 opens the connection and ends it at once, without a word.
        retry_after
            Seconds in the header of that name.
        count
            So many handshakes; None: all until `admit`.
        """
        self._refusals[None if key is None else WsKey(key)] = Refused(status, retry_after, count)

    def admit(self, key: WsKey | str | None = None) -> None:
        """End `refuse`."""
        self._refusals.pop(None if key is None else WsKey(key), None)

    # -- streams

    def disturb(
        self,
        stream: str,
        market: Market,
        how: How,
        every: int = 1,
        count: int | None = None,
        key: WsKey | str | None = None,
    ) -> None:
        """Duplicate, drop or reorder messages of a stream.

        Parameters
        ----------
        how
            ``"duplicate"`` sends a message twice, ``"drop"`` leaves it out, ``"reorder"`` sends it behind the
            next one, and ``"merge"`` sends it and the next one as one, as a host does that cuts its diffs of
            depth at other ids.
        every
            Every so-many-th message of the stream on each connection.
        count
            So many times in all; None: until `undisturb`.
        key
            Only on connections to this service's host.
        """
        if every < 1:
            raise ConfigurationError(f"every is a number from 1, not {every}")
        keys = None if key is None else WsKey(key)
        self._disturber.add(market, stream, Disturbance(how, every, count, keys))

    def undisturb(self, stream: str, market: Market) -> None:
        """End `disturb`."""
        self._disturber.remove(market, stream)

    def silence(self, stream: str, market: Market) -> None:
        """Acknowledge a stream and never send it, until `unsilence`."""
        self._disturber.add(market, stream, Disturbance("drop", 1, None, None))

    def unsilence(self, stream: str, market: Market) -> None:
        """End `silence`."""
        self._disturber.remove(market, stream)

    # -- for the simulator

    def _refusal_of(self, host: Host) -> Refused | None:
        """Return how a handshake at a host is refused, which counts as one of those that shall be."""
        if self._connects_limit is not None:
            most, seconds = self._connects_limit
            since = asyncio.get_running_loop().time() - seconds
            recent = [at for at, _, status in self.attempts if at > since and status != 429]
            if len(recent) >= most:
                return Refused(429, max(1.0, recent[-most] - since), None)
        for key in (*host.keys, None):
            refusal = self._refusals.get(key)
            if refusal is None:
                continue
            if refusal.left is not None:
                refusal.left -= 1
                if refusal.left <= 0:
                    del self._refusals[key]
            return refusal
        return None

    def _refuse(
        self, host: Host, status: HTTPStatus, body: bytes, headers: Mapping[str, str] | None = None
    ) -> WSUpgradeResponseWithListener:
        self._note_attempt(host, status)
        self.stats.refused += 1
        return WSUpgradeResponseWithListener(
            WSUpgradeResponse.create_error_response(status, body, headers), None
        )

    def _note_attempt(self, host: Host, status: int) -> None:
        self.attempts.append((asyncio.get_running_loop().time(), host.keys[0], int(status)))

    def _each(self, key: WsKey | str | None, call: Callable[[Connection], object]) -> int:
        concerned = [one for one in self._connections if key is None or WsKey(key) in one.host.keys]
        for connection in concerned:
            call(connection)
        return len(concerned)
