"""Stream names and URLs as the simulated exchange reads them."""

import pytest

from fastbinance.keys import Market, Part
from fastbinance.sim.channels import (
    REAL_TIME,
    ArrayOf,
    Asked,
    Channel,
    OfIndex,
    OfMany,
    OfSymbol,
    Topic,
    is_well_formed,
    parse_channel,
    part_of,
)
from fastbinance.sim.hosts import HOSTS, Refusal, Target, parse_target
from fastbinance.sim.timeunit import MICROSECONDS, MILLISECONDS, TimeUnit
from fastbinance.sim.universe import Universe

SPOT, USDM, COINM, OPTIONS, ALPHA = (
    next(host for host in HOSTS if host.market == market)
    for market in ("spot", "usdm", "coinm", "options", "alpha")
)

KNOWN: list[tuple[str, Market, str, Channel]] = [
    ("btcusdt@bookTicker", "spot", "BTCUSDT", Channel(Topic.BOOK_TICKER)),
    ("btcusdt@trade", "usdm", "BTCUSDT", Channel(Topic.TRADE)),
    ("btcusdt@aggTrade", "spot", "BTCUSDT", Channel(Topic.AGG_TRADE)),
    ("btcusdt@aggTrade", "usdm", "BTCUSDT", Channel(Topic.AGG_TRADE, 100)),
    ("btcusdt@depth", "spot", "BTCUSDT", Channel(Topic.DIFF_DEPTH, 1000)),
    ("btcusdt@depth@100ms", "spot", "BTCUSDT", Channel(Topic.DIFF_DEPTH, 100)),
    ("btcusd_perp@depth", "coinm", "BTCUSD_PERP", Channel(Topic.DIFF_DEPTH, 250)),
    ("btcusdt@depth@500ms", "usdm", "BTCUSDT", Channel(Topic.DIFF_DEPTH, 500)),
    ("btcusdt@depth20", "spot", "BTCUSDT", Channel(Topic.PARTIAL_DEPTH, 1000, 20)),
    ("btcusdt@depth5@100ms", "usdm", "BTCUSDT", Channel(Topic.PARTIAL_DEPTH, 100, 5)),
    ("牛来usdt@bookTicker", "usdm", "牛来USDT", Channel(Topic.BOOK_TICKER)),
    ("btcusdt@kline_1s", "spot", "BTCUSDT", Channel(Topic.KLINE, 1000, interval="1s")),
    ("btcusdt@kline_1M@+08:00", "spot", "BTCUSDT", Channel(Topic.KLINE, 2000, 0, "1M", "+08:00")),
    ("btcusdt@referencePrice", "spot", "BTCUSDT", Channel(Topic.REFERENCE_PRICE, 1000)),
    ("btcusdt@blockTrade", "spot", "BTCUSDT", Channel(Topic.BLOCK_TRADE)),
    ("btcusdt@avgPrice", "spot", "BTCUSDT", Channel(Topic.AVERAGE_PRICE, 1000)),
    ("btcusdt@ticker_4h", "spot", "BTCUSDT", Channel(Topic.ROLLING_TICKER, 1000, interval="4h")),
    ("btcusdt@ticker", "spot", "BTCUSDT", Channel(Topic.TICKER, 1000)),
    ("btcusdt@ticker", "usdm", "BTCUSDT", Channel(Topic.TICKER, 2000)),
    ("btcusd_perp@ticker", "coinm", "BTCUSD_PERP", Channel(Topic.TICKER, 500)),
    ("btcusdt@miniTicker", "usdm", "BTCUSDT", Channel(Topic.MINI_TICKER, 2000)),
    ("btcusd_perp@miniTicker", "coinm", "BTCUSD_PERP", Channel(Topic.MINI_TICKER, 500)),
    ("btcusdt@kline_8h", "usdm", "BTCUSDT", Channel(Topic.KLINE, 250, interval="8h")),
    ("btcusdt@markPrice", "usdm", "BTCUSDT", Channel(Topic.MARK_PRICE, 3000)),
    ("btcusdt@markPrice@1s", "usdm", "BTCUSDT", Channel(Topic.MARK_PRICE, 1000)),
    ("btcusdt@rpiDepth@500ms", "usdm", "BTCUSDT", Channel(Topic.RPI_DEPTH, 500)),
    ("btcusdt@forceOrder", "usdm", "BTCUSDT", Channel(Topic.FORCE_ORDER, 1000)),
    ("btcusdt@depth@0ms", "usdm", "BTCUSDT", Channel(Topic.DIFF_DEPTH, REAL_TIME)),
    (
        "tslausdt_tradifi_perpetual@continuousKline_1s",
        "usdm",
        "TSLAUSDT",
        Channel(Topic.CONTINUOUS_KLINE, 250, 0, "1s", "TRADIFI_PERPETUAL"),
    ),
    (
        "btcusd_next_quarter@continuousKline_1h",
        "coinm",
        "BTCUSD",
        Channel(Topic.CONTINUOUS_KLINE, 250, 0, "1h", "NEXT_QUARTER"),
    ),
    (
        "btcusd@indexPriceKline_1m",
        "coinm",
        "BTCUSD_PERP",
        Channel(Topic.INDEX_PRICE_KLINE, 250, interval="1m"),
    ),
    ("btc-261225-90000-c@optionTrade", "options", "BTC-261225-90000-C", Channel(Topic.TRADE, 50)),
    (
        "btc-261225-90000-c@kline_1w",
        "options",
        "BTC-261225-90000-C",
        Channel(Topic.KLINE, 1000, interval="1w"),
    ),
    ("btc-261225-90000-c@depth@500ms", "options", "BTC-261225-90000-C", Channel(Topic.DIFF_DEPTH, 500)),
    ("alpha_1usdt@fulldepth@0ms", "alpha", "ALPHA_1USDT", Channel(Topic.DIFF_DEPTH, REAL_TIME)),
    ("alpha_1usdt@depth5@500ms", "alpha", "ALPHA_1USDT", Channel(Topic.PARTIAL_DEPTH, 500, 5)),
    ("came@0xAb@56@kline_1d", "alpha", "0xAb@56", Channel(Topic.CONTRACT_KLINE, 1000, interval="1d")),
]
MERGED = Universe(("usdm", "coinm"))
OF_MANY: list[tuple[str, Market, Asked]] = [
    ("!bookTicker", "usdm", OfMany(MERGED, Channel(Topic.BOOK_TICKER, 5000))),
    ("!bookTicker", "coinm", OfMany(MERGED, Channel(Topic.BOOK_TICKER, REAL_TIME))),
    ("!forceOrder@arr", "coinm", OfMany(MERGED, Channel(Topic.FORCE_ORDER, 1000))),
    ("!contractInfo", "usdm", OfMany(MERGED, Channel(Topic.CONTRACT_INFO))),
    ("!ticker@arr", "usdm", ArrayOf(MERGED, Channel(Topic.TICKER, 1000))),
    ("!miniTicker@arr", "spot", ArrayOf(Universe(("spot",)), Channel(Topic.MINI_TICKER, 1000))),
    ("!ticker_1d@arr", "spot", ArrayOf(Universe(("spot",)), Channel(Topic.ROLLING_TICKER, 1000, 0, "1d"))),
    ("!markPrice@arr@1s", "usdm", ArrayOf(Universe(("usdm",)), Channel(Topic.MARK_PRICE, 1000))),
    ("btcusd@markPrice", "coinm", ArrayOf(Universe(("coinm",), "BTCUSD"), Channel(Topic.MARK_PRICE, 3000))),
    ("!assetIndex@arr", "usdm", OfIndex("", Channel(Topic.ASSET_INDEX, 1000))),
    ("adausd@assetIndex", "usdm", OfIndex("ADAUSD", Channel(Topic.ASSET_INDEX, 1000))),
    ("tradingSession", "usdm", OfIndex("", Channel(Topic.TRADING_SESSION, 1000))),
    ("btcusd@indexPrice", "coinm", OfIndex("BTCUSD", Channel(Topic.INDEX_PRICE, 3000))),
    ("!index@arr", "options", OfIndex("", Channel(Topic.OPTION_INDEX, 1000))),
    ("!optionSymbol", "options", OfMany(Universe(("options",)), Channel(Topic.OPTION_SYMBOL, 50))),
    (
        "btcusdt@openInterest@261225",
        "options",
        ArrayOf(Universe(("options",), "BTCUSDT", "261225"), Channel(Topic.OPEN_INTEREST, 60_000)),
    ),
    (
        "ethusdt@optionTicker@261225",
        "options",
        ArrayOf(Universe(("options",), "ETHUSDT", "261225"), Channel(Topic.TICKER, 1000)),
    ),
    ("btcusdt@optionTrade", "options", OfMany(Universe(("options",), "BTCUSDT"), Channel(Topic.TRADE, 50))),
    ("came@allTokens@ticker24", "alpha", OfIndex("", Channel(Topic.ALL_TOKENS, 1000))),
]
SILENT: list[tuple[str, Market]] = [
    ("BTCUSDT@bookTicker", "spot"),
    ("btcusdt@bookticker", "spot"),
    ("btcusdt@depth@250ms", "usdm"),
    ("btcusdt@depth@500ms", "spot"),
    ("btcusdt@depth7", "spot"),
    ("btcusdt@kline_2m", "spot"),
    ("btcusdt@kline_1m@+09:00", "spot"),
    ("btcusdt@kline_1s", "usdm"),
    ("btcusdt@kline_1m@+08:00", "usdm"),
    ("!bookTicker", "spot"),
    ("!ticker@arr", "spot"),
    ("!ticker_2h@arr", "spot"),
    ("btcusdt@depth@0ms", "spot"),
    ("btcusdt@markPrice", "spot"),
    ("btcusdt@blockTrade", "usdm"),
    ("btcusdt@referencePrice", "usdm"),
    ("btcusdt@rpiDepth", "usdm"),
    ("btcusdt_perpetual@continuousKline_2m", "usdm"),
    ("btcusdt_weekly@continuousKline_1m", "usdm"),
    ("btcusd@markPriceKline_1m", "coinm"),
    ("btcusd@kline_1m", "coinm"),
    ("!markPrice@arr", "coinm"),
    ("tradingSession", "coinm"),
    ("btcusd_tradifi_perpetual@continuousKline_1m", "coinm"),
    ("btc-261225-90000-c@depth", "options"),
    ("btc-261225-90000-c@depth20", "options"),
    ("btc-261225-90000-c@kline_8h", "options"),
    ("btc-261225-90000-c@trade", "options"),
    ("btcusdt@openInterest", "options"),
    ("btcusdt@bookTicker", "options"),
    ("!bookTicker", "options"),
    ("alpha_1usdt@depth@100ms", "alpha"),
    ("alpha_1usdt@kline_1s", "alpha"),
    ("came@0xAb@56@kline_1w", "alpha"),
    ("came@0xAb@kline_1m", "alpha"),
    ("!index@arr", "alpha"),
    ("@bookTicker", "spot"),
    ("btcusdt", "spot"),
]
ROUTES: list[tuple[str, Part]] = [
    ("btcusdt@bookTicker", "public"),
    ("!bookTicker", "public"),
    ("btcusdt@depth", "public"),
    ("btcusdt@depth20@500ms", "public"),
    ("btcusdt@rpiDepth@500ms", "public"),
    ("btcusdt@trade", "public"),
    ("btcusdt@aggTrade", "market"),
    ("btcusdt@markPrice@1s", "market"),
    ("!ticker@arr", "market"),
    ("tradingSession", "market"),
]
MALFORMED = [
    "",
    "not a stream",
    "@@@junk###",
    "btcusdt@",
    "btcusdt@trade/ethusdt@trade",
    'btc"usdt@trade',
    "a\n@b",
]
PATHS = [
    ("raw, later", SPOT, "/ws", Target(False, None, ())),
    ("raw, trailing slash", SPOT, "/ws/", Target(False, None, ())),
    ("raw, one", SPOT, "/ws/btcusdt@trade", Target(False, None, ("btcusdt@trade",))),
    (
        "raw, two",
        SPOT,
        "/ws/btcusdt@trade/ethusdt@depth",
        Target(False, None, ("btcusdt@trade", "ethusdt@depth")),
    ),
    ("combined, later", SPOT, "/stream", Target(True, None, ())),
    ("combined, empty", SPOT, "/stream?streams=", Target(True, None, ())),
    ("combined, two", SPOT, "/stream?streams=a@trade/b@trade", Target(True, None, ("a@trade", "b@trade"))),
    ("percent signs", SPOT, "/stream?streams=btcusdt%40trade", Target(True, None, ("btcusdt@trade",))),
    ("a plus stays", SPOT, "/stream?streams=a@kline_1d@+08:00", Target(True, None, ("a@kline_1d@+08:00",))),
    ("UTF-8", USDM, "/public/ws/%E7%89%9B%E6%9D%A5usdt@trade", Target(False, "public", ("牛来usdt@trade",))),
    ("routed", USDM, "/market/stream?streams=a@aggTrade", Target(True, "market", ("a@aggTrade",))),
    ("un-routed", USDM, "/ws/a@trade", Target(False, "public", ("a@trade",))),
    (
        "listen key",
        USDM,
        "/private/ws/abcdef",
        Target(False, "private", (), listen_keys=(("abcdef", None),)),
    ),
    (
        "listen keys with events",
        USDM,
        "/private/stream?listenKey=a&events=X/Y&listenKey=b",
        Target(True, "private", (), listen_keys=(("a", frozenset({"X", "Y"})), ("b", None))),
    ),
    (
        "events of no key",
        USDM,
        "/private/ws?events=X&listenKey=",
        Target(False, "private", ()),
    ),
    ("not split", COINM, "/stream", Target(True, None, ())),
    ("options, routed", OPTIONS, "/market/ws/!index@arr", Target(False, "market", ("!index@arr",))),
    ("options, un-routed", OPTIONS, "/stream", Target(True, "public", ())),
    ("Alpha", ALPHA, "/w3w/wsa/stream?streams=!bookTicker", Target(True, None, ("!bookTicker",))),
]


