"""What can go wrong with a connection, made to happen: switches of the simulator, by service."""

import asyncio
from collections import deque
from collections.abc import Callable, Mapping
from http import HTTPStatus
from itertools import takewhile
from math import ceil
from typing import Final, TypeVar

from picows import WSCloseCode, WSUpgradeResponse, WSUpgradeResponseWithListener

from fastbinance.errors import ConfigurationError
from fastbinance.keys import Market, WsKey
from fastbinance.sim.connection import Connection
from fastbinance.sim.disturb import Disturbance, Disturber, How
from fastbinance.sim.hosts import Host
from fastbinance.sim.stats import Stats

__all__ = ["FaultSwitches", "How", "Refused"]

V = TypeVar("V")

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
        if status and (status not in HTTPStatus.__members__.values() or status < 200):
            raise ConfigurationError(f"{status} is no HTTP status that refuses a handshake")
        if count is not None and count < 1:
            raise ConfigurationError(f"count is a number from 1, or None, not {count}")
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

    def __init__(self, connects_limit: tuple[int, float] | None = None, seed: int = 1) -> None:
        #: Handshakes so far: time of the loop, first key of the host, HTTP status (0: opened and ended).
        self.attempts: deque[tuple[float, WsKey, int]] = deque(maxlen=_ATTEMPTS_KEPT)
        if connects_limit is not None and (connects_limit[0] < 1 or connects_limit[1] <= 0):
            raise ConfigurationError(
                f"connects_limit is {connects_limit}: a number from 1, and seconds above 0"
            )
        self._connects_limit = connects_limit
        self._delays: dict[WsKey | None, tuple[float, float]] = {}
        self._throttles: dict[WsKey | None, float | None] = {}
        self._refusals: dict[WsKey | None, Refused] = {}
        self._disturber = Disturber(seed)

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
        named = WSCloseCode(code)
        return self._each(key, lambda connection: connection.close(named, reason))

    def truncate(self, key: WsKey | str | None = None) -> int:
        """Send half a frame and end the connection."""
        return self._each(key, Connection.truncate)

    def garbage(self, key: WsKey | str | None = None, data: bytes | None = None) -> int:
        """Send bytes that are no frame, by default some that cannot begin one."""
        return self._each(key, lambda connection: connection.put(_GARBAGE if data is None else data))

    def delay(self, seconds: float, jitter: float = 0.0, key: WsKey | str | None = None) -> int:
        """Send everything later by so many seconds, and up to `jitter` more, in order; 0 ends it.

        It holds for connections to come, too.
        """
        if seconds < 0 or jitter < 0:
            raise ConfigurationError(f"a delay of {seconds} and {jitter} more: neither can be below 0")
        _note(self._delays, key, (seconds, jitter))
        return self._each(key, lambda connection: connection.delay(seconds, jitter))

    def throttle(self, bytes_per_second: float | None, key: WsKey | str | None = None) -> int:
        """Read no more than so many bytes a second of what clients send; None ends it.

        It holds for connections to come, too.
        """
        if bytes_per_second is not None and bytes_per_second <= 0:
            raise ConfigurationError(f"bytes_per_second is {bytes_per_second}: it must be above 0")
        _note(self._throttles, key, bytes_per_second)
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
        """End what `refuse` has begun for this key; None ends all of it."""
        if key is None:
            self._refusals.clear()
        else:
            self._refusals.pop(WsKey(key), None)

    # -- streams

    def disturb(
        self,
        stream: str,
        market: Market,
        how: How,
        every: int = 1,
        count: int | None = None,
        key: WsKey | str | None = None,
        share: float = 1.0,
    ) -> None:
        """Duplicate, drop, reorder, merge or spoil messages of a stream, in this way only.

        Parameters
        ----------
        how
            ``"duplicate"`` sends a message twice, ``"drop"`` leaves it out, ``"reorder"`` sends it behind the
            next one, and ``"merge"`` sends it and the next one as one, as a host does that cuts its diffs of
            depth at other ids. ``"negative"``, ``"zero"`` and ``"crossed"`` spoil the levels of a depth: a
            quantity below zero, a price of zero, a bid at twice the highest price of the message.
        every
            Every so-many-th message of the stream on each connection.
        count
            So many times in all; None: until `undisturb`.
        key
            Only on connections to this service's host.
        share
            Of the messages that it would be, from 0 to 1, by the seed.
        """
        if every < 1:
            raise ConfigurationError(f"every is a number from 1, not {every}")
        keys = None if key is None else WsKey(key)
        self._disturber.add(market, stream, Disturbance(how, every, count, keys, share))

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
            newest_first = takewhile(lambda attempt: attempt[0] > since, reversed(self.attempts))
            recent = [at for at, _, status in newest_first if status != HTTPStatus.TOO_MANY_REQUESTS]
            if len(recent) >= most:
                # When the oldest of those that fill the limit no longer counts; whole seconds, as in life.
                return Refused(HTTPStatus.TOO_MANY_REQUESTS, max(1, ceil(recent[most - 1] - since)), None)
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

    def _burden(self, connection: Connection) -> None:
        """Put a new connection under the conditions that hold at its host."""
        connection.delay(*_found(self._delays, connection.host, (0.0, 0.0)))
        connection.throttle(_found(self._throttles, connection.host, None))

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
        wanted = None if key is None else WsKey(key)
        concerned = [one for one in self._connections if wanted is None or wanted in one.host.keys]
        for connection in concerned:
            call(connection)
        return len(concerned)


def _note(table: dict[WsKey | None, V], key: WsKey | str | None, value: V) -> None:
    """Have a condition hold for a key, or for all instead of what holds for one or the other."""
    if key is None:
        table.clear()
        table[None] = value
    else:
        table[WsKey(key)] = value


def _found(table: Mapping[WsKey | None, V], host: Host, default: V) -> V:
    """Return the condition that holds at a host: that of a key of it before that of all."""
    return next((table[key] for key in (*host.keys, None) if key in table), default)
