"""An event of every kind and market, its keys in Binance's order, and the stream that brings it."""

from typing import Any, Final

from fastbinance.streams import Kind

Event = dict[str, Any]
Case = tuple[Kind, str]

_CANDLE: Final = {
    "t": 1723161240000, "T": 1723161299999, "s": "BTCUSDT", "i": "1m", "f": 7000000101, "L": 7000000310,
    "o": "64020.10", "c": "64021.20", "h": "64025.00", "l": "64019.90", "v": "12.345", "n": 210, "x": False,
    "q": "790341.31205000", "V": "6.100", "Q": "390529.32", "B": "0",
}  # fmt: skip


def _candle(*without: str, **changes: Any) -> Event:
    return {key: value for key, value in (_CANDLE | changes).items() if key not in without}


_WINDOW: Final = {
    "E": 1723161256303, "s": "BTCUSDT", "ps": "BTCUSDT", "p": "-120.10", "P": "-0.187", "w": "63950.11",
    "c": "64021.20", "Q": "0.004", "o": "64141.30", "h": "64990.00", "l": "63011.70", "v": "150000.125",
    "q": "9592516500.331", "O": 1723074840000, "C": 1723161256301, "F": 4100000001, "L": 4103100000,
    "n": 3100000,
}  # fmt: skip


def _window(event: str, *without: str, **changes: Any) -> Event:
    return {"e": event} | {key: value for key, value in (_WINDOW | changes).items() if key not in without}


_SHORT_WINDOW: Final = {
    "e": "24hrMiniTicker", "E": 1723161256303, "s": "BTCUSDT", "c": "64021.20", "o": "64141.30",
    "h": "64990.00", "l": "63011.70", "v": "150000.125", "q": "9592516500.331",
}  # fmt: skip

_LIQUIDATION: Final = {
    "s": "BTCUSDT", "S": "SELL", "o": "LIMIT", "f": "IOC", "q": "0.014", "p": "63900.10", "ap": "64000.00",
    "X": "FILLED", "l": "0.004", "z": "0.014", "T": 1723161256290, "ps": "BTCUSDT", "st": 1,
}  # fmt: skip

_SPOT: Final[dict[Kind, Event]] = {
    Kind.BOOK_TICKER: {
        "u": 400900217, "s": "BTCUSDT", "b": "25.35190000", "B": "31.21000000", "a": "25.36520000",
        "A": "40.66000000",
    },
    Kind.TRADE: {
        "e": "trade", "E": 1672515782136, "s": "BTCUSDT", "t": 12345, "p": "16500.01000000",
        "q": "0.00100000", "T": 1672515782135, "m": True, "M": True,
    },
    Kind.AGG_TRADE: {
        "e": "aggTrade", "E": 1672515782136, "s": "BTCUSDT", "a": 164325, "p": "16500.01000000",
        "q": "1.25000000", "f": 100, "l": 105, "T": 1672515782135, "m": True, "M": True,
    },
    Kind.DIFF_DEPTH: {
        "e": "depthUpdate", "E": 1672515782136, "s": "BTCUSDT", "U": 157, "u": 160,
        "b": [["16500.01000000", "10.00000000"], ["16499.99000000", "0.00000000"]],
        "a": [["16500.02000000", "0.10000000"]],
    },
    Kind.PARTIAL_DEPTH: {
        "lastUpdateId": 160,
        "bids": [["16500.01000000", "10.00000000"], ["16499.99000000", "2.00000000"]],
        "asks": [["16500.02000000", "0.10000000"], ["16500.03000000", "7.00000000"]],
    },
    Kind.BLOCK_TRADE: {
        "e": "blockTrade", "E": 1723161256303, "s": "BTCUSDT", "t": 581, "p": "64010.50000000",
        "q": "58.00000000", "T": 1723161256101, "m": True,
    },
    Kind.KLINE: {"e": "kline", "E": 1723161256303, "s": "BTCUSDT", "k": _candle()},
    Kind.TICKER: {
        "e": "24hrTicker", "E": 1723161256303, "s": "BTCUSDT", "p": "-120.10000000", "P": "-0.187",
        "w": "63950.11000000", "x": "64141.20000000", "c": "64021.20000000", "Q": "0.00400000",
        "b": "64021.10000000", "B": "3.02900000", "a": "64021.20000000", "A": "12.50000000",
        "o": "64141.30000000", "h": "64990.00000000", "l": "63011.70000000", "v": "15000.12500000",
        "q": "959251650.33100000", "O": 1723074856303, "C": 1723161256303, "F": 3100000001,
        "L": 3101200000, "n": 1200000,
    },
    Kind.ROLLING_TICKER: {
        "e": "4hTicker", "E": 1723161256303, "s": "BTCUSDT", "p": "15.10000000", "P": "0.024",
        "o": "64006.10000000", "h": "64100.00000000", "l": "63990.00000000", "c": "64021.20000000",
        "w": "64040.70000000", "v": "1400.25000000", "q": "89673002.17500000", "O": 1723146840000,
        "C": 1723161256303, "F": 3101000001, "L": 3101200000, "n": 200000,
    },
    Kind.MINI_TICKER: _SHORT_WINDOW,
    Kind.AVERAGE_PRICE: {
        "e": "avgPrice", "E": 1723161256303, "s": "BTCUSDT", "i": "5m", "w": "64020.77000000",
        "T": 1723161256199,
    },
    Kind.REFERENCE_PRICE: {"e": "referencePrice", "s": "BTCUSDT", "r": "64020.50", "t": 1723161256000},
}  # fmt: skip

