"""Frames for the benchmarks: seeded, and shaped like the captured ones, key order and spelling included.

With FASTBINANCE_CAPTURES naming a directory of captured messages, `captured` reads the real ones from there.
"""

import os
import random
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

__all__ = ["CASES", "Case", "book_tickers", "captured", "many_symbols", "symbols"]

SEED: Final = 20_240_808
_KINDS: Final = {"bookTicker": 1, "trade": 2, "aggTrade": 3, "depth": 4}


@dataclass(frozen=True, slots=True)
class Case:
    """Payloads of one kind on one market, and the routes that they need."""

    name: str
    market: str  # "spot", "usdm", "coinm"
    kind: int  # as fastbinance's Kind
    routes: tuple[tuple[str, int, str], ...]  # stream name, kind, symbol
    payloads: tuple[bytes, ...]

    @property
    def futures(self) -> bool:
        """Tell whether the payloads have the key orders of the futures markets."""
        return self.market != "spot"

    @property
    def ws_key(self) -> str:
        """Name of the WsKey that these payloads come by."""
        return {"spot": "main", "usdm": "usdm", "coinm": "coinm"}[self.market]

    @property
    def mean_bytes(self) -> float:
        """Mean size of a payload."""
        return sum(map(len, self.payloads)) / len(self.payloads)

    @property
    def mean_levels(self) -> float:
        """Mean number of price levels in a payload."""
        return sum(payload.count(b'["') for payload in self.payloads) / len(self.payloads)