@pytest.mark.parametrize(("name", "market", "symbol", "channel"), KNOWN)
def test_known_stream_names_a_symbol_and_a_channel(
    name: str, market: Market, symbol: str, channel: Channel
) -> None:
    assert parse_channel(name, market) == OfSymbol(symbol, channel)


@pytest.mark.parametrize(("name", "market", "asked"), OF_MANY)
def test_name_of_many_symbols_says_which_and_whether_they_share_a_frame(
    name: str, market: Market, asked: Asked
) -> None:
    found = parse_channel(name, market)
    assert (found, type(found)) == (asked, type(asked))


@pytest.mark.parametrize(("name", "market"), SILENT)
def test_stream_that_does_not_exist_has_no_channel(name: str, market: Market) -> None:
    assert parse_channel(name, market) is None


@pytest.mark.parametrize(("name", "part"), ROUTES)
def test_every_usdm_stream_has_one_route(name: str, part: Part) -> None:
    assert part_of(name, "usdm") == part


@pytest.mark.parametrize("name", MALFORMED)
def test_malformed_name_is_not_acknowledged(name: str) -> None:
    assert not is_well_formed(name)


@pytest.mark.parametrize(
    "name", [*(row[0] for row in KNOWN), *(row[0] for row in ROUTES), "btcusdt@nosuchstream"]
)
def test_well_formed_name_is_acknowledged_whether_it_exists_or_not(name: str) -> None:
    assert is_well_formed(name)