_USDM: Final[dict[Kind, Event]] = {
    Kind.BOOK_TICKER: {
        "e": "bookTicker", "u": 5123107838349, "s": "BTCUSDT", "ps": "BTCUSDT", "b": "64021.10", "B": "3.029",
        "a": "64021.20", "A": "12.5", "T": 1723161256302, "E": 1723161256303, "st": 1,
    },
    Kind.TRADE: {
        "e": "trade", "E": 1723161256303, "T": 1723161256302, "s": "BTCUSDT", "t": 5000000001,
        "p": "64021.10", "q": "0.005", "X": "MARKET", "m": False, "st": 1,
    },
    Kind.AGG_TRADE: {
        "e": "aggTrade", "E": 1723161256303, "a": 3404749954, "s": "BTCUSDT", "p": "64021.10",
        "q": "3.029", "nq": "3.000", "f": 7960913511, "l": 7960913512, "T": 1723161256302, "m": False,
        "st": 1,
    },
    Kind.DIFF_DEPTH: {
        "e": "depthUpdate", "E": 1723161256303, "T": 1723161256302, "s": "BTCUSDT", "ps": "BTCUSDT",
        "U": 1570, "u": 1600, "pu": 1490, "b": [["64021.10", "10"], ["64021.20", "0"]],
        "a": [["64022.00", "0.1"]], "st": 1,
    },
    Kind.PARTIAL_DEPTH: {
        "e": "depthUpdate", "E": 1723161256303, "T": 1723161256302, "s": "BTCUSDT", "U": 1570, "u": 1600,
        "pu": 1490, "b": [["64021.10", "10"], ["64021.00", "8"]],
        "a": [["64022.00", "0.1"], ["64022.10", "3"]],
    },
    Kind.KLINE: {"e": "kline", "E": 1723161256303, "s": "BTCUSDT", "k": _candle(x=True)},
    Kind.CONTINUOUS_KLINE: {
        "e": "continuous_kline", "E": 1723161256303, "ps": "BTCUSDT", "ct": "PERPETUAL", "k": _candle("s"),
    },
    Kind.TICKER: _window("24hrTicker", st=1),
    Kind.MINI_TICKER: {
        "e": "24hrMiniTicker", "E": 1723161256303, "s": "BTCUSDT", "ps": "BTCUSDT", "c": "64021.20",
        "o": "64141.30", "h": "64990.00", "l": "63011.70", "v": "150000.125", "q": "9592516500.331", "st": 1,
    },
    Kind.MARK_PRICE: {
        "e": "markPriceUpdate", "E": 1723161256000, "s": "BTCUSDT", "p": "64020.91000000",
        "ap": "64020.35000000", "P": "64011.73912345", "i": "64030.11260870", "r": "-0.00006042",
        "T": 1723161600000, "st": 1,
    },
    Kind.FORCE_ORDER: {"e": "forceOrder", "E": 1723161256303, "o": _LIQUIDATION},
    Kind.ASSET_INDEX: {
        "e": "assetIndexUpdate", "E": 1723161256000, "s": "ADAUSD", "i": "0.34462700", "b": "0.10000000",
        "a": "0.11000000", "B": "0.31016430", "A": "0.38253597", "q": "0.05000000", "g": "0.06000000",
        "Q": "0.32739565", "G": "0.36530462",
    },
}  # fmt: skip