class _Market:
    """A walk of prices, ids and times; text of the widths that the captures have."""

    def __init__(self, market: str, symbol: str, rng: random.Random) -> None:
        self.market = market
        self.symbol = symbol
        self.rng = rng
        self.cents = 268_380
        self.update_id = 35_346_513_501 if market == "spot" else 5_123_107_832_349
        self.trade_id = 1_520_540_581
        self.agg_trade_id = 760_270_290
        self.ms = 1_723_161_255_308

    def price(self, cents: int) -> str:
        return f"{cents // 100}.{cents % 100:02}" + ("000000" if self.market == "spot" else "")

    def quantity(self, zero_share: float = 0.0) -> str:
        if self.rng.random() < zero_share:
            return {"spot": "0.00000000", "usdm": "0.000", "coinm": "0"}[self.market]
        units = int(self.rng.lognormvariate(8.0, 2.0)) + 1
        if self.market == "coinm":
            return str(units)
        if self.market == "usdm":
            return f"{units // 1000}.{units % 1000:03}"
        return f"{units // 10_000}.{units % 10_000:04}0000"

    def step(self) -> None:
        self.cents += self.rng.choice((-1, 0, 0, 0, 0, 1))
        self.update_id += self.rng.randint(1, 30)
        self.ms += self.rng.randint(0, 12)

    def tail(self) -> str:
        return f'"ps":"{self.symbol.split("_")[0]}",' if self.market == "coinm" else ""

    def book_ticker(self) -> str:
        self.step()
        sides = (
            f'"b":"{self.price(self.cents)}","B":"{self.quantity()}",'
            f'"a":"{self.price(self.cents + 1)}","A":"{self.quantity()}"'
        )
        if self.market == "spot":
            return f'{{"u":{self.update_id},"s":"{self.symbol}",{sides}}}'
        begin = f'"e":"bookTicker","u":{self.update_id}'
        if self.market == "coinm":
            begin = f'"u":{self.update_id},"e":"bookTicker"'
        return f'{{{begin},"s":"{self.symbol}",{self.tail()}{sides},"T":{self.ms},"E":{self.ms + 1}}}'

    def trade(self) -> str:
        self.step()
        self.trade_id += 1
        what = (
            f'"s":"{self.symbol}","t":{self.trade_id},"p":"{self.price(self.cents)}","q":"{self.quantity()}"'
        )
        maker = self.rng.choice(("true", "false"))
        if self.market == "spot":
            return f'{{"e":"trade","E":{self.ms + 1},{what},"T":{self.ms},"m":{maker},"M":true}}'
        return f'{{"e":"trade","E":{self.ms + 1},"T":{self.ms},{what},"X":"MARKET","m":{maker}}}'

    def agg_trade(self) -> str:
        self.step()
        self.trade_id += 3
        self.agg_trade_id += 1
        what = (
            f'"p":"{self.price(self.cents)}","q":"{self.quantity()}",'
            f'"f":{self.trade_id},"l":{self.trade_id + 2},'
            f'"T":{self.ms},"m":{self.rng.choice(("true", "false"))}'
        )
        number = f'"a":{self.agg_trade_id}'
        if self.market == "spot":
            return f'{{"e":"aggTrade","E":{self.ms + 1},"s":"{self.symbol}",{number},{what},"M":true}}'
        return f'{{"e":"aggTrade","E":{self.ms + 1},{number},"s":"{self.symbol}",{what}}}'

    def levels(self, count: int, sign: int, zero_share: float) -> str:
        # Away from the touch by growing steps, as real books thin out.
        cents = self.cents + (1 if sign > 0 else 0)
        found = []
        for _ in range(count):
            found.append(f'["{self.price(cents)}","{self.quantity(zero_share)}"]')
            cents += sign * (1 + int(self.rng.expovariate(0.05)))
        if sign < 0 and self.market != "spot":
            found.reverse()  # bids of a futures diff ascend
        return "[" + ",".join(found) + "]"

    def diff(self, mean_levels: int) -> str:
        first = self.update_id + 1
        self.step()
        bids = round(self.rng.uniform(0.5, 1.5) * mean_levels / 2)
        asks = round(self.rng.uniform(0.5, 1.5) * mean_levels / 2)
        sides = f'"b":{self.levels(bids, -1, 0.4)},"a":{self.levels(asks, 1, 0.4)}'
        ids = f'"U":{first},"u":{self.update_id}'
        if self.market == "spot":
            return f'{{"e":"depthUpdate","E":{self.ms},"s":"{self.symbol}",{ids},{sides}}}'
        return (
            f'{{"e":"depthUpdate","E":{self.ms + 1},"T":{self.ms},"s":"{self.symbol}",{self.tail()}{ids},'
            f'"pu":{first - 1},{sides}}}'
        )

    def partial(self, levels: int) -> str:
        self.step()
        bids, asks = self.levels(levels, -1, 0.0), self.levels(levels, 1, 0.0)
        if self.market == "spot":
            return f'{{"lastUpdateId":{self.update_id},"bids":{bids},"asks":{asks}}}'
        return (
            f'{{"e":"depthUpdate","E":{self.ms + 1},"T":{self.ms},"s":"{self.symbol}",{self.tail()}'
            f'"U":{self.update_id - 5},"u":{self.update_id},"pu":{self.update_id - 6},"b":{bids},"a":{asks}}}'
        )


_SYMBOLS: Final = {"spot": "ETHUSDT", "usdm": "ETHUSDT", "coinm": "ETHUSD_PERP"}


def _case(name: str, market: str, kind: int, suffix: str, count: int, make: Callable[[_Market], str]) -> Case:
    symbol = _SYMBOLS[market]
    stream = f"{symbol.lower()}@{suffix}"
    source = _Market(market, symbol, random.Random(f"{SEED}{name}"))
    payloads = tuple(f'{{"stream":"{stream}","data":{make(source)}}}'.encode() for _ in range(count))
    return Case(name, market, kind, ((stream, kind, symbol),), payloads)


