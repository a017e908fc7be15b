"""One client's WebSocket: the message limit, pings, faults, and writing to slow readers."""

import asyncio
import socket
import struct
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from picows import WSCloseCode, WSFrame, WSListener, WSMsgType, WSTransport

from fastbinance.keys import WsKey
from fastbinance.sim.hosts import Host
from fastbinance.sim.latency import Latency
from fastbinance.sim.stats import Stats
from fastbinance.sim.timeunit import TimeUnit
from fastbinance.sim.wire import ping_frame, pong_frame

__all__ = ["Connection", "Manners"]

# Binance cuts readers that fall behind; so do we, before memory does.
_LONGEST_BACKLOG_BYTES: Final = 32 * 1024 * 1024
_HIGH_WATER_BYTES: Final = 256 * 1024
_LINGER_SECONDS: Final = 1.0
_WINDOW_SECONDS: Final = 1.0
# SO_LINGER for no time: close() sends a reset.
_AT_ONCE: Final = struct.pack("ii", 1, 0)
# A text of 200 bytes is announced, and less comes.
_HALF_A_FRAME: Final = b'\x81\x7e\x00\xc8{"stream":"'


@dataclass(frozen=True, slots=True)
class Manners:
    """How a host treats its connections.

    Attributes
    ----------
    messages_per_second
        Messages that a connection takes, else it is closed; None where nothing is counted.
    counts_texts
        Texts are among them, and not only pings and pongs.
    """

    messages_per_second: int | None
    ping_interval_seconds: float
    pong_timeout_seconds: float
    lifetime_seconds: float | None = None
    counts_texts: bool = True