_COINM: Final[dict[Kind, Event]] = {
    Kind.BOOK_TICKER: {
        "u": 5123107838350, "e": "bookTicker", "s": "BTCUSD_PERP", "ps": "BTCUSD", "b": "64021.1",
        "B": "57618", "a": "64021.2", "A": "7", "T": 1723161256302, "E": 1723161256303,
    },
    Kind.TRADE: {
        "e": "trade", "E": 1723161256303, "T": 1723161256302, "s": "BTCUSD_PERP", "t": 900000001,
        "p": "64021.1", "q": "38", "X": "MARKET", "m": True, "st": 2,
    },
    Kind.AGG_TRADE: {
        "e": "aggTrade", "E": 1723161256303, "a": 494118434, "s": "BTCUSD_PERP", "p": "64021.1", "q": "38",
        "f": 899999999, "l": 900000001, "T": 1723161256302, "m": True, "st": 2,
    },
    Kind.DIFF_DEPTH: {
        "e": "depthUpdate", "E": 1723161256303, "T": 1723161256302, "s": "BTCUSD_PERP", "ps": "BTCUSD",
        "U": 2570, "u": 2600, "pu": 2490, "b": [["64000.1", "812"], ["64021.1", "0"]], "a": [], "st": 2,
    },
    Kind.PARTIAL_DEPTH: {
        "e": "depthUpdate", "E": 1723161256303, "T": 1723161256302, "s": "BTCUSD_PERP", "ps": "BTCUSD",
        "U": 2570, "u": 2600, "pu": 2490, "b": [["64021.1", "812"]], "a": [["64021.2", "130"]], "st": 2,
    },
    Kind.KLINE: {
        "e": "kline", "E": 1723161256303, "s": "BTCUSD_PERP", "k": _candle(s="BTCUSD_PERP", v="14500"),
    },
    Kind.CONTINUOUS_KLINE: {
        "e": "continuous_kline", "E": 1723161256303, "ps": "BTCUSD", "ct": "NEXT_QUARTER", "k": _candle("s"),
    },
    Kind.INDEX_PRICE_KLINE: {
        "e": "indexPrice_kline", "E": 1723161256303, "ps": "BTCUSD",
        "k": _candle(s="0", f=1723161240000, L=1723161256000, v="0", q="0", V="0", Q="0", n=60),
    },
    Kind.MARK_PRICE_KLINE: {
        "e": "markPrice_kline", "E": 1723161256303, "ps": "BTCUSD",
        "k": _candle(s="BTCUSD_PERP", f=0, L=0, v="0", q="0", V="0", Q="0", n=60),
    },
    Kind.TICKER: _window("24hrTicker", s="BTCUSD_PERP", ps="BTCUSD", v="5894737", st=2),
    Kind.MINI_TICKER: {
        "e": "24hrMiniTicker", "E": 1723161256303, "s": "BTCUSD_PERP", "ps": "BTCUSD", "c": "64021.1",
        "o": "64141.3", "h": "64990.0", "l": "63011.7", "v": "5894737", "q": "9207.11250871", "st": 2,
    },
    Kind.MARK_PRICE: {
        "e": "markPriceUpdate", "E": 1723161256000, "s": "BTCUSD_240927", "p": "64520.91000000",
        "ap": "64520.35000000", "P": "64511.73912345", "i": "64030.11260870", "r": "", "T": 0, "st": 2,
    },
    Kind.INDEX_PRICE: {"e": "indexPriceUpdate", "E": 1723161256000, "i": "BTCUSD", "p": "64030.11260870"},
    Kind.FORCE_ORDER: {
        "e": "forceOrder", "E": 1723161256303,
        "o": {
            "s": "BTCUSD_PERP", "ps": "BTCUSD", "S": "BUY", "o": "LIMIT", "f": "IOC", "q": "14",
            "p": "64900.1", "ap": "64800.0", "X": "PARTIALLY_FILLED", "l": "3", "z": "9", "T": 1723161256290,
        },
        "st": 2,
    },
}  # fmt: skip

