"""From events to subscribers: topics, fan-out, and one write per connection and round."""

from collections.abc import Callable, Iterable
from typing import Protocol

from fastbinance.keys import Market, Part
from fastbinance.sim.channels import Channel, parse_channel, part_of
from fastbinance.sim.exchange import Exchange
from fastbinance.sim.instrument import LISTED, is_listable
from fastbinance.sim.market import RandomMarket
from fastbinance.sim.payload import event_payload
from fastbinance.sim.stats import Stats
from fastbinance.sim.wire import combined_text, text_frame

__all__ = ["Publisher", "Subscriber"]


class Subscriber(Protocol):
    """What receives frames: a connection."""

    @property
    def combined(self) -> bool:
        """Whether payloads come wrapped with their stream name."""

    def write(self, data: bytes) -> None:
        """Take whole frames, in order."""

    async def drained(self) -> None:
        """Return when the peer has taken enough of what was written, or is gone."""


class _Topic:
    # One stream name of one market, and who listens to it.
    __slots__ = ("channel", "market", "markets", "name", "subscribers")

    def __init__(self, name: str, market: Market) -> None:
        self.name = name
        self.market: Market = market
        self.channel: Channel | None = None
        self.markets: list[RandomMarket] = []
        self.subscribers: dict[Subscriber, None] = {}


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
    """

    def __init__(
        self,
        exchange: Exchange,
        stats: Stats,
        *,
        replayed: frozenset[Market] = frozenset(),
        on_join: Callable[[Market, str], None] | None = None,
    ) -> None:
        self.exchange = exchange
        self._stats = stats
        self._replayed = replayed
        self._on_join = on_join
        self._topics: dict[tuple[Market, str], _Topic] = {}
        self._feeds: dict[tuple[RandomMarket, Channel], list[_Topic]] = {}
        self._outbox: dict[Subscriber, list[bytes]] = {}

    def join(self, subscriber: Subscriber, market: Market, name: str, part: Part | None, now_ms: int) -> None:
        """Begin sending a stream to a subscriber; nothing happens if its route has no such stream.

        Parameters
        ----------
        part
            Route of the connection; None where the host is not split.
        """
        # FIELD: the wrong route is acknowledged like the right one, and silent.
        if part is not None and part_of(name) != part:
            return
        topic = self._topics.get((market, name))
        if topic is None:
            topic = self._topics[market, name] = _Topic(name, market)
            self._open(topic, now_ms)
        topic.subscribers[subscriber] = None
        if self._on_join is not None:
            self._on_join(market, name)

    def leave(self, subscriber: Subscriber, market: Market, names: Iterable[str]) -> None:
        """Stop sending streams to a subscriber."""
        for name in names:
            topic = self._topics.get((market, name))
            if topic is None or subscriber not in topic.subscribers:
                continue
            del topic.subscribers[subscriber]
            if not topic.subscribers:
                del self._topics[market, name]
                self._close(topic)

    def forget(self, subscriber: Subscriber) -> None:
        """Drop what waits for a subscriber that is gone."""
        self._outbox.pop(subscriber, None)

    def subscribers(self, market: Market, name: str) -> list[Subscriber]:
        """Give those who are served a stream now."""
        topic = self._topics.get((market, name))
        return [] if topic is None else list(topic.subscribers)

    def publish(self, now_ms: int) -> None:
        """Live on until ``now_ms`` and send what happened."""
        feeds = self._feeds
        for market, channel, event in self.exchange.step(now_ms):
            self._stats.events += 1
            payload = event_payload(market.instrument, channel, event)
            for topic in feeds.get((market, channel), ()):
                self._post(topic, payload)
        self.flush()

    def post(self, market: Market, name: str, payload: bytes) -> int:
        """Put a payload of any content into a stream; `flush` sends it. Gives the number of receivers."""
        topic = self._topics.get((market, name))
        return 0 if topic is None else self._post(topic, payload)

    def flush(self) -> list[Subscriber]:
        """Write what was posted, one write per subscriber, and give those that were written to."""
        if not self._outbox:
            return []
        outbox, self._outbox = self._outbox, {}
        for subscriber, frames in outbox.items():
            data = b"".join(frames)
            self._stats.messages_sent += len(frames)
            self._stats.bytes_sent += len(data)
            subscriber.write(data)
        return list(outbox)

    def _post(self, topic: _Topic, payload: bytes) -> int:
        # Framed once for all receivers of a form.
        raw: bytes | None = None
        combined: bytes | None = None
        outbox = self._outbox
        for subscriber in topic.subscribers:
            if subscriber.combined:
                if combined is None:
                    combined = text_frame(combined_text(topic.name, payload))
                frame = combined
            else:
                if raw is None:
                    raw = text_frame(payload)
                frame = raw
            frames = outbox.get(subscriber)
            if frames is None:
                outbox[subscriber] = [frame]
            else:
                frames.append(frame)
        return len(topic.subscribers)

    def _open(self, topic: _Topic, now_ms: int) -> None:
        parsed = parse_channel(topic.name, topic.market)
        if parsed is None or topic.market in self._replayed:
            return
        symbol, topic.channel = parsed
        if symbol is not None:
            if is_listable(symbol, topic.market):
                market = self.exchange.market(topic.market, symbol, now_ms)
                self._watch(topic, market, now_ms)
                self._list(market, now_ms)
            return
        # Since mid-2026 all-market streams carry USD-M and COIN-M symbols alike, whichever host they are
        # asked of.
        merged: tuple[Market, ...] = ("usdm", "coinm")
        for product in merged:
            for listed in LISTED[product]:
                self._watch(topic, self.exchange.market(product, listed, now_ms), now_ms)
        for market in list(self.exchange.markets):
            if market.instrument.market in merged:
                self._watch(topic, market, now_ms)

    def _list(self, market: RandomMarket, now_ms: int) -> None:
        # A symbol that just came to life appears in the all-market streams that are already open.
        if market.instrument.market == "spot":
            return
        for topic in self._topics.values():
            if topic.name.startswith("!") and topic.channel is not None:
                self._watch(topic, market, now_ms)

    def _watch(self, topic: _Topic, market: RandomMarket, now_ms: int) -> None:
        if topic.channel is None or market in topic.markets:
            return
        topic.markets.append(market)
        listeners = self._feeds.setdefault((market, topic.channel), [])
        listeners.append(topic)
        if len(listeners) == 1:
            self.exchange.open(market, topic.channel, now_ms)

    def _close(self, topic: _Topic) -> None:
        if topic.channel is None:
            return
        for market in topic.markets:
            listeners = self._feeds[market, topic.channel]
            listeners.remove(topic)
            if not listeners:
                del self._feeds[market, topic.channel]
                self.exchange.close(market, topic.channel)
