"""A connection to a host of streams: its control frames, subscriptions and listen keys."""

from collections.abc import Callable, Iterable

from picows import WSCloseCode

from fastbinance.keys import Format
from fastbinance.sim.connection import Connection, Manners
from fastbinance.sim.control import Answer, Control, Dialect
from fastbinance.sim.hosts import Host, Target
from fastbinance.sim.publish import Publisher
from fastbinance.sim.stats import Stats
from fastbinance.sim.user.keys import may_be_listen_key
from fastbinance.sim.user.kinds import AccountKind
from fastbinance.sim.user.outlet import Outlet
from fastbinance.sim.wire import combined_text, text_frame

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
    outlet
        Where its listen keys go.
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
        outlet: Outlet,
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
        self._outlet = outlet
        self._listen_keys: dict[str, None] = {}
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
    def account_kind(self) -> AccountKind | None:
        """Whose user data its host sends."""
        return self.host.account_kind

    @property
    def streams(self) -> tuple[str, ...]:
        """Names the peer subscribed to, served or not."""
        return self._control.streams

    def deliver(self, key: str, payload: bytes) -> None:
        """Send an event of a listen key, wrapped where that was asked for."""
        self.write(text_frame(combined_text(key, payload) if self.combined else payload))

    def notify_shutdown(self, now_ms: int) -> None:
        """Send ``serverShutdown``, as an event of a stream that nobody subscribes to."""
        payload = f'{{"e":"serverShutdown","E":{self.time_unit.at(now_ms)}}}'
        self._publisher.announce(self, _SHUTDOWN_STREAM, payload.encode())

    def _opened(self) -> None:
        for key, events in self.target.listen_keys:
            self._listen(key, events)
        self._obey(self._control.preset(self.target.streams))

    def _heard(self, message: bytes) -> None:
        self._stats.control_messages += 1
        self._obey(self._control.handle(message))

    def _left(self) -> None:
        self._publisher.leave(self, self.host.market, self.streams)
        self._publisher.forget(self)
        self._silence(self._listen_keys)

    def _obey(self, answer: Answer) -> None:
        market, now_ms = self.host.market, self._clock_ms()
        if answer.is_error:
            self._stats.control_errors += 1
        if answer.text:
            self.put(text_frame(answer.text))
        for name in answer.added:
            self._publisher.join(self, market, name, self.target.part, now_ms)
            if self._may_listen and may_be_listen_key(name):
                self._listen(name, None)
        self._publisher.leave(self, market, answer.removed)
        self._silence(answer.removed)
        if answer.close_reason is not None:
            self._stats.closed_for_request += 1
            self.close(WSCloseCode.POLICY_VIOLATION, answer.close_reason)

    @property
    def _may_listen(self) -> bool:
        # On a host that is split, only one of its routes carries user data.
        return self.account_kind is not None and self.target.part in (None, "private")

    def _listen(self, key: str, events: frozenset[str] | None) -> None:
        self._listen_keys[key] = None
        self._outlet.join(self, key, events)

    def _silence(self, names: Iterable[str]) -> None:
        for key in [name for name in names if name in self._listen_keys]:
            del self._listen_keys[key]
            self._outlet.leave(self, key)