def cases() -> dict[str, Case]:
    """Return every case by its name: a couple of thousand payloads, fewer where they are long."""
    made = [
        *(
            _case(f"{market}-bookTicker", market, 1, "bookTicker", 2000, _Market.book_ticker)
            for market in ("spot", "usdm", "coinm")
        ),
        *(_case(f"{market}-trade", market, 2, "trade", 2000, _Market.trade) for market in ("spot", "usdm")),
        *(
            _case(f"{market}-aggTrade", market, 3, "aggTrade", 2000, _Market.agg_trade)
            for market in ("spot", "usdm")
        ),
        # The captured sessions have medians of 14 (spot), 42 (USD-M), 4 (COIN-M) levels; a tenth 70 or 145.
        _case("spot-depth-few", "spot", 4, "depth@100ms", 1000, lambda market: market.diff(14)),
        _case("spot-depth-many", "spot", 4, "depth@100ms", 200, lambda market: market.diff(140)),
        _case("usdm-depth-few", "usdm", 4, "depth@0ms", 1000, lambda market: market.diff(14)),
        _case("usdm-depth-many", "usdm", 4, "depth@0ms", 200, lambda market: market.diff(140)),
        _case("coinm-depth-few", "coinm", 4, "depth@0ms", 1000, lambda market: market.diff(4)),
        _case("spot-depth20", "spot", 5, "depth20@100ms", 500, lambda market: market.partial(20)),
        _case("usdm-depth20", "usdm", 5, "depth20@100ms", 500, lambda market: market.partial(20)),
    ]
    return {case.name: case for case in made}


CASES: Final = tuple(cases())
"""Names of all cases."""


def captured() -> dict[str, Case]:
    """Return the captured sessions under FASTBINANCE_CAPTURES, a case for each stream."""
    directory = os.environ.get("FASTBINANCE_CAPTURES")
    found: dict[str, Case] = {}
    if not directory:
        return found
    for market, session in (
        ("spot", "spot-session-ethusdt"),
        ("usdm", "usdm-session-ethusdt"),
        ("coinm", "coinm-session-ethusd_perp"),
    ):
        by_stream: dict[str, list[bytes]] = {}
        for line in (Path(directory) / f"{session}.jsonl").read_bytes().splitlines():
            if line.startswith(b'{"stream":"') and b'"X":"NA"' not in line:
                by_stream.setdefault(line[11 : line.index(b'"', 11)].decode(), []).append(line)
        for stream, payloads in sorted(by_stream.items()):
            symbol, _, suffix = stream.partition("@")
            name = suffix.partition("@")[0]
            route = (stream, _KINDS[name], symbol.upper())
            found[f"captured-{market}-{name}"] = Case(
                f"captured-{market}-{name}", market, route[1], (route,), tuple(payloads)
            )
    return found


def symbols(count: int) -> list[str]:
    """Return that many symbols of one length, so that payloads of one and of many are equally long."""
    letters = "ABCDEFGHIJ"
    return ["".join(letters[int(digit)] for digit in f"{number:04}") + "USDT" for number in range(count)]


def many_symbols(count: int, payloads: int, order: str = "round-robin") -> Case:
    """Return spot bookTickers of `count` symbols, in turn or in a seeded random order."""
    names = symbols(count)
    rng = random.Random(f"{SEED}{count}{order}")
    sources = [_Market("spot", name, random.Random(f"{SEED}{name}")) for name in names]
    picks = [number % count for number in range(payloads)]
    if order == "random":
        # Every symbol equally often, so that both orders write to the same rings.
        rng.shuffle(picks)
    found = tuple(
        f'{{"stream":"{names[pick].lower()}@bookTicker","data":{sources[pick].book_ticker()}}}'.encode()
        for pick in picks
    )
    routes = tuple((f"{name.lower()}@bookTicker", 1, name) for name in names)
    return Case(f"{count}-symbols-{order}", "spot", 1, routes, found)


def book_tickers(count: int) -> Case:
    """Return that many spot bookTickers of one symbol: what the floods send."""
    return _case("spot-bookTicker", "spot", 1, "bookTicker", count, _Market.book_ticker)
