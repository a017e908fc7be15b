"""Stream names and URLs as the simulated exchange reads them."""

import pytest

from fastbinance.keys import Market, Part
from fastbinance.sim.channels import REAL_TIME, Channel, is_well_formed, parse_channel, part_of
from fastbinance.sim.hosts import HOSTS, Refusal, Target, parse_target
from fastbinance.streams import Kind

SPOT, USDM, COINM = (
    next(host for host in HOSTS if host.market == market) for market in ("spot", "usdm", "coinm")
)

KNOWN: list[tuple[str, Market, str | None, Channel]] = [
    ("btcusdt@bookTicker", "spot", "BTCUSDT", Channel(Kind.BOOK_TICKER)),
    ("btcusdt@trade", "usdm", "BTCUSDT", Channel(Kind.TRADE)),
    ("btcusdt@aggTrade", "spot", "BTCUSDT", Channel(Kind.AGG_TRADE)),
    ("btcusdt@aggTrade", "usdm", "BTCUSDT", Channel(Kind.AGG_TRADE, 100)),
    ("btcusdt@depth", "spot", "BTCUSDT", Channel(Kind.DIFF_DEPTH, 1000)),
    ("btcusdt@depth@100ms", "spot", "BTCUSDT", Channel(Kind.DIFF_DEPTH, 100)),
    ("btcusd_perp@depth", "coinm", "BTCUSD_PERP", Channel(Kind.DIFF_DEPTH, 250)),
    ("btcusdt@depth@500ms", "usdm", "BTCUSDT", Channel(Kind.DIFF_DEPTH, 500)),
    ("btcusdt@depth20", "spot", "BTCUSDT", Channel(Kind.PARTIAL_DEPTH, 1000, 20)),
    ("btcusdt@depth5@100ms", "usdm", "BTCUSDT", Channel(Kind.PARTIAL_DEPTH, 100, 5)),
    ("牛来usdt@bookTicker", "usdm", "牛来USDT", Channel(Kind.BOOK_TICKER)),
    ("!bookTicker", "usdm", None, Channel(Kind.BOOK_TICKER, 5000)),
    ("!bookTicker", "coinm", None, Channel(Kind.BOOK_TICKER, REAL_TIME)),
]
SILENT: list[tuple[str, Market]] = [
    ("BTCUSDT@bookTicker", "spot"),
    ("btcusdt@bookticker", "spot"),
    ("btcusdt@depth@250ms", "usdm"),
    ("btcusdt@depth@500ms", "spot"),
    ("btcusdt@depth7", "spot"),
    ("btcusdt@kline_1m", "spot"),
    ("!bookTicker", "spot"),
    ("!miniTicker@arr", "usdm"),
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
    ("listen key", USDM, "/private/ws/abcdef", Target(False, "private", ())),
    ("not split", COINM, "/stream", Target(True, None, ())),
]


@pytest.mark.parametrize(("name", "market", "symbol", "channel"), KNOWN)
def test_known_stream_names_a_symbol_and_a_channel(
    name: str, market: Market, symbol: str | None, channel: Channel
) -> None:
    assert parse_channel(name, market) == (symbol, channel)


@pytest.mark.parametrize(("name", "market"), SILENT)
def test_stream_that_does_not_exist_has_no_channel(name: str, market: Market) -> None:
    assert parse_channel(name, market) is None


@pytest.mark.parametrize(("name", "part"), ROUTES)
def test_every_usdm_stream_has_one_route(name: str, part: Part) -> None:
    assert part_of(name) == part


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


@pytest.mark.parametrize(
    "query", ["timeUnit=MICROSECOND", "timeUnit=microsecond", "streams=a@trade&timeunit=x"]
)
def test_time_unit_is_refused_with_its_name_on_spot_and_ignored_on_futures(query: str) -> None:
    refusal = parse_target(SPOT, f"/stream?{query}")
    assert isinstance(refusal, Refusal)
    assert (refusal.status, "timeUnit" in refusal.reason) == (400, True)
    assert isinstance(parse_target(USDM, f"/public/stream?{query}"), Target)
