"""One message of every shape that has a record: what generators vary and seeds are made of. Figures of our own."""

from typing import Any, Final, NamedTuple


class Template(NamedTuple):
    """A stream of a market, and what it brings."""

    market: str
    stream: str
    event: Any


_CANDLE: Final = {
    "t": 1760000040000, "T": 1760000099999, "s": "BTCUSDT", "i": "1m", "f": 100, "L": 200, "o": "16500.10",
    "c": "16500.20", "h": "16510.00", "l": "16490.55", "v": "1000.5", "n": 101, "x": False, "q": "16508000.25",
    "V": "500.25", "Q": "8254000.125", "B": "0",
}  # fmt: skip
_TICKER: Final = {
    "p": "-12.50", "P": "-0.076", "w": "16480.12345678", "c": "16500.10", "Q": "0.005", "o": "16512.60",
    "h": "16600.00", "l": "16400.00", "v": "12345678901.12300000", "q": "20345678901.12345678",
    "O": 1759913600000, "C": 1760000000000, "F": 100, "L": 18150, "n": 18051,
}  # fmt: skip
_MINI: Final = {
    "c": "16500.10", "o": "16512.60", "h": "16600.00", "l": "16400.00", "v": "12345678901.12300000",
    "q": "20345678901.12345678",
}  # fmt: skip


def _without(event: dict[str, Any], *keys: str) -> dict[str, Any]:
    return {key: value for key, value in event.items() if key not in keys}


def _mark(symbol: str, price: str, **more: Any) -> dict[str, Any]:
    return {"e": "markPriceUpdate", "E": 1760000001000, "s": symbol, "p": price, **more}


_FUNDED: Final = {"ap": "64021.1", "P": "64011.55", "i": "64020.98", "r": "-0.00002917", "T": 1760025600000, "st": 1}
_DELIVERED: Final = {"P": "64011.55", "i": "", "r": "", "T": 0}

_ORDER: Final = {
    "s": "BTCUSDT", "S": "SELL", "o": "LIMIT", "f": "IOC", "q": "0.014", "p": "9910", "ap": "9915.5", "X": "FILLED",
    "l": "0.014", "z": "0.014", "T": 1760000001000,
}  # fmt: skip

