"""Frames of every kind of record, key orders of the wire, numbers as long as Binance's; seeded.

All-market arrays have a universe of 833 symbols of which each frame brings a random 60 %, about 500 elements,
because Binance sends only what has changed.
"""

import json
import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from benchmarks.corpus import SEED, Case
from fastbinance.streams import Kind

__all__ = ["KindCase", "kind_cases"]

Event = dict[str, Any]

_UNIVERSE: Final = 833
_SHARE: Final = 0.6
_FRAMES: Final = 8
_PAYLOADS: Final = 1_500  # more than a ring of the benchmark holds


@dataclass(frozen=True, slots=True)
class KindCase:
    """Payloads of a kind, and whether the fast path has a scanner for them."""

    case: Case
    fast: bool
    records: int  # in all payloads together

    @property
    def kind(self) -> Kind:
        """The kind as the package names it."""
        return Kind(self.case.kind)

    @property
    def bytes_a_record(self) -> float:
        """Mean size of a payload's share for one record."""
        return sum(map(len, self.case.payloads)) / self.records


class _Source:
    """Numbers of the lengths that the markets have; prices walk, volumes spread over many powers of ten."""

    def __init__(self, name: str) -> None:
        self.rng = random.Random(f"{SEED}{name}")
        self.ms = 1_760_000_000_000
        self.ids = 7_960_913_511
        self.trade_id = 4_980_456_755  # trades' ids follow each other

    def tick(self) -> int:
        self.ms += self.rng.randint(1, 40)
        self.ids += self.rng.randint(1, 30)
        self.trade_id += 1
        return self.ms

    def price(self, decimals: int, around: float = 64_021.2) -> str:
        return f"{around * (1 + self.rng.gauss(0, 0.003)):.{decimals}f}"

    def spread(self, decimals: int, low: float, high: float) -> str:
        """Return a number as long as a random power of ten between the two."""
        return f"{10 ** self.rng.uniform(low, high):.{decimals}f}"

    def rate(self) -> str:
        return f"{self.rng.gauss(0.00005, 0.0001):.8f}"


def _book_ticker(x: _Source, symbol: str) -> Event:
    x.tick()
    return {
        "u": x.ids, "s": symbol, "b": x.price(8), "B": x.spread(8, -2, 2), "a": x.price(8),
        "A": x.spread(8, -2, 2),
    }  # fmt: skip


def _trade(x: _Source, symbol: str) -> Event:
    now = x.tick()
    return {
        "e": "trade", "E": now + 1, "s": symbol, "t": x.trade_id, "p": x.price(8), "q": x.spread(8, -4, 1),
        "T": now, "m": x.rng.random() < 0.5, "M": True,
    }  # fmt: skip


def _agg_trade(x: _Source, symbol: str) -> Event:
    now = x.tick()
    return {
        "e": "aggTrade", "E": now + 1, "a": x.trade_id, "s": symbol, "p": x.price(2), "q": x.spread(3, -2, 1),
        "nq": x.spread(3, -2, 1), "f": x.ids, "l": x.ids + 2, "T": now, "m": x.rng.random() < 0.5, "st": 1,
    }  # fmt: skip


def _levels(x: _Source, count: int, decimals: int) -> list[list[str]]:
    return [
        [x.price(decimals), f"{0:.{decimals}f}" if x.rng.random() < 0.3 else x.spread(decimals, -2, 2)]
        for _ in range(count)
    ]


def _diff_depth(x: _Source, symbol: str) -> Event:
    before, now = x.ids, x.tick()
    return {
        "e": "depthUpdate", "E": now + 1, "T": now, "s": symbol, "ps": symbol, "U": before + 1, "u": x.ids,
        "pu": before, "b": _levels(x, 20, 2), "a": _levels(x, 20, 2), "st": 1,
    }  # fmt: skip


def _partial_depth(x: _Source, symbol: str) -> Event:
    x.tick()
    return {"lastUpdateId": x.ids, "bids": _levels(x, 20, 8), "asks": _levels(x, 20, 8)}


def _block_trade(x: _Source, symbol: str) -> Event:
    now = x.tick()
    return {
        "e": "blockTrade", "E": now + 1, "s": symbol, "t": x.ids, "p": x.price(8), "q": x.spread(8, 1, 3),
        "T": now, "m": x.rng.random() < 0.5,
    }  # fmt: skip


