"""All symbols of one environment, made when somebody asks for them, and stepped when something is due."""

import heapq
from collections.abc import Iterable, Iterator
from typing import Final

from fastbinance.keys import Environment, Market
from fastbinance.sim.channels import Channel
from fastbinance.sim.instrument import Instrument
from fastbinance.sim.market import Event, RandomMarket

__all__ = ["Exchange"]

# A machine that slept must not wake up to an hour of trading.
_LONGEST_CATCH_UP_MS: Final = 10_000


class Exchange:
    """The random markets of one environment.

    Parameters
    ----------
    seed
        Decides every market's story, together with the environment, market and symbol.
    environment
        ``prod`` or ``testnet``; their books differ, as they do at Binance.
    messages_per_second
        Mean rate of top-of-book updates of each symbol.
    """

    def __init__(self, *, seed: int, environment: Environment, messages_per_second: float) -> None:
        self._seed = f"{seed}/{environment}"
        self._messages_per_second = messages_per_second
        self._markets: dict[tuple[Market, str], RandomMarket] = {}
        self._queue: list[tuple[int, int, RandomMarket]] = []
        self._queued_for: dict[RandomMarket, int] = {}
        self._pushes = 0
        self._stepped_to_ms: int | None = None

    @property
    def markets(self) -> Iterable[RandomMarket]:
        """Every market made so far."""
        return self._markets.values()

    @property
    def due_ms(self) -> int | None:
        """When `step` next has something to do; None while nobody watches."""
        queue = self._queue
        while queue and self._queued_for.get(queue[0][2]) != queue[0][0]:
            heapq.heappop(queue)
        return queue[0][0] if queue else None

    def market(self, market: Market, symbol: str, now_ms: int) -> RandomMarket:
        """Give the market of a symbol, which is made when it is not there yet."""
        found = self._markets.get((market, symbol))
        if found is None:
            instrument = Instrument(symbol, market)
            found = RandomMarket(
                instrument, seed=self._seed, now_ms=now_ms, messages_per_second=self._messages_per_second
            )
            self._markets[market, symbol] = found
        return found

    def open(self, market: RandomMarket, channel: Channel, now_ms: int) -> None:
        """Watch one channel of a market."""
        if not self._queued_for and self._stepped_to_ms is not None:
            self._stepped_to_ms = now_ms  # nobody was watching, so nothing is late
        if not market.is_watched:
            market.resume(now_ms)
        market.open(channel, now_ms)
        self._queue_up(market)

    def close(self, market: RandomMarket, channel: Channel) -> None:
        """Stop watching one channel of a market."""
        market.close(channel)
        if not market.is_watched:
            self._queued_for.pop(market, None)

    def step(self, now_ms: int) -> Iterator[tuple[RandomMarket, Channel, Event]]:
        """Step every watched market that is due, and give what happened."""
        self._catch_up(now_ms)
        queue, queued_for = self._queue, self._queued_for
        while queue and queue[0][0] <= now_ms:
            due_ms, _, market = heapq.heappop(queue)
            if queued_for.get(market) != due_ms:
                continue  # it was put off, brought forward or closed since
            del queued_for[market]
            for channel, event in market.step(now_ms):
                yield market, channel, event
            self._queue_up(market)

    def _catch_up(self, now_ms: int) -> None:
        last_ms, self._stepped_to_ms = self._stepped_to_ms, now_ms
        if last_ms is None or now_ms - last_ms <= _LONGEST_CATCH_UP_MS:
            return
        watched = list(self._queued_for)
        self._queued_for.clear()
        self._queue.clear()
        for market in watched:
            market.postpone(now_ms - last_ms - _LONGEST_CATCH_UP_MS)
            self._queue_up(market)

    def _queue_up(self, market: RandomMarket) -> None:
        due_ms = market.due_ms
        if self._queued_for.get(market) != due_ms:
            self._queued_for[market] = due_ms
            self._pushes += 1  # breaks ties, since markets do not compare
            heapq.heappush(self._queue, (due_ms, self._pushes, market))
