"""All symbols of one environment, made when somebody asks for them, and stepped when something is due."""

import heapq
from collections.abc import Iterable, Iterator
from typing import Final

from fastbinance.keys import Environment, Market
from fastbinance.sim.channels import Channel
from fastbinance.sim.events import Event, Reported
from fastbinance.sim.flow import LEVELS
from fastbinance.sim.instrument import Instrument
from fastbinance.sim.market import RandomMarket
from fastbinance.sim.reports import Report

__all__ = ["Exchange", "Happening"]

# A machine that slept must not wake up to an hour of trading.
_LONGEST_CATCH_UP_MS: Final = 10_000

#: Where something happened, on which of its channels, and what.
Happening = tuple[RandomMarket | Report, Channel, Event | Reported]


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
    book_levels
        Levels that a side of each book has about.
    """

    def __init__(
        self, *, seed: int, environment: Environment, messages_per_second: float, book_levels: int = LEVELS
    ) -> None:
        self._seed = f"{seed}/{environment}"
        self._messages_per_second = messages_per_second
        self._book_levels = book_levels
        self._markets: dict[tuple[Market, str], RandomMarket] = {}
        self._queue: list[tuple[int, int, RandomMarket]] = []
        self._queued_for: dict[RandomMarket, int] = {}
        self._reports: list[Report] = []
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
        dues = [report.due_ms for report in self._reports]
        if queue:
            dues.append(queue[0][0])
        return min(dues, default=None)

    def find(self, market: Market, symbol: str) -> RandomMarket | None:
        """Give the market of a symbol if it is there."""
        return self._markets.get((market, symbol))

    def market(self, market: Market, symbol: str, now_ms: int) -> RandomMarket:
        """Give the market of a symbol, which is made when it is not there yet."""
        found = self._markets.get((market, symbol))
        if found is None:
            instrument = Instrument(symbol, market)
            found = RandomMarket(
                instrument,
                seed=self._seed,
                now_ms=now_ms,
                messages_per_second=self._messages_per_second,
                levels=self._book_levels,
            )
            self._markets[market, symbol] = found
        return found

    def open(self, market: RandomMarket, channel: Channel, now_ms: int) -> None:
        """Watch one channel of a market."""
        self._awake(now_ms)
        if not market.is_watched:
            market.resume(now_ms)
        elif not market.has_channels:
            # Only reports look at it, so it is as old as the last of them; what happened since is no event.
            market.step(now_ms)
        market.open(channel, now_ms)
        self._queue_up(market)

    def close(self, market: RandomMarket, channel: Channel) -> None:
        """Stop watching one channel of a market."""
        market.close(channel)
        if not market.has_channels:
            self._queued_for.pop(market, None)

    def begin(self, report: Report, now_ms: int) -> None:
        """Make a report from now on."""
        self._awake(now_ms)
        self._reports.append(report)

    def include(self, report: Report, market: RandomMarket, now_ms: int) -> None:
        """Have a report look at one more market."""
        if market not in report.members:
            if not market.is_watched:
                market.resume(now_ms)
            market.hold()
            report.members.append(market)

    def end(self, report: Report) -> None:
        """Make a report no more."""
        self._reports.remove(report)
        for market in report.members:
            market.release()

    def step(self, now_ms: int) -> Iterator[Happening]:
        """Step every watched market that is due, and give what happened."""
        self._catch_up(now_ms)
        # A report sees its markets as they are at its own time, however far the step goes.
        while self._reports and (report := min(self._reports, key=_due)).due_ms <= now_ms:
            for market in report.members:
                yield from self._stepped(market, report.due_ms)
            channel = report.channel
            for reported in report.ring():
                yield report, channel, reported
        queue, queued_for = self._queue, self._queued_for
        while queue and queue[0][0] <= now_ms:
            due_ms, _, market = heapq.heappop(queue)
            if queued_for.get(market) == due_ms:  # or it was put off, brought forward or closed since
                del queued_for[market]
                for channel, event in market.step(now_ms):
                    yield market, channel, event
                if market.has_channels:
                    self._queue_up(market)

    def _stepped(self, market: RandomMarket, now_ms: int) -> Iterator[Happening]:
        for channel, event in market.step(now_ms):
            yield market, channel, event
        if market.has_channels:
            self._queue_up(market)

    def _awake(self, now_ms: int) -> None:
        if not self._queued_for and not self._reports and self._stepped_to_ms is not None:
            self._stepped_to_ms = now_ms  # nobody was watching, so nothing is late

    def _catch_up(self, now_ms: int) -> None:
        last_ms, self._stepped_to_ms = self._stepped_to_ms, now_ms
        if last_ms is None or now_ms - last_ms <= _LONGEST_CATCH_UP_MS:
            return
        delay_ms = now_ms - last_ms - _LONGEST_CATCH_UP_MS
        queued = list(self._queued_for)
        self._queued_for.clear()
        self._queue.clear()
        for report in self._reports:
            report.due_ms += delay_ms
        for market in self._markets.values():
            if market.is_watched:
                market.postpone(delay_ms)
        for market in queued:
            self._queue_up(market)

    def _queue_up(self, market: RandomMarket) -> None:
        due_ms = market.due_ms
        if self._queued_for.get(market) != due_ms:
            self._queued_for[market] = due_ms
            self._pushes += 1  # breaks ties, since markets do not compare
            heapq.heappush(self._queue, (due_ms, self._pushes, market))


def _due(report: Report) -> int:
    return report.due_ms