_OPTION: Final = "BTC-261225-126000-C"

_OPTIONS: Final[dict[Kind, Event]] = {
    Kind.BOOK_TICKER: {
        "e": "bookTicker", "u": 2472, "s": _OPTION, "b": "770.0", "B": "16.00", "a": "790.0", "A": "21.40",
        "T": 1779339080218, "E": 1779339080305,
    },
    Kind.TRADE: {
        "e": "trade", "E": 1779339080305, "T": 1779339080300, "s": _OPTION, "t": 412, "p": "765.0",
        "q": "0.10", "X": "MARKET", "S": "BUY", "m": False,
    },
    Kind.DIFF_DEPTH: {
        "e": "depthUpdate", "E": 1779339080305, "T": 1779339080300, "s": _OPTION, "U": 465, "u": 467,
        "pu": 464, "b": [["770.0", "16.0"]], "a": [["790.0", "0.0"], ["800.0", "3.1"]],
    },
    Kind.PARTIAL_DEPTH: {
        "e": "depthUpdate", "E": 1779339080305, "T": 1779339080300, "s": _OPTION, "U": 465, "u": 467,
        "pu": 464, "b": [["770.0", "16.0"]], "a": [["800.0", "3.1"]],
    },
    Kind.KLINE: {"e": "kline", "E": 1779339080305, "s": _OPTION, "k": _candle("B", s=_OPTION)},
    Kind.TICKER: _window("24hrTicker", "ps", s=_OPTION, c="765.0", v="12.50"),
    Kind.OPTION_MARK_PRICE: {
        "s": _OPTION, "mp": "770.543", "E": 1779339081000, "e": "markPrice", "i": "91231.12", "P": "0.250",
        "bo": "769.1", "ao": "790.4", "bq": "16.00", "aq": "21.40", "b": "0.35", "a": "-1.0", "hl": "2280.0",
        "ll": "100.0", "vo": "0.61", "rf": "0.01", "d": "-0.10211", "t": "-92.1044", "g": "0.00002",
        "v": "26.3",
    },
    Kind.INDEX_PRICE: {"e": "indexPrice", "E": 1779339081000, "s": "BTCUSDT", "p": "91231.12000000"},
    Kind.OPEN_INTEREST: {
        "e": "openInterest", "E": 1779339060000, "s": _OPTION, "o": "12.5", "h": "1.6711317692476314E7",
    },
}  # fmt: skip

_CONTRACT: Final = "0x55d398326f99059fF775485246999027B3197955"