def _candle(x: _Source, symbol: str | None, decimals: int, volumes: int) -> Event:
    now = x.tick()
    begin = now - now % 60_000
    candle: Event = {"t": begin, "T": begin + 59_999}
    if symbol is not None:
        candle["s"] = symbol
    return candle | {
        "i": "1m", "f": x.ids, "L": x.ids + 210, "o": x.price(decimals), "c": x.price(decimals),
        "h": x.price(decimals), "l": x.price(decimals), "v": x.spread(volumes, 0, 4), "n": 211,
        "x": x.rng.random() < 0.05, "q": x.spread(max(volumes, 4), 5, 9), "V": x.spread(volumes, 0, 4),
        "Q": x.spread(max(volumes, 4), 5, 9), "B": "0",
    }  # fmt: skip


def _kline(x: _Source, symbol: str) -> Event:
    candle = _candle(x, symbol, 8, 8)
    return {"e": "kline", "E": x.ms, "s": symbol, "k": candle}


def _continuous_kline(x: _Source, symbol: str) -> Event:
    candle = _candle(x, None, 2, 3)
    return {
        "e": "continuous_kline", "E": x.ms, "ps": symbol.partition("_")[0], "ct": "PERPETUAL", "k": candle,
    }  # fmt: skip


_Make = Callable[[_Source, str], Event]


def _without_trades(event: str, symbol: str) -> _Make:
    def make(x: _Source, pair: str) -> Event:
        nothing = {"f": 0, "L": 0, "v": "0", "n": 60, "q": "0", "V": "0", "Q": "0"}
        candle = {key: nothing.get(key, value) for key, value in _candle(x, symbol, 8, 8).items()}
        return {"e": event, "E": x.ms, "ps": pair.partition("_")[0], "k": candle}

    return make


_CONTRACT: Final = "0x55d398326f99059fF775485246999027B3197955@56"


def _contract_kline(x: _Source, _: str) -> Event:
    begin = x.tick()
    prices = {key: x.price(10, 0.0512) for key in "ochl"}
    return {
        "ca": _CONTRACT, "e": "kline",
        "k": prices | {"v": x.spread(6, 3, 7), "ot": begin, "ct": begin + 59_999, "i": "1m"},
    }  # fmt: skip


def _window(x: _Source, event: str, symbol: str, decimals: int) -> Event:
    now = x.tick()
    return {
        "e": event, "E": now, "s": symbol, "p": f"{x.rng.gauss(0, 300):.{decimals}f}",
        "P": f"{x.rng.gauss(0, 2):.3f}", "w": x.price(8), "c": x.price(decimals),
        "Q": x.spread(decimals, -3, 1),
        "o": x.price(decimals), "h": x.price(decimals), "l": x.price(decimals),
        "v": x.spread(decimals, 1, 7), "q": x.spread(decimals, 4, 11), "O": now - 86_400_000, "C": now,
        "F": x.ids, "L": x.ids + 3_100_000, "n": 3_100_001,
    }  # fmt: skip


def _ticker(x: _Source, symbol: str) -> Event:
    window = _window(x, "24hrTicker", symbol, 8)
    quote = {
        "b": x.price(8), "B": x.spread(8, -2, 2), "a": x.price(8), "A": x.spread(8, -2, 2),
    }  # fmt: skip
    order = "eEspPwxcQbBaAohlvqOCFLn"
    return {key: ({"x": window["o"]} | quote | window)[key] for key in order}


def _futures_ticker(x: _Source, symbol: str) -> Event:
    return _window(x, "24hrTicker", symbol, 3) | {"st": 1}


def _rolling_ticker(x: _Source, symbol: str) -> Event:
    window = _window(x, "4hTicker", symbol, 8)
    return {key: window[key] for key in "eEspPohlcwvqOCFLn"}


def _mini_ticker(x: _Source, symbol: str) -> Event:
    return {
        "e": "24hrMiniTicker", "E": x.tick(), "s": symbol, "c": x.spread(8, -4, 5), "o": x.spread(8, -4, 5),
        "h": x.spread(8, -4, 5), "l": x.spread(8, -4, 5), "v": x.spread(8, 2, 10), "q": x.spread(8, 3, 11),
    }  # fmt: skip


def _futures_mini_ticker(x: _Source, symbol: str) -> Event:
    prices = {key: x.spread(4, -1, 5) for key in "cohl"}
    return {
        "e": "24hrMiniTicker", "E": x.tick(), "s": symbol, "ps": symbol, **prices, "v": x.spread(1, 3, 11),
        "q": x.spread(4, 5, 10), "st": 1,
    }  # fmt: skip


def _average_price(x: _Source, symbol: str) -> Event:
    now = x.tick()
    return {"e": "avgPrice", "E": now + 100, "s": symbol, "i": "5m", "w": x.price(8), "T": now}


def _reference_price(x: _Source, symbol: str) -> Event:
    return {"e": "referencePrice", "s": symbol, "r": x.price(8), "t": x.tick()}