class Connection(WSListener):
    """Server side of one connection; what it says to a text is its subclass's.

    Parameters
    ----------
    host
        Where it came in.
    time_unit
        How times are spelled to the peer.
    manners
        Limits.
    stats
        Counters to keep.
    clock_ms
        Unix milliseconds; the payload of pings.
    on_change
        Called when it opens, closes or hears a text.
    hangs_up
        Ends as soon as it is open: a fault.
    """

    def __init__(
        self,
        host: Host,
        time_unit: TimeUnit,
        *,
        manners: Manners,
        stats: Stats,
        clock_ms: Callable[[], int],
        on_change: Callable[["Connection"], None],
        hangs_up: bool = False,
    ) -> None:
        self.host = host
        #: How times are spelled to the peer.
        self.time_unit = time_unit
        self.is_open = False
        self._manners = manners
        self._stats = stats
        self._clock_ms = clock_ms
        self._on_change = on_change
        self._loop = asyncio.get_running_loop()
        self._transport: WSTransport | None = None
        self._is_closing = False
        self._hangs_up = hangs_up
        self._latency = Latency(self._write_now)
        self._bytes_per_second: float | None = None
        self._rests_until = 0.0
        self._rest_timer: asyncio.TimerHandle | None = None
        self._is_stalled = False
        self._is_frozen = False
        self._arrivals: deque[float] = deque(maxlen=manners.messages_per_second or 0)
        self._fragments: list[bytes] = []
        self._open_pings: set[bytes] = set()
        self._ping_timer: asyncio.TimerHandle | None = None
        self._pong_timer: asyncio.TimerHandle | None = None
        self._linger_timer: asyncio.TimerHandle | None = None
        self._end_timer: asyncio.TimerHandle | None = None
        self._recent: deque[float] = deque()
        self._writable = asyncio.Event()
        self._writable.set()

    @property
    def keys(self) -> tuple[WsKey, ...]:
        """Services at whose host it came in."""
        return self.host.keys

    @property
    def streams(self) -> tuple[str, ...]:
        """Names the peer subscribed to; none where there are no streams."""
        return ()

    def notify_shutdown(self, now_ms: int) -> None:
        """Tell that the server stops."""
        raise NotImplementedError

    def _opened(self) -> None:
        """Begin, now that frames go through."""

    def _heard(self, message: bytes) -> None:
        """Do what a text asks for."""
        raise NotImplementedError

    def _left(self) -> None:
        """End, now that nothing goes through any more."""

    def write(self, data: bytes) -> None:
        """Send whole frames of data."""
        if not self._is_stalled:
            self.put(data)

    def put(self, data: bytes) -> None:
        """Send bytes as they are, stalled or not."""
        if not self._is_closing and not self._is_frozen:
            self._latency.send(data)

    def _write_now(self, data: bytes) -> None:
        if self._transport is None or self._is_closing or self._is_frozen:
            return
        transport = self._transport.underlying_transport
        # Past picows, whose send() makes one system call per frame.
        transport.write(data)
        if transport.get_write_buffer_size() > _LONGEST_BACKLOG_BYTES:
            self._stats.cut_for_backlog += 1
            self.cut()

    async def drained(self) -> None:
        """Return when the peer has taken enough of what was written, or is gone."""
        await self._writable.wait()

    def close(self, code: WSCloseCode, reason: str) -> None:
        """Send a close frame, and hang up when the peer answers it or after a second.

        What is under way comes before it. Half open, it hangs up at once: no frame would be read or answered.
        """
        if self._transport is None or self._is_closing:
            return
        if self._is_frozen:
            self.cut()
            return
        self._latency.flush()
        self._is_closing = True
        self._stop_timers()
        self._transport.send_close(code, reason)
        self._linger_timer = self._loop.call_later(_LINGER_SECONDS, self.cut)

    def cut(self) -> None:
        """Hang up without a word, as a lost connection looks from the other end."""
        self._is_closing = True
        self._latency.drop()
        self._stop_timers()
        if self._transport is not None:
            self._transport.disconnect(graceful=False)

    def reset(self) -> None:
        """Hang up with a TCP reset: what the peer has not read yet is lost to it."""
        if self._transport is not None:
            raw = self._transport.underlying_transport.get_extra_info("socket")
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _AT_ONCE)
        self.cut()

    def stall(self) -> None:
        """Send no data any more; pings and answers go on."""
        self._is_stalled = True

    def freeze(self) -> None:
        """Read nothing and send nothing; the socket stays, and no missing pong ends it."""
        if self._transport is None or self._is_closing:
            return
        self._is_frozen = True
        self._latency.drop()
        self._stop_pings()
        self._transport.underlying_transport.pause_reading()

    def resume(self) -> None:
        """End what `stall` and `freeze` have begun."""
        if self._is_frozen and self._transport is not None and not self._is_closing:
            self._transport.underlying_transport.resume_reading()
            self._ping_timer = self._loop.call_later(self._manners.ping_interval_seconds, self._ping)
        self._is_stalled = self._is_frozen = False

    def truncate(self) -> None:
        """Send half a frame, and hang up when it is out."""
        self._latency.flush()
        self._write_now(_HALF_A_FRAME)
        self._is_closing = True
        self._stop_timers()
        if self._transport is not None:
            self._transport.underlying_transport.close()

    def delay(self, seconds: float, jitter: float) -> None:
        """Send everything later, in order."""
        self._latency.set(seconds, jitter)

    def throttle(self, bytes_per_second: float | None) -> None:
        """Read no more than so much of what the peer sends."""
        self._bytes_per_second = bytes_per_second
        if bytes_per_second is None and self._rest_timer is not None:
            self._rest_timer.cancel()
            self._go_on()

    async def wait_closed(self) -> None:
        """Return when the socket is closed."""
        if self._transport is not None:
            await self._transport.wait_disconnected()

    def on_ws_connected(self, transport: WSTransport) -> None:
        """Note the transport and begin."""
        self._transport = transport
        self.is_open = True
        self._stats.opened += 1
        if self._hangs_up:
            self.cut()
            return
        transport.underlying_transport.set_write_buffer_limits(high=_HIGH_WATER_BYTES)
        self._ping_timer = self._loop.call_later(self._manners.ping_interval_seconds, self._ping)
        if self._manners.lifetime_seconds is not None:
            self._end_timer = self._loop.call_later(
                self._manners.lifetime_seconds, self.close, WSCloseCode.GOING_AWAY, "the connection is old"
            )
        self._opened()
        self._on_change(self)

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        """Count the frame against the limit and do what it asks."""
        kind = frame.msg_type
        if kind == WSMsgType.CLOSE:
            self._answer_close(transport, frame)
            return
        if self._is_closing or self._is_over_limit(kind):
            return
        self._rest(transport, frame.payload_size)
        if kind == WSMsgType.PING:
            self.put(pong_frame(frame.get_payload_as_bytes()))
        elif kind == WSMsgType.PONG:
            self._match_pong(frame.get_payload_as_bytes())
        else:
            self._fragments.append(frame.get_payload_as_bytes())
            if frame.fin:
                message = b"".join(self._fragments)
                self._fragments.clear()
                self._heard(message)
                self._on_change(self)

    def on_ws_disconnected(self, transport: WSTransport) -> None:
        """Stop every timer and leave."""
        self.is_open = False
        self._is_closing = True
        self._latency.drop()
        self._stop_timers()
        if self._linger_timer is not None:
            self._linger_timer.cancel()
        self._writable.set()
        self._stats.closed += 1
        self._left()
        self._on_change(self)

    def pause_writing(self) -> None:
        """Hold floods and replays back; live events go on into the buffer."""
        self._writable.clear()

    def resume_writing(self) -> None:
        """Let floods and replays go on."""
        self._writable.set()

    def _rest(self, transport: WSTransport, size: int) -> None:
        # As long as a slow reader would need for what it has read: frames that came together add up.
        if self._bytes_per_second is None:
            return
        now = self._loop.time()
        self._rests_until = max(now, self._rests_until) + size / self._bytes_per_second
        transport.underlying_transport.pause_reading()
        if self._rest_timer is None:
            self._rest_timer = self._loop.call_at(self._rests_until, self._go_on)

    def _go_on(self) -> None:
        self._rest_timer = None
        if self._bytes_per_second is not None and self._loop.time() < self._rests_until:
            self._rest_timer = self._loop.call_at(self._rests_until, self._go_on)
        elif self._transport is not None and not self._is_closing and not self._is_frozen:
            self._transport.underlying_transport.resume_reading()

    def _is_over_limit(self, kind: WSMsgType) -> bool:
        self._stats.frames_received += 1
        if not self._manners.counts_texts and kind not in (WSMsgType.PING, WSMsgType.PONG):
            return False
        now = self._loop.time()
        arrivals = self._arrivals
        self._recent.append(now)
        while now - self._recent[0] >= _WINDOW_SECONDS:
            self._recent.popleft()
        self._stats.most_in_a_second = max(self._stats.most_in_a_second, len(self._recent))
        if self._manners.messages_per_second is None:
            return False
        is_over = len(arrivals) == arrivals.maxlen and now - arrivals[0] < _WINDOW_SECONDS
        arrivals.append(now)
        if is_over:
            self._stats.closed_for_rate += 1
            self.close(WSCloseCode.POLICY_VIOLATION, "Too many requests")
        return is_over

    def _ping(self) -> None:
        payload = str(self._clock_ms()).encode()
        self._open_pings.add(payload)
        self._stats.pings_sent += 1
        self.put(ping_frame(payload))
        if self._pong_timer is None:
            self._pong_timer = self._loop.call_later(self._manners.pong_timeout_seconds, self._give_up)
        self._ping_timer = self._loop.call_later(self._manners.ping_interval_seconds, self._ping)

    def _match_pong(self, payload: bytes) -> None:
        if payload not in self._open_pings:
            # Allowed, and keeps nothing alive.
            self._stats.pongs_unmatched += 1
            return
        self._stats.pongs_matched += 1
        self._open_pings.clear()
        if self._pong_timer is not None:
            self._pong_timer.cancel()
            self._pong_timer = None

    def _give_up(self) -> None:
        self._stats.closed_for_pong += 1
        self.close(WSCloseCode.POLICY_VIOLATION, "Pong timeout")

    def _answer_close(self, transport: WSTransport, frame: WSFrame) -> None:
        self._latency.flush()
        code = frame.get_close_code()
        if code == WSCloseCode.NO_INFO:
            code = WSCloseCode.OK
        self._is_closing = True
        if not transport.is_close_frame_sent:
            transport.send_close(code, frame.get_close_message())
        transport.disconnect()

    def _stop_timers(self) -> None:
        self._stop_pings()
        for timer in (self._end_timer, self._rest_timer):
            if timer is not None:
                timer.cancel()
        self._end_timer = self._rest_timer = None

    def _stop_pings(self) -> None:
        for timer in (self._ping_timer, self._pong_timer):
            if timer is not None:
                timer.cancel()
        self._ping_timer = self._pong_timer = None
        self._open_pings.clear()