_ALPHA: Final[dict[Kind, Event]] = {
    Kind.BOOK_TICKER: {
        "e": "bookTicker", "E": 1779339080305, "T": 1779339080300, "u": 990001, "s": "ALPHA_474USDT",
        "b": "0.051230", "B": "1400", "a": "0.051240", "A": "77",
    },
    Kind.TRADE: {
        "e": "trade", "E": 1779339080305, "T": 1779339080300, "s": "ALPHA_474USDT", "t": 103,
        "p": "0.051230", "q": "1400", "m": False,
    },
    Kind.AGG_TRADE: {
        "e": "aggTrade", "E": 1779339080305, "T": 1779339080300, "a": 9001, "f": 100, "l": 102, "m": False,
        "p": "0.051230", "q": "1400", "s": "ALPHA_474USDT",
    },
    Kind.DIFF_DEPTH: {
        "e": "depthUpdate", "E": 1779339080305, "T": 1779339080300, "U": 31, "u": 34, "pu": 30,
        "s": "ALPHA_474USDT", "b": [["0.051230", "1400"]], "a": [["0.051240", "77"], ["0.051250", "9"]],
    },
    Kind.PARTIAL_DEPTH: {
        "e": "depthUpdate", "E": 1779339080305, "T": 1779339080300, "U": 31, "u": 34, "pu": 30,
        "s": "ALPHA_474USDT", "b": [["0.051230", "1400"]], "a": [["0.051240", "77"]],
    },
    Kind.KLINE: {
        "e": "kline", "E": 1779339080305, "s": "ALPHA_474USDT", "k": _candle(s="ALPHA_474USDT"),
    },
    Kind.CONTRACT_KLINE: {
        "ca": f"{_CONTRACT}@56", "e": "kline",
        "k": {
            "o": "0.051", "c": "0.0512", "h": "0.0515", "l": "0.0509", "v": "120000.5", "ot": 1779339060000,
            "ct": 1779339119999, "i": "1m",
        },
    },
    Kind.TICKER: _window("24hrTicker", "ps", s="ALPHA_474USDT"),
    Kind.MINI_TICKER: _SHORT_WINDOW | {"s": "ALPHA_474USDT"},
}  # fmt: skip

_BY_MARKET: Final = {"spot": _SPOT, "usdm": _USDM, "coinm": _COINM, "options": _OPTIONS, "alpha": _ALPHA}

#: One event per kind and market, keys in the order of the wire; figures of our own.
EVENTS: Final[dict[Case, Event]] = {
    (kind, market): event for market, events in _BY_MARKET.items() for kind, event in events.items()
}

_NAMES: Final = {
    Kind.BOOK_TICKER: "@bookTicker", Kind.TRADE: "@trade", Kind.AGG_TRADE: "@aggTrade",
    Kind.DIFF_DEPTH: "@depth@100ms", Kind.PARTIAL_DEPTH: "@depth5@100ms", Kind.BLOCK_TRADE: "@blockTrade",
    Kind.KLINE: "@kline_1m", Kind.CONTINUOUS_KLINE: "@continuousKline_1m",
    Kind.INDEX_PRICE_KLINE: "@indexPriceKline_1m", Kind.MARK_PRICE_KLINE: "@markPriceKline_1m",
    Kind.TICKER: "@ticker", Kind.ROLLING_TICKER: "@ticker_4h", Kind.MINI_TICKER: "@miniTicker",
    Kind.AVERAGE_PRICE: "@avgPrice", Kind.REFERENCE_PRICE: "@referencePrice",
    Kind.MARK_PRICE: "@markPrice@1s", Kind.INDEX_PRICE: "@indexPrice@1s", Kind.FORCE_ORDER: "@forceOrder",
    Kind.ASSET_INDEX: "@assetIndex",
}  # fmt: skip