def _mark_price(x: _Source, symbol: str) -> Event:
    return {
        "e": "markPriceUpdate", "E": x.tick(), "s": symbol, "p": x.spread(8, -3, 5), "ap": x.spread(8, -3, 5),
        "P": x.spread(8, -3, 5), "i": x.spread(8, -3, 5), "r": x.rate(), "T": 1_760_025_600_000, "st": 1,
    }  # fmt: skip


def _option_mark_price(x: _Source, symbol: str) -> Event:
    return {
        "s": symbol, "mp": x.spread(3, 1, 4), "E": x.tick(), "e": "markPrice", "i": x.price(8),
        "P": x.spread(3, 1, 4), "bo": x.spread(3, 1, 4), "ao": x.spread(3, 1, 4), "bq": x.spread(2, 0, 2),
        "aq": x.spread(2, 0, 2), "b": x.spread(8, -1, 0), "a": x.spread(8, -1, 0), "hl": x.spread(3, 1, 4),
        "ll": x.spread(3, 1, 4), "vo": x.spread(8, -1, 0), "rf": "0.0", "d": f"{x.rng.uniform(-1, 1):.8f}",
        "t": f"{-(10 ** x.rng.uniform(0, 3)):.8f}", "g": x.spread(8, -6, -3), "v": x.spread(8, 0, 2),
    }  # fmt: skip


def _index_price(x: _Source, pair: str) -> Event:
    return {"e": "indexPriceUpdate", "E": x.tick(), "i": pair, "p": x.price(8)}


def _underlying_price(x: _Source, symbol: str) -> Event:
    return {"e": "indexPrice", "E": x.tick(), "s": symbol, "p": x.price(8)}


def _force_order(x: _Source, symbol: str) -> Event:
    now = x.tick()
    order = {
        "s": symbol, "S": x.rng.choice(("BUY", "SELL")), "o": "LIMIT", "f": "IOC", "q": x.spread(3, -2, 1),
        "p": x.price(2), "ap": x.price(2), "X": "FILLED", "l": x.spread(3, -2, 1), "z": x.spread(3, -2, 1),
        "T": now, "ps": symbol, "st": 1,
    }  # fmt: skip
    return {"e": "forceOrder", "E": now + 5, "o": order}


def _open_interest(x: _Source, symbol: str) -> Event:
    return {
        "e": "openInterest", "E": x.tick(), "s": symbol, "o": x.spread(2, 0, 4),
        "h": f"{10 ** x.rng.uniform(0, 1):.14f}E{x.rng.randint(4, 7)}",
    }  # fmt: skip


def _asset_index(x: _Source, symbol: str) -> Event:
    figures = {key: x.spread(8, -2, 3) for key in "ibaBAqgQG"}
    return {"e": "assetIndexUpdate", "E": x.tick(), "s": symbol, **figures}


def _wrapped(stream: str, data: object) -> bytes:
    return json.dumps({"stream": stream, "data": data}, separators=(",", ":")).encode()


def _spaced(payload: bytes) -> bytes:
    """Put a space behind each comma of a candle, as USD-M has since 2026."""
    before, key, candle = payload.partition(b'"k":{')
    return before + key + candle.replace(b',"', b', "')


def _one(kind: Kind, market: str, stream: str, symbol: str, make: _Make, fast: bool = False) -> KindCase:
    name = f"{market} {kind.name.lower()}"
    source = _Source(name)
    payloads = tuple(_wrapped(stream, make(source, symbol)) for _ in range(_PAYLOADS))
    if market == "usdm":
        payloads = tuple(map(_spaced, payloads))
    # Two of them, whose payloads name no symbol as the ring does, have a ring of many.
    ring_symbol = "" if kind in (Kind.CONTRACT_KLINE, Kind.OPEN_INTEREST) else symbol
    return KindCase(
        Case(name, market, int(kind), ((stream, int(kind), ring_symbol),), payloads), fast, len(payloads)
    )


def _names(form: str) -> list[str]:
    """Return a universe: symbols of different lengths, as those of an exchange are."""
    rng = random.Random(f"{SEED}{form}")
    found: dict[str, None] = {}
    while len(found) < _UNIVERSE:
        letters = "".join(rng.choices("ABCDEFGHIKLMNOPRSTUVX", k=rng.choice((3, 3, 3, 4, 4, 5, 6))))
        found[form.format(letters, rng.randint(20, 180) * 1_000, rng.choice("CP"))] = None
    return list(found)


def _many(kind: Kind, market: str, stream: str, form: str, make: _Make, fast: bool = False) -> KindCase:
    name = f"{market} {kind.name.lower()} array"
    source, names = _Source(name), _names(form)
    frames = [
        [make(source, symbol) for symbol in names if source.rng.random() < _SHARE] for _ in range(_FRAMES)
    ]
    payloads = tuple(_wrapped(stream, frame) for frame in frames)
    return KindCase(
        Case(name, market, int(kind), ((stream, int(kind), ""),), payloads), fast, sum(map(len, frames))
    )


