"""From events to subscribers: topics, fan-out, and one write per connection and round."""

from collections.abc import Callable, Iterable, Sequence
from typing import Protocol

from fastbinance.keys import Format, Market, Part, WsKey
from fastbinance.sim.binary import BinaryOutbox
from fastbinance.sim.channels import (
    ArrayOf,
    Channel,
    OfIndex,
    OfSymbol,
    Topic,
    parse_channel,
    part_of,
)
from fastbinance.sim.contracts import contract_symbol
from fastbinance.sim.disturb import Disturber
from fastbinance.sim.exchange import Exchange, Happening
from fastbinance.sim.instrument import is_listable
from fastbinance.sim.market import RandomMarket
from fastbinance.sim.payload import event_payload
from fastbinance.sim.reports import ArrayReport, IndexReport, Report
from fastbinance.sim.sbe import BinaryEvent
from fastbinance.sim.stats import Stats
from fastbinance.sim.timeunit import TimeUnit
from fastbinance.sim.universe import Universe
from fastbinance.sim.wire import binary_frame, combined_text, text_frame

__all__ = ["Publisher", "Subscriber"]


class Subscriber(Protocol):
    """What receives frames: a connection."""

    @property
    def combined(self) -> bool:
        """Whether payloads come wrapped with their stream name."""

    @property
    def format(self) -> Format:
        """What events are written in for it."""

    @property
    def time_unit(self) -> TimeUnit:
        """How times are spelled to it."""

    @property
    def keys(self) -> Sequence[WsKey]:
        """Services at whose host it came in."""

    def write(self, data: bytes) -> None:
        """Take whole frames, in order."""

    async def drained(self) -> None:
        """Return when the peer has taken enough of what was written, or is gone."""


class _Stream:
    # One stream name of one market and format, and who listens to it.
    __slots__ = (
        "by_unit", "channel", "format", "market", "markets", "name", "report", "subscribers", "universe",
    )  # fmt: skip

    def __init__(self, name: str, market: Market, format: Format) -> None:
        self.name = name
        self.market: Market = market
        self.format: Format = format
        self.channel: Channel | None = None  # of markets that are watched one by one
        self.universe: Universe | None = None  # where symbols may be born later
        self.report: Report | None = None
        self.markets: list[RandomMarket] = []
        self.subscribers: dict[Subscriber, None] = {}
        # The same by how their times are spelled, found when they come and go: mostly there is one unit.
        self.by_unit: list[tuple[TimeUnit, list[Subscriber]]] = []

    def add(self, subscriber: Subscriber) -> None:
        self.subscribers[subscriber] = None
        self._sort()

    def remove(self, subscriber: Subscriber) -> None:
        del self.subscribers[subscriber]
        self._sort()

    def _sort(self) -> None:
        units: dict[TimeUnit, list[Subscriber]] = {}
        for subscriber in self.subscribers:
            units.setdefault(subscriber.time_unit, []).append(subscriber)
        self.by_unit = list(units.items())