@pytest.mark.parametrize(
    ("host", "path", "target"), [row[1:] for row in PATHS], ids=[row[0] for row in PATHS]
)
def test_path_says_form_route_and_streams(host: object, path: str, target: Target) -> None:
    assert parse_target(host, path) == target  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "path", ["/", "/stream/x", "/ws-api/v3", "/wss/btcusdt@trade", "/public/ws", "/market/stream"]
)
def test_unknown_path_is_not_found_on_spot(path: str) -> None:
    refusal = parse_target(SPOT, path)
    assert isinstance(refusal, Refusal)
    assert refusal.status == 404


@pytest.mark.parametrize("path", ["/stream", "/w3w/stream", "/w3w/wsa/ws", "/w3w/wsa/ws/!bookTicker", "/ws"])
def test_alpha_has_one_path(path: str) -> None:
    refusal = parse_target(ALPHA, path)
    assert isinstance(refusal, Refusal)
    assert refusal.status == 404


@pytest.mark.parametrize(
    ("query", "unit"),
    [
        ("timeUnit=MICROSECOND", MICROSECONDS),
        ("timeUnit=microsecond", MICROSECONDS),
        ("streams=a@trade&timeUnit=MICROSECOND", MICROSECONDS),
        ("timeUnit=millisecond", MILLISECONDS),
        ("", MILLISECONDS),
    ],
)
def test_spot_spells_times_in_the_unit_of_the_url_and_futures_do_not_care(query: str, unit: TimeUnit) -> None:
    target, other = parse_target(SPOT, f"/stream?{query}"), parse_target(USDM, f"/public/stream?{query}")
    assert isinstance(target, Target)
    assert isinstance(other, Target)
    assert (target.time_unit, other.time_unit) == (unit, MILLISECONDS)


@pytest.mark.parametrize("query", ["timeUnit=FORTNIGHT", "timeUnit="])
def test_time_unit_that_does_not_exist_is_refused(query: str) -> None:
    refusal = parse_target(SPOT, f"/stream?{query}")
    assert isinstance(refusal, Refusal)
    assert (refusal.status, "MICROSECOND" in refusal.reason) == (400, True)
