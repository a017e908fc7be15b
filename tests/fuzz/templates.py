"""Messages of every shape that has a record: what generators vary, and seeds are made of."""

from typing import Any, Final, NamedTuple

from support.events import EVENTS, STREAMS, Event

from fastbinance.streams import Kind

#: The service that a market's messages come from, as `decode` wants it.
KEYS: Final = {
    "spot": "main",
    "usdm": "usdm",
    "coinm": "coinm",
    "options": "eoptionsMarket",
    "alpha": "alpha",
}


class Template(NamedTuple):
    """A stream of a market, and what it brings."""

    market: str
    stream: str
    event: Any


def _of(kind: Kind, market: str, **changes: Any) -> Event:
    return EVENTS[kind, market] | changes


def _candle_of(kind: Kind, market: str, **changes: Any) -> Event:
    event = EVENTS[kind, market]
    return event | {"k": event["k"] | changes}


_FUNDED: Final = _of(Kind.MARK_PRICE, "usdm")
_DELIVERED: Final = _FUNDED | {"s": "BTCUSDT_261225", "r": "", "T": 0}

#: What comes as an array: streams of whole markets, and options by underlying.
_ARRAYS: Final = (
    ("usdm", "!ticker@arr", [_of(Kind.TICKER, "usdm"), _of(Kind.TICKER, "usdm", s="ETHUSDT")]),
    ("spot", "!ticker_4h@arr", [_of(Kind.ROLLING_TICKER, "spot", e="4hTicker")]),
    ("spot", "!miniTicker@arr", [_of(Kind.MINI_TICKER, "spot", s=name) for name in ("BTCUSDT", "ETHUSDT")]),
    (
        "usdm",
        "!miniTicker@arr",
        [_of(Kind.MINI_TICKER, "usdm", s=name) for name in ("AUSDT", "BUSDT", "AUSDT")],
    ),
    ("usdm", "!markPrice@arr@1s", [_FUNDED, _FUNDED | {"s": "ETHUSDT", "r": "-0.00002917"}, _DELIVERED]),
    (
        "options",
        "!index@arr",
        [_of(Kind.INDEX_PRICE, "options"), _of(Kind.INDEX_PRICE, "options", s="ETHUSDT")],
    ),
    ("options", "btcusdt@optionMarkPrice", [_of(Kind.OPTION_MARK_PRICE, "options")]),
    ("options", "ethusdt@openInterest@261225", [_of(Kind.OPEN_INTEREST, "options")]),
    ("usdm", "!assetIndex@arr", [_of(Kind.ASSET_INDEX, "usdm")]),
)

#: Values that lead into code of their own.
_TURNS: Final = (
    ("usdm", "!bookTicker", _of(Kind.BOOK_TICKER, "usdm", s="ETHUSDT")),
    ("usdm", "btcusdt@trade", _of(Kind.TRADE, "usdm", X="NA", p="0", q="0")),
    ("usdm", "newusdt@depth", _of(Kind.DIFF_DEPTH, "usdm", s="NEWUSDT", pu=-1, b=[])),
    ("usdm", "newusdt@kline_1m", _candle_of(Kind.KLINE, "usdm", f=-1, L=-1, n=0) | {"s": "NEWUSDT"}),
    ("usdm", "btcusdt_261225@markPrice", _DELIVERED),
    ("spot", "newusdt@referencePrice", _of(Kind.REFERENCE_PRICE, "spot", s="NEWUSDT", r=None)),
    # As long as names are that the fast path compares in one step.
    (
        "usdm",
        "1000000mogusdt_current_quarter@continuousKline_1m",
        _of(Kind.CONTINUOUS_KLINE, "usdm", ps="1000000MOGUSDT", ct="CURRENT_QUARTER"),
    ),
)

TEMPLATES: Final[tuple[Template, ...]] = (
    *(Template(market, STREAMS[kind, market][0], event) for (kind, market), event in EVENTS.items()),
    *(Template(*row) for row in (*_ARRAYS, *_TURNS)),
)