def kind_cases() -> list[KindCase]:
    """Return a case for each kind in the order of their numbers, then the arrays."""
    spot, perpetual = "BTCUSDT", "BTCUSD_PERP"
    option = "BTC-261225-126000-C"
    return [
        _one(Kind.BOOK_TICKER, "spot", "btcusdt@bookTicker", spot, _book_ticker, fast=True),
        _one(Kind.TRADE, "spot", "btcusdt@trade", spot, _trade, fast=True),
        _one(Kind.AGG_TRADE, "usdm", "btcusdt@aggTrade", spot, _agg_trade, fast=True),
        _one(Kind.DIFF_DEPTH, "usdm", "btcusdt@depth@100ms", spot, _diff_depth, fast=True),
        _one(Kind.PARTIAL_DEPTH, "spot", "btcusdt@depth20@100ms", spot, _partial_depth, fast=True),
        _one(Kind.BLOCK_TRADE, "spot", "btcusdt@blockTrade", spot, _block_trade),
        _one(Kind.KLINE, "spot", "btcusdt@kline_1m", spot, _kline, fast=True),
        _one(
            Kind.CONTINUOUS_KLINE, "usdm", "btcusdt_perpetual@continuousKline_1m", "BTCUSDT_PERPETUAL",
            _continuous_kline, fast=True,
        ),
        _one(
            Kind.INDEX_PRICE_KLINE, "coinm", "btcusd@indexPriceKline_1m", "BTCUSD",
            _without_trades("indexPrice_kline", "0"),
        ),
        _one(
            Kind.MARK_PRICE_KLINE, "coinm", "btcusd_perp@markPriceKline_1m", perpetual,
            _without_trades("markPrice_kline", perpetual),
        ),
        _one(Kind.CONTRACT_KLINE, "alpha", f"came@{_CONTRACT}@kline_1m", "", _contract_kline),
        _one(Kind.TICKER, "spot", "btcusdt@ticker", spot, _ticker),
        _one(Kind.ROLLING_TICKER, "spot", "btcusdt@ticker_4h", spot, _rolling_ticker),
        _one(Kind.MINI_TICKER, "spot", "btcusdt@miniTicker", spot, _mini_ticker, fast=True),
        _one(Kind.AVERAGE_PRICE, "spot", "btcusdt@avgPrice", spot, _average_price),
        _one(Kind.REFERENCE_PRICE, "spot", "btcusdt@referencePrice", spot, _reference_price),
        _one(Kind.MARK_PRICE, "usdm", "btcusdt@markPrice@1s", spot, _mark_price, fast=True),
        _one(Kind.OPTION_MARK_PRICE, "options", "btcusdt@optionMarkPrice", option, _option_mark_price),
        _one(Kind.INDEX_PRICE, "coinm", "btcusd@indexPrice@1s", "BTCUSD", _index_price),
        _one(Kind.FORCE_ORDER, "usdm", "btcusdt@forceOrder", spot, _force_order),
        _one(Kind.OPEN_INTEREST, "options", "btcusdt@openInterest@261225", option, _open_interest),
        _one(Kind.ASSET_INDEX, "usdm", "btcusd@assetIndex", "BTCUSD", _asset_index),
        _many(Kind.MINI_TICKER, "spot", "!miniTicker@arr", "{}USDT", _mini_ticker, fast=True),
        _many(Kind.MINI_TICKER, "usdm", "!miniTicker@arr", "{}USDT", _futures_mini_ticker, fast=True),
        _many(Kind.MARK_PRICE, "usdm", "!markPrice@arr@1s", "{}USDT", _mark_price, fast=True),
        _many(Kind.TICKER, "usdm", "!ticker@arr", "{}USDT", _futures_ticker),
        _many(Kind.ROLLING_TICKER, "spot", "!ticker_4h@arr", "{}USDT", _rolling_ticker),
        _many(
            Kind.OPTION_MARK_PRICE, "options", "btcusdt@optionMarkPrice", "{}-261225-{}-{}",
            _option_mark_price,
        ),
        _many(Kind.INDEX_PRICE, "options", "!index@arr", "{}USDT", _underlying_price),
        _many(
            Kind.OPEN_INTEREST, "options", "btcusdt@openInterest@261225", "{}-261225-{}-{}", _open_interest
        ),
        _many(Kind.ASSET_INDEX, "usdm", "!assetIndex@arr", "{}USD", _asset_index),
    ]  # fmt: skip