#: Streams whose name does not begin with the symbol that their payload names.
_ODD_STREAMS: Final[dict[Case, tuple[str, str | None]]] = {
    (Kind.CONTINUOUS_KLINE, "usdm"): ("btcusdt_perpetual@continuousKline_1m", "BTCUSDT_PERPETUAL"),
    (Kind.CONTINUOUS_KLINE, "coinm"): ("btcusd_next_quarter@continuousKline_1m", "BTCUSD_NEXT_QUARTER"),
    (Kind.INDEX_PRICE_KLINE, "coinm"): ("btcusd@indexPriceKline_1m", "BTCUSD"),
    (Kind.MARK_PRICE_KLINE, "coinm"): ("btcusd_perp@markPriceKline_1m", "BTCUSD_PERP"),
    (Kind.TRADE, "options"): (f"{_OPTION.lower()}@optionTrade", _OPTION),
    (Kind.TICKER, "options"): (f"{_OPTION.lower()}@optionTicker", _OPTION),
    (Kind.OPTION_MARK_PRICE, "options"): ("btcusdt@optionMarkPrice", None),
    (Kind.INDEX_PRICE, "options"): ("!index@arr", None),
    (Kind.OPEN_INTEREST, "options"): ("btcusdt@openInterest@261225", None),
    (Kind.DIFF_DEPTH, "alpha"): ("alpha_474usdt@fulldepth@100ms", "ALPHA_474USDT"),
    (Kind.CONTRACT_KLINE, "alpha"): (f"came@{_CONTRACT}@56@kline_1m", None),
}


def _stream_of(case: Case) -> tuple[str, str | None]:
    """Return the name of a stream and the symbol of its ring."""
    if case in _ODD_STREAMS:
        return _ODD_STREAMS[case]
    event = EVENTS[case]["o"] if case[0] is Kind.FORCE_ORDER else EVENTS[case]
    symbol = event.get("s", event.get("i", "BTCUSDT"))  # spot partial depth names none
    return symbol.lower() + _NAMES[case[0]], symbol


_PUBLIC: Final = (Kind.BOOK_TICKER, Kind.TRADE, Kind.DIFF_DEPTH, Kind.PARTIAL_DEPTH)


def _ws_key_of(case: Case) -> str:
    kind, market = case
    if market == "usdm":
        return "usdmPublic" if kind in _PUBLIC else "usdmMarket"
    if market == "options":
        return "eoptionsPublic" if kind in (*_PUBLIC, Kind.TICKER) else "eoptionsMarket"
    return "main" if market == "spot" else market


#: Stream and WsKey of each of them.
STREAMS: Final[dict[Case, tuple[str, str]]] = {
    case: (_stream_of(case)[0], _ws_key_of(case)) for case in EVENTS
}

#: The symbol of each stream's ring; None where the ring is one of many symbols.
SYMBOLS: Final[dict[Case, str | None]] = {case: _stream_of(case)[1] for case in EVENTS}

CASES: Final = list(EVENTS)
IDS: Final = [f"{market} {kind.name.lower()}" for kind, market in CASES]

#: The market whose event stands for a kind, where one is enough: the first that has it.
HOME: Final[dict[Kind, str]] = dict(reversed(CASES))

_FAST_KINDS: Final = (
    Kind.BOOK_TICKER, Kind.TRADE, Kind.AGG_TRADE, Kind.DIFF_DEPTH, Kind.PARTIAL_DEPTH, Kind.KLINE,
    Kind.CONTINUOUS_KLINE, Kind.MINI_TICKER, Kind.MARK_PRICE,
)  # fmt: skip
# Alpha has key orders of its own, in which nobody needs nanoseconds.
_SLOW_ON_ALPHA: Final = (Kind.BOOK_TICKER, Kind.AGG_TRADE, Kind.DIFF_DEPTH, Kind.PARTIAL_DEPTH)

#: Kinds and markets that the fast path must take in the key order of the wire.
FAST: Final = [
    (kind, market)
    for kind, market in CASES
    if kind in _FAST_KINDS and not (market == "alpha" and kind in _SLOW_ON_ALPHA)
]
