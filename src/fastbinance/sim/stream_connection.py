"""A connection to a host of streams: its control frames and subscriptions."""

from collections.abc import Callable

from picows import WSCloseCode

from fastbinance.keys import Format
from fastbinance.sim.connection import Connection, Manners
from fastbinance.sim.control import Answer, Control, Dialect
from fastbinance.sim.hosts import Host, Target
from fastbinance.sim.publish import Publisher
from fastbinance.sim.stats import Stats
from fastbinance.sim.wire import text_frame

__all__ = ["StreamConnection"]

_SHUTDOWN_STREAM = "!serverShutdown"


class StreamConnection(Connection):
    """Server side of one connection to streams.

    Parameters
    ----------
    target
        What its URL asked for.
    dialect
        How its control frames are answered.
    publisher
        Where its subscriptions go.
    host, manners, stats, clock_ms, on_change, hangs_up
        As those of `Connection`.
    """

    def __init__(
        self,
        host: Host,
        target: Target,
        *,
        manners: Manners,
        dialect: Dialect,
        publisher: Publisher,
        stats: Stats,
        clock_ms: Callable[[], int],
        on_change: Callable[[Connection], None],
        hangs_up: bool = False,
    ) -> None:
        super().__init__(
            host,
            target.time_unit,
            manners=manners,
            stats=stats,
            clock_ms=clock_ms,
            on_change=on_change,
            hangs_up=hangs_up,
        )
        self.target = target
        self._publisher = publisher
        self._control = Control(dialect, combined=target.combined)

    @property
    def combined(self) -> bool:
        """Whether payloads go out wrapped with their stream name; SBE has no wrapper, on no path."""
        return self._control.combined and self.host.format == "json"

    @property
    def format(self) -> Format:
        """What its events are written in."""
        return self.host.format

    @property
    def streams(self) -> tuple[str, ...]:
        """Names the peer subscribed to, served or not."""
        return self._control.streams

    def notify_shutdown(self, now_ms: int) -> None:
        """Send ``serverShutdown``, as an event of a stream that nobody subscribes to."""
        payload = f'{{"e":"serverShutdown","E":{self.time_unit.at(now_ms)}}}'
        self._publisher.announce(self, _SHUTDOWN_STREAM, payload.encode())

    def _opened(self) -> None:
        self._obey(self._control.preset(self.target.streams))

    def _heard(self, message: bytes) -> None:
        self._stats.control_messages += 1
        self._obey(self._control.handle(message))

    def _left(self) -> None:
        self._publisher.leave(self, self.host.market, self.streams)
        self._publisher.forget(self)

    def _obey(self, answer: Answer) -> None:
        market, now_ms = self.host.market, self._clock_ms()
        if answer.is_error:
            self._stats.control_errors += 1
        if answer.text:
            self.put(text_frame(answer.text))
        for name in answer.added:
            self._publisher.join(self, market, name, self.target.part, now_ms)
        self._publisher.leave(self, market, answer.removed)
        if answer.close_reason is not None:
            self._stats.closed_for_request += 1
            self.close(WSCloseCode.POLICY_VIOLATION, answer.close_reason)