TEMPLATES: Final[tuple[Template, ...]] = tuple(
    Template(*row)
    for row in (
        ("spot", "btcusdt@bookTicker", {
            "u": 400900217, "s": "BTCUSDT", "b": "25.35190000", "B": "31.21000000", "a": "25.36520000",
            "A": "40.66000000"}),
        ("usdm", "btcusdt@bookTicker", {
            "e": "bookTicker", "u": 5123107838349, "s": "BTCUSDT", "ps": "BTCUSDT", "b": "64021.10", "B": "3.029",
            "a": "64021.20", "A": "12.5", "T": 1723161256302, "E": 1723161256303, "st": 1}),
        ("coinm", "btcusd_perp@bookTicker", {
            "u": 5123107838350, "e": "bookTicker", "s": "BTCUSD_PERP", "ps": "BTCUSD", "b": "64021.1", "B": "57618",
            "a": "64021.2", "A": "7", "T": 1723161256302, "E": 1723161256303}),
        ("usdm", "!bookTicker", {
            "e": "bookTicker", "u": 5123107838349, "E": 1723161256303, "T": 1723161256302, "s": "ETHUSDT",
            "b": "64021.10", "B": "3.029", "a": "64021.20", "A": "12.5"}),
        ("spot", "btcusdt@trade", {
            "e": "trade", "E": 1672515782136, "s": "BTCUSDT", "t": 12345, "p": "16500.01000000", "q": "0.00100000",
            "T": 1672515782135, "m": True, "M": True}),
        ("usdm", "btcusdt@trade", {
            "e": "trade", "E": 1723161256303, "T": 1723161256302, "s": "BTCUSDT", "t": 5000000001, "p": "64021.10",
            "q": "0.005", "X": "MARKET", "m": False, "st": 1}),
        ("options", "btc-261225-126000-c@optionTrade", {
            "e": "trade", "E": 1760000001000, "T": 1760000000990, "s": "BTC-261225-126000-C", "t": 4611869234,
            "p": "4550.000", "q": "0.20", "X": "MARKET", "S": "BUY", "m": False}),
        ("spot", "btcusdt@blockTrade", {
            "e": "blockTrade", "E": 1760000001000, "s": "BTCUSDT", "t": 77, "p": "16500.01", "q": "250.5",
            "T": 1760000000990, "m": True, "M": True}),
        ("spot", "btcusdt@aggTrade", {
            "e": "aggTrade", "E": 1672515782136, "s": "BTCUSDT", "a": 164325, "p": "16500.01000000",
            "q": "1.25000000", "f": 100, "l": 105, "T": 1672515782135, "m": True, "M": True}),
        ("usdm", "btcusdt@aggTrade", {
            "e": "aggTrade", "E": 1723161256303, "a": 3404749954, "s": "BTCUSDT", "p": "64021.10", "q": "3.029",
            "nq": "3.000", "f": 7960913511, "l": 7960913512, "T": 1723161256302, "m": False, "st": 1}),
        ("spot", "btcusdt@depth@100ms", {
            "e": "depthUpdate", "E": 1672515782136, "s": "BTCUSDT", "U": 157, "u": 160,
            "b": [["16500.01000000", "10.00000000"], ["16499.99000000", "0.00000000"]],
            "a": [["16500.02000000", "0.10000000"]]}),
        ("usdm", "btcusdt@depth@100ms", {
            "e": "depthUpdate", "E": 1723161256303, "T": 1723161256302, "s": "BTCUSDT", "ps": "BTCUSDT", "U": 1570,
            "u": 1600, "pu": -1, "b": [["64021.10", "10"], ["64021.20", "0"]], "a": [["64022.00", "0.1"]],
            "st": 1}),
        ("spot", "btcusdt@depth5@100ms", {
            "lastUpdateId": 160, "bids": [["16500.01000000", "10.00000000"], ["16499.99000000", "2.00000000"]],
            "asks": [["16500.02000000", "0.10000000"], ["16500.03000000", "7.00000000"]]}),
        ("usdm", "btcusdt@depth5@100ms", {
            "e": "depthUpdate", "E": 1723161256303, "T": 1723161256302, "s": "BTCUSDT", "U": 1570, "u": 1600,
            "pu": 1490, "b": [["64021.10", "10"], ["64021.00", "8"]], "a": [["64022.00", "0.1"]]}),
        ("spot", "btcusdt@kline_1m", {"e": "kline", "E": 1760000060000, "s": "BTCUSDT", "k": _CANDLE}),
        ("usdm", "btcusdt@kline_1m", {
            "e": "kline", "E": 1760000060000, "s": "BTCUSDT", "k": _CANDLE | {"f": -1, "L": -1, "n": 0, "x": True},
            "st": 1}),
        ("options", "btc-261225-126000-c@kline_1m", {
            "e": "kline", "E": 1760000060000, "s": "BTC-261225-126000-C",
            "k": _without(_CANDLE, "B") | {"s": "BTC-261225-126000-C"}}),
        ("usdm", "btcusdt_perpetual@continuousKline_1m", {
            "e": "continuous_kline", "E": 1760000060000, "ps": "BTCUSDT", "ct": "PERPETUAL",
            "k": _without(_CANDLE, "s")}),
        # As long as names are that the fast path compares in one step.
        ("usdm", "1000000mogusdt_current_quarter@continuousKline_1m", {
            "e": "continuous_kline", "E": 1760000060000, "ps": "1000000MOGUSDT", "ct": "CURRENT_QUARTER",
            "k": _without(_CANDLE, "s")}),
        ("coinm", "btcusd@indexPriceKline_1m", {
            "e": "indexPrice_kline", "E": 1760000060000, "ps": "BTCUSD", "k": _CANDLE | {"s": "0"}}),
        ("coinm", "btcusd_perp@markPriceKline_1m", {
            "e": "markPrice_kline", "E": 1760000060000, "ps": "BTCUSD", "k": _CANDLE | {"s": "BTCUSD_PERP"}}),
        ("alpha", "came@0x12ab34cd@56@kline_1m", {
            "e": "kline", "ca": "0x12ab34cd@56",
            "k": {"ot": 1760000040000, "ct": 1760000099999, "i": "1m", "o": "0.0012", "c": "0.0013", "h": "0.0014",
                  "l": "0.0011", "v": "1.6711317692476314E7"}}),
        ("spot", "btcusdt@ticker", {
            "e": "24hrTicker", "E": 1760000000001, "s": "BTCUSDT", **_TICKER, "x": "16512.50", "b": "16500.00",
            "B": "3.1", "a": "16500.10", "A": "0.7"}),
        ("usdm", "!ticker@arr", [
            {"e": "24hrTicker", "E": 1760000000001, "s": "BTCUSDT", **_TICKER},
            {"e": "24hrTicker", "E": 1760000000001, "s": "ETHUSDT", **_TICKER, "st": 1}]),
        ("spot", "btcusdt@ticker_1h", {
            "e": "1hTicker", "E": 1760000000001, "s": "BTCUSDT", **_without(_TICKER, "Q")}),
        ("spot", "!ticker_4h@arr", [
            {"e": "4hTicker", "E": 1760000000001, "s": "BTCUSDT", **_without(_TICKER, "Q")}]),
        ("spot", "btcusdt@miniTicker", {"e": "24hrMiniTicker", "E": 1760000000001, "s": "BTCUSDT", **_MINI}),
        ("coinm", "!miniTicker@arr", [
            {"e": "24hrMiniTicker", "E": 1760000000001, "s": "BTCUSD_PERP", "ps": "BTCUSD", **_MINI},
            {"e": "24hrMiniTicker", "E": 1760000000001, "s": "ETHUSD_PERP", "ps": "ETHUSD", **_MINI},
            {"e": "24hrMiniTicker", "E": 1760000000002, "s": "BTCUSD_PERP", "ps": "BTCUSD", **_MINI, "st": 2}]),
        ("spot", "btcusdt@avgPrice", {
            "e": "avgPrice", "E": 1760000000001, "s": "BTCUSDT", "i": "5m", "w": "16499.87654321",
            "T": 1759999999954}),
        ("spot", "btcusdt@referencePrice", {
            "e": "referencePrice", "s": "BTCUSDT", "r": "16500.00", "t": 1760000000001}),
        ("spot", "ethusdt@referencePrice", {
            "e": "referencePrice", "s": "ETHUSDT", "r": None, "t": 1760000000001}),
        ("usdm", "btcusdt@markPrice@1s", _mark("BTCUSDT", "64021.17500000", **_FUNDED)),
        ("coinm", "btcusd_261225@markPrice", _mark("BTCUSD_261225", "64021.1", **_DELIVERED)),
        ("usdm", "!markPrice@arr@1s", [
            _mark("BTCUSDT", "64021.17500000", **_FUNDED), _mark("ETHUSDT", "2410.5", **_FUNDED),
            _mark("BTCUSDT_261225", "64100.0", **(_DELIVERED | {"i": "64000.1"}))]),
        ("options", "btcusdt@optionMarkPrice", [{
            "e": "markPrice", "E": 1760000000001, "s": "BTC-261225-126000-C", "mp": "770.543", "P": "0.000",
            "bo": "0.000", "ao": "900.000", "bq": "0.0000", "aq": "0.2000", "b": "-1.0", "a": "0.98161161",
            "hl": "924.652", "ll": "616.435", "vo": "0.9408058", "rf": "0.000", "d": "0.11111964",
            "t": "-164.26702615", "g": "0.00001245", "v": "30.63855919", "i": "64021.0"}]),
        ("coinm", "btcusd@indexPrice@1s", {
            "e": "indexPriceUpdate", "E": 1760000000001, "i": "BTCUSD", "p": "64021.00"}),
        ("options", "!index@arr", [
            {"e": "indexPrice", "E": 1760000000001, "s": "BTCUSDT", "p": "64021.00"},
            {"e": "indexPrice", "E": 1760000000001, "s": "ETHUSDT", "p": "2410.07"}]),
        ("usdm", "btcusdt@forceOrder", {"e": "forceOrder", "E": 1760000001001, "o": _ORDER}),
        ("coinm", "!forceOrder@arr", {
            "e": "forceOrder", "E": 1760000001001, "o": _ORDER | {"s": "BTCUSD_PERP", "ps": "BTCUSD", "st": 2}}),
        ("options", "ethusdt@openInterest@261225", [{
            "e": "openInterest", "E": 1760000000001, "s": "ETH-261225-2700-C", "o": "1580.87",
            "h": "1912992.178168204"}]),
        ("usdm", "!assetIndex@arr", [{
            "e": "assetIndexUpdate", "E": 1760000000001, "s": "ADAUSD", "i": "0.27462452", "b": "0.10000000",
            "a": "0.10000000", "B": "0.24716207", "A": "0.30208698", "q": "0.05000000", "g": "0.05000000",
            "Q": "0.26089330", "G": "0.28835575"}]),
        ("usdm", "adausd@assetIndex", {
            "e": "assetIndexUpdate", "E": 1760000000001, "s": "ADAUSD", "i": "0.27462452", "b": "0.10000000",
            "a": "0.10000000", "B": "0.24716207", "A": "0.30208698", "q": "0.05000000", "g": "0.05000000",
            "Q": "0.26089330", "G": "0.28835575"}),
    )
)  # fmt: skip

#: The service that a market's messages come from, as `decode` wants it.
KEYS: Final = {"spot": "main", "usdm": "usdm", "coinm": "coinm", "options": "eoptionsMarket", "alpha": "alpha"}