class Publisher:
    """Fan-out of one environment.

    Parameters
    ----------
    exchange
        Where events come from.
    stats
        Counters to keep.
    replayed
        Markets whose random trading is off, because captured frames take its place.
    on_join
        Told the market and stream name of every new subscription that can be served.
    disturber
        Decides what becomes of each message.
    """

    def __init__(
        self,
        exchange: Exchange,
        stats: Stats,
        *,
        replayed: frozenset[Market] = frozenset(),
        on_join: Callable[[Market, str], None] | None = None,
        disturber: Disturber | None = None,
    ) -> None:
        self.exchange = exchange
        self._stats = stats
        self._replayed = replayed
        self._on_join = on_join
        self._disturber = Disturber() if disturber is None else disturber
        self._streams: dict[tuple[Market, Format, str], _Stream] = {}
        self._feeds: dict[tuple[RandomMarket | Report, Channel], list[_Stream]] = {}
        self._binary: BinaryOutbox[_Stream] = BinaryOutbox()
        self._outbox: dict[Subscriber, list[bytes]] = {}

    def join(self, subscriber: Subscriber, market: Market, name: str, part: Part | None, now_ms: int) -> None:
        """Begin sending a stream to a subscriber; nothing happens if its route has no such stream.

        Parameters
        ----------
        part
            Route of the connection; None where the host is not split.
        """
        # FIELD: the wrong route is acknowledged like the right one, and silent.
        if part is not None and part_of(name, market) != part:
            return
        key = (market, subscriber.format, name)
        stream = self._streams.get(key)
        if stream is None:
            stream = self._streams[key] = _Stream(name, market, subscriber.format)
            self._open(stream, now_ms)
        stream.add(subscriber)
        # Captures are JSON, whatever bears the same name in SBE.
        if self._on_join is not None and stream.format == "json":
            self._on_join(market, name)

    def leave(self, subscriber: Subscriber, market: Market, names: Iterable[str]) -> None:
        """Stop sending streams to a subscriber."""
        for name in names:
            key = (market, subscriber.format, name)
            stream = self._streams.get(key)
            if stream is None or subscriber not in stream.subscribers:
                continue
            stream.remove(subscriber)
            if not stream.subscribers:
                del self._streams[key]
                self._close(stream)

    def forget(self, subscriber: Subscriber) -> None:
        """Drop what waits for a subscriber that is gone."""
        self._outbox.pop(subscriber, None)
        self._disturber.forget(subscriber)

    def subscribers(self, market: Market, name: str) -> list[Subscriber]:
        """Give those who are served a stream now."""
        stream = self._streams.get((market, "json", name))
        return [] if stream is None else list(stream.subscribers)

    def publish(self, now_ms: int) -> None:
        """Live on until ``now_ms`` and send what happened."""
        for happening in self.exchange.step(now_ms):
            self._tell(happening)
        self.flush()

    def happen(self, market: Market, symbol: str, topic: Topic, now_ms: int) -> int:
        """Make a rare event of a symbol happen now and send it. Gives the number of receivers."""
        found = self.exchange.market(market, symbol, now_ms)
        self._list(found, now_ms)
        event = found.happen(topic, now_ms)
        receivers = 0
        for source, channel in list(self._feeds):
            if source is found and channel.topic == topic:
                receivers += self._tell((found, channel, event))
        self.flush()
        return receivers

    def post(self, market: Market, name: str, payload: bytes, format: Format = "json") -> int:
        """Put a payload of any content into a stream; `flush` sends it. Gives the number of receivers."""
        stream = self._streams.get((market, format, name))
        if stream is None:
            return 0
        self._post(stream, stream.subscribers, payload)
        return len(stream.subscribers)

    def announce(self, subscriber: Subscriber, name: str, payload: bytes) -> None:
        """Put a payload that nobody subscribed to before one subscriber; `flush` sends it."""
        text = combined_text(name, payload) if subscriber.combined else payload
        self._outbox.setdefault(subscriber, []).append(text_frame(text))

    def flush(self) -> list[Subscriber]:
        """Write what was posted, one write per subscriber, and give those that were written to."""
        for stream, payload in self._binary.release():
            self._post(stream, stream.subscribers, payload)
        if not self._outbox:
            return []
        outbox, self._outbox = self._outbox, {}
        for subscriber, frames in outbox.items():
            data = b"".join(frames)
            self._stats.messages_sent += len(frames)
            self._stats.bytes_sent += len(data)
            if data:
                subscriber.write(data)
        return list(outbox)

    def _tell(self, happening: Happening) -> int:
        source, channel, event = happening
        self._stats.events += 1
        receivers = 0
        # Spelled once for all streams of a time unit.
        spelled_in: TimeUnit | None = None
        payload = b""
        for stream in self._feeds.get((source, channel), ()):
            if stream.format == "sbe":
                # SBE's names ask for nothing else.
                assert source.instrument is not None
                assert isinstance(event, BinaryEvent)
                for message in self._binary.take(stream, source.instrument, channel, event):
                    self._post(stream, stream.subscribers, message)
                receivers += len(stream.subscribers)
                continue
            for unit, subscribers in stream.by_unit:
                if unit is not spelled_in:
                    payload = event_payload(source.instrument, channel, event, unit)
                    spelled_in = unit
                self._post(stream, subscribers, payload)
                receivers += len(subscribers)
        return receivers

    def _post(self, stream: _Stream, subscribers: Iterable[Subscriber], payload: bytes) -> None:
        # Framed once for all receivers of a form.
        raw: bytes | None = None
        combined: bytes | None = None
        outbox = self._outbox
        for subscriber in subscribers:
            if subscriber.combined:
                if combined is None:
                    combined = text_frame(combined_text(stream.name, payload))
                frame = combined
            else:
                if raw is None:
                    raw = binary_frame(payload) if stream.format == "sbe" else text_frame(payload)
                frame = raw
            if self._disturber:
                outbox.setdefault(subscriber, []).extend(
                    self._disturber.frames(stream.market, stream.name, subscriber.keys, subscriber, frame)
                )
                continue
            frames = outbox.get(subscriber)
            if frames is None:
                outbox[subscriber] = [frame]
            else:
                frames.append(frame)

    def _open(self, stream: _Stream, now_ms: int) -> None:
        asked = parse_channel(stream.name, stream.market, stream.format)
        if asked is None or stream.market in self._replayed:
            return
        if isinstance(asked, OfSymbol):
            symbol, stream.channel = asked
            if asked.channel.topic == Topic.CONTINUOUS_KLINE:
                symbol = contract_symbol(symbol, asked.channel.variant, stream.market, now_ms)
            if is_listable(symbol, stream.market):
                self._include(stream, stream.market, symbol, now_ms)
            return
        if isinstance(asked, OfIndex):
            self._begin(stream, IndexReport(asked, now_ms), now_ms)
            return
        stream.universe = asked.universe
        if isinstance(asked, ArrayOf):
            self._begin(stream, ArrayReport(asked, now_ms), now_ms)
        else:
            stream.channel = asked.channel
        for market, symbol in asked.universe.listed(now_ms):
            if is_listable(symbol, market):
                self._include(stream, market, symbol, now_ms)
        for known in list(self.exchange.markets):
            if asked.universe.has(known.instrument):
                self._watch(stream, known, now_ms)

    def _begin(self, stream: _Stream, report: Report, now_ms: int) -> None:
        stream.report = report
        self._feeds[report, report.channel] = [stream]
        self.exchange.begin(report, now_ms)

    def _include(self, stream: _Stream, market: Market, symbol: str, now_ms: int) -> None:
        is_new = self.exchange.find(market, symbol) is None
        found = self.exchange.market(market, symbol, now_ms)
        self._watch(stream, found, now_ms)
        if is_new:
            self._list(found, now_ms)

    def _list(self, market: RandomMarket, now_ms: int) -> None:
        # A symbol that just came to life appears in the streams of many symbols that are already open.
        for stream in list(self._streams.values()):
            if stream.universe is not None and stream.universe.has(market.instrument):
                self._watch(stream, market, now_ms)

    def _watch(self, stream: _Stream, market: RandomMarket, now_ms: int) -> None:
        if stream.report is not None:
            self.exchange.include(stream.report, market, now_ms)
            return
        if stream.channel is None or market in stream.markets:
            return
        stream.markets.append(market)
        listeners = self._feeds.setdefault((market, stream.channel), [])
        listeners.append(stream)
        if len(listeners) == 1:
            self.exchange.open(market, stream.channel, now_ms)

    def _close(self, stream: _Stream) -> None:
        if stream.report is not None:
            del self._feeds[stream.report, stream.report.channel]
            self.exchange.end(stream.report)
        if stream.channel is None:
            return
        for market in stream.markets:
            listeners = self._feeds[market, stream.channel]
            listeners.remove(stream)
            if not listeners:
                del self._feeds[market, stream.channel]
                self.exchange.close(market, stream.channel)
