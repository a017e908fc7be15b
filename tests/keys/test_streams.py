"""Every documented stream name is read as what it is; every other one is refused with what is allowed."""

from __future__ import annotations

import json
from collections.abc import Callable
from itertools import product

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from fastbinance import streams
from fastbinance._builders import (
    agg_trades,
    book_ticker,
    diff_depth,
    partial_depth,
    trades,
)
from fastbinance._grammar import FORMS, TypedEvent, forms_of
from fastbinance.errors import ConfigurationError
from fastbinance.keys import MARKETS, Market, Part, route
from fastbinance.streams import Kind, Stream, check_symbol, parse

AT, T, BT, D, P = Kind.AGG_TRADE, Kind.TRADE, Kind.BOOK_TICKER, Kind.DIFF_DEPTH, Kind.PARTIAL_DEPTH
K, TI, MT, MP = Kind.KLINE, Kind.TICKER, Kind.MINI_TICKER, Kind.MARK_PRICE

# One or more names of every row of the documentation's tables: names, kind, route.
Rows = list[tuple[str, Kind | None, Part | None]]
KNOWN: dict[Market, Rows] = {
    "spot": [
        ("btcusdt@aggTrade", AT, None),
        ("btcusdt@trade", T, None),
        ("btcusdt@blockTrade", Kind.BLOCK_TRADE, None),
        ("btcusdt@referencePrice", Kind.REFERENCE_PRICE, None),
        ("btcusdt@kline_1s btcusdt@kline_1m btcusdt@kline_1M btcusdt@kline_12h", K, None),
        ("btcusdt@kline_1d@+08:00", K, None),
        ("btcusdt@miniTicker !miniTicker@arr", MT, None),
        ("btcusdt@ticker", TI, None),
        ("btcusdt@ticker_1h btcusdt@ticker_4h btcusdt@ticker_1d", Kind.ROLLING_TICKER, None),
        ("!ticker_1h@arr !ticker_4h@arr !ticker_1d@arr", Kind.ROLLING_TICKER, None),
        ("btcusdt@bookTicker", BT, None),
        ("btcusdt@avgPrice", Kind.AVERAGE_PRICE, None),
        ("btcusdt@depth5 btcusdt@depth10 btcusdt@depth20 btcusdt@depth20@100ms", P, None),
        ("btcusdt@depth btcusdt@depth@100ms", D, None),
        ("!serverShutdown", None, None),
        ("牛来usdt@trade", T, None),
    ],
    "usdm": [
        ("btcusdt@aggTrade btcusdt_261225@aggTrade", AT, "market"),
        ("btcusdt@trade", T, "public"),
        ("btcusdt@bookTicker !bookTicker", BT, "public"),
        ("btcusdt@depth btcusdt@depth@100ms btcusdt@depth@500ms btcusdt@depth@0ms", D, "public"),
        ("btcusdt@depth5 btcusdt@depth10@100ms btcusdt@depth20@500ms", P, "public"),
        ("btcusdt@rpiDepth@500ms", D, "public"),
        ("btcusdt@markPrice btcusdt@markPrice@1s !markPrice@arr !markPrice@arr@1s", MP, "market"),
        ("btcusdt@kline_1m btcusdt@kline_1M", K, "market"),
        ("btcusdt_perpetual@continuousKline_1s", Kind.CONTINUOUS_KLINE, "market"),
        ("btcusdt_current_quarter@continuousKline_1M", Kind.CONTINUOUS_KLINE, "market"),
        ("btcusdt_next_quarter@continuousKline_1w", Kind.CONTINUOUS_KLINE, "market"),
        ("tslausdt_tradifi_perpetual@continuousKline_1h", Kind.CONTINUOUS_KLINE, "market"),
        ("btcusdt@miniTicker !miniTicker@arr", MT, "market"),
        ("btcusdt@ticker !ticker@arr", TI, "market"),
        ("btcusdt@forceOrder !forceOrder@arr", Kind.FORCE_ORDER, "market"),
        ("defiusdt@compositeIndex !contractInfo tradingSession", None, "market"),
        ("!assetIndex@arr adausd@assetIndex", Kind.ASSET_INDEX, "market"),
    ],
    "coinm": [
        ("btcusd_perp@aggTrade", AT, None),
        ("btcusd_perp@trade", T, None),
        ("btcusd_perp@bookTicker !bookTicker", BT, None),
        ("btcusd_perp@depth btcusd_perp@depth@100ms btcusd_perp@depth@500ms btcusd_perp@depth@0ms", D, None),
        ("btcusd_perp@depth5@500ms btcusd_perp@depth10 btcusd_perp@depth20@100ms", P, None),
        ("btcusd_perp@markPrice btcusd_perp@markPrice@1s btcusd@markPrice@1s", MP, None),
        ("btcusd@indexPrice btcusd@indexPrice@1s", Kind.INDEX_PRICE, None),
        ("btcusd_perp@kline_1h", K, None),
        ("btcusd_next_quarter@continuousKline_1m", Kind.CONTINUOUS_KLINE, None),
        ("btcusd@indexPriceKline_1d", Kind.INDEX_PRICE_KLINE, None),
        ("btcusd_perp@markPriceKline_3d", Kind.MARK_PRICE_KLINE, None),
        ("btcusd_perp@miniTicker !miniTicker@arr", MT, None),
        ("btcusd_perp@ticker !ticker@arr", TI, None),
        ("btcusd_perp@forceOrder !forceOrder@arr", Kind.FORCE_ORDER, None),
        ("!contractInfo", None, None),
    ],
    "options": [
        ("!index@arr", Kind.INDEX_PRICE, "market"),
        ("!optionSymbol", None, "market"),
        ("btc-261225-126000-c@kline_12h", K, "market"),
        ("btcusdt@openInterest@261225 btcusdt@optionOpenInterest@261225", Kind.OPEN_INTEREST, "market"),
        ("btcusdt@optionMarkPrice", Kind.OPTION_MARK_PRICE, "market"),
        ("btc-261225-126000-c@depth@100ms btc-261225-126000-c@depth@500ms", D, "public"),
        ("btc-261225-126000-c@depth5@100ms btc-261225-126000-c@depth20@500ms", P, "public"),
        ("btc-261225-126000-c@optionTicker btcusdt@optionTicker@261225", TI, "public"),
        ("btc-261225-126000-c@bookTicker", BT, "public"),
        ("btc-261225-126000-c@optionTrade btcusdt@optionTrade", T, "public"),
    ],
    "alpha": [
        ("alpha_474usdt@aggTrade", AT, None),
        ("alpha_474usdt@trade", T, None),
        ("alpha_474usdt@bookTicker !bookTicker", BT, None),
        ("alpha_474usdt@miniTicker !miniTicker@arr", MT, None),
        ("alpha_474usdt@ticker !ticker@arr", TI, None),
        ("alpha_474usdt@kline_1m alpha_474usdt@kline_1M", K, None),
        ("came@0xAbC123@56@kline_1s came@So1111@CT_501@kline_1d", Kind.CONTRACT_KLINE, None),
        ("came@allTokens@ticker24", None, None),
        ("alpha_474usdt@depth5@0ms alpha_474usdt@depth20@500ms", P, None),
        ("alpha_474usdt@fulldepth@100ms", D, None),
    ],
}

# Streams of several symbols that do not begin with "!".
MANY = {
    ("coinm", "btcusd@markPrice@1s"),
    ("options", "btcusdt@openInterest@261225"),
    ("options", "btcusdt@optionOpenInterest@261225"),
    ("options", "btcusdt@optionMarkPrice"),
    ("options", "btcusdt@optionTicker@261225"),
    ("options", "btcusdt@optionTrade"),
    # Of one symbol, which only its payloads spell.
    ("alpha", "came@0xAbC123@56@kline_1s"),
    ("alpha", "came@So1111@CT_501@kline_1d"),
}

EVENTS: dict[str, TypedEvent] = {
    "!serverShutdown": "server_shutdown",
    "defiusdt@compositeIndex": "composite_index",
    "!contractInfo": "contract_info",
    "tradingSession": "trading_session",
    "!optionSymbol": "option_symbol",
    "came@allTokens@ticker24": "all_tokens",
}
NAMES = [
    (market, name, kind, part)
    for market, rows in KNOWN.items()
    for names, kind, part in rows
    for name in names.split()
]


@pytest.mark.parametrize(("market", "name", "kind", "part"), NAMES)
def test_every_documented_stream_is_read_as_what_it_is(
    market: Market, name: str, kind: Kind | None, part: Part | None
) -> None:
    bare = name.startswith(("!", "came@")) or "@" not in name
    symbol = None if bare else name.partition("@")[0]
    many = (name.startswith("!") and kind is not None) or (market, name) in MANY
    stream = parse(name, market)
    assert stream == Stream(name, market, kind, symbol, part, many, EVENTS.get(name))
    assert parse(name, market, strict=False) == stream
    assert stream.ring_symbol == (None if many or symbol is None else symbol.upper())
    assert (kind is None) == (stream.event is not None), "each comes as a record or as a struct"


@pytest.mark.parametrize("market", MARKETS)
def test_every_form_of_the_table_has_an_example_here(market: Market) -> None:
    patterns = [pattern for _, pattern in streams._PATTERNS[market, "json"]]
    assert len(patterns) == len(FORMS[market])
    for form, pattern in zip(FORMS[market], patterns, strict=True):
        assert any(pattern.fullmatch(name) for at, name, *_ in NAMES if at == market), form.text


@pytest.mark.parametrize(("market", "name", "kind", "part"), NAMES)
def test_no_name_fits_two_forms(market: Market, name: str, kind: Kind | None, part: Part | None) -> None:
    assert sum(pattern.fullmatch(name) is not None for _, pattern in streams._PATTERNS[market, "json"]) == 1


def test_kinds_are_numbered_without_a_hole() -> None:
    assert [int(kind) for kind in Kind] == list(range(1, 23))


@pytest.mark.parametrize(
    ("name", "kind"),
    [("btcusdt@trade", T), ("btcusdt@bestBidAsk", BT), ("btcusdt@depth20", P), ("btcusdt@depth", D)],
)
def test_binary_streams_have_names_of_their_own(name: str, kind: Kind) -> None:
    stream = parse(name.replace("btcusdt", "BTCUSDT"), "spot", format="sbe")
    assert stream == Stream(name, "spot", kind, "btcusdt", None, format="sbe")
    for market in set(MARKETS) - {"spot"}:
        assert forms_of(market, "sbe") == ()


INTERVALS = {
    "spot": "1s 1m 3m 5m 15m 30m 1h 2h 4h 6h 8h 12h 1d 3d 1w 1M",
    "usdm": "1m 3m 5m 15m 30m 1h 2h 4h 6h 8h 12h 1d 3d 1w 1M",
    "coinm": "1m 3m 5m 15m 30m 1h 2h 4h 6h 8h 12h 1d 3d 1w 1M",
    "options": "1m 3m 5m 15m 30m 1h 2h 4h 6h 12h 1d 3d 1w",
    "alpha": "1m 3m 5m 15m 30m 1h 2h 4h 6h 8h 12h 1d 3d 1w 1M",
}


@pytest.mark.parametrize("market", MARKETS)
def test_kline_intervals_are_those_of_the_market_and_keep_their_case(market: Market) -> None:
    allowed = INTERVALS[market].split()
    symbol = "BTC-261225-126000-C" if market == "options" else "BTCUSDT"
    for interval in allowed:
        assert parse(f"{symbol}@kline_{interval}", market).name == f"{symbol.lower()}@kline_{interval}"
    for interval in {*INTERVALS["spot"].split(), "2m", "1H", "1D", "1S", ""} - set(allowed):
        with pytest.raises(ConfigurationError, match=r"1m.*1w"):
            parse(f"{symbol}@kline_{interval}", market)


def test_only_the_symbol_is_lower_cased() -> None:
    assert parse("BTCUSDT@kline_1M", "spot").name == "btcusdt@kline_1M"
    assert parse("BTCUSD_PERPETUAL@continuousKline_1M", "coinm").name == "btcusd_perpetual@continuousKline_1M"
    assert parse("BTC-261225-126000-C@depth@100ms", "options").symbol == "btc-261225-126000-c"
    assert parse("!miniTicker@arr", "spot").name == "!miniTicker@arr"
    assert parse("came@0xAbC@56@kline_1m", "alpha").name == "came@0xAbC@56@kline_1m"
    for name in ("btcusdt@bookticker", "!miniticker@arr", "btcusdt@DEPTH"):
        with pytest.raises(ConfigurationError, match=r"bookTicker|miniTicker|depth"):
            parse(name, "spot")


def test_usdm_streams_lead_to_their_route() -> None:
    assert route("usdm", part=parse("btcusdt@trade", "usdm").part) == "usdmPublic"
    assert route("usdm", part=parse("btcusdt@rpiDepth@500ms", "usdm").part) == "usdmPublic"
    assert route("usdm", part=parse("btcusdt@aggTrade", "usdm").part) == "usdmMarket"
    assert route("eoptions", part=parse("!index@arr", "options").part) == "eoptionsMarket"


REFUSED: list[tuple[Market, str, str]] = [
    ("spot", "btcusdt@depth7", r"known: <symbol>@depth<5\|10\|20>\[@100ms\], <symbol>@depth\[@100ms\];"),
    ("spot", "btcusdt@depth@500ms", r"<symbol>@depth\[@100ms\];"),
    ("spot", "btcusdt@depth@0ms", r"is no stream of spot \(but of usdm, coinm\)"),
    ("spot", "btcusdt@depth@1000ms", "without a suffix the speed is 1000 ms"),
    ("spot", "btcusdt@depth5@1000ms", "without a suffix the speed is 1000 ms"),
    ("spot", "btcusdt@markPrice", r"\(but of usdm, coinm\)"),
    ("spot", "btcusdt@depht", "closest known: .*<symbol>@depth"),
    ("spot", "btcusdt@ticker_2h", r"<symbol>@ticker_<1h\|4h\|1d>"),
    ("spot", "btcusdt@kline_1d@+09:00", r"\[@\+08:00\]"),
    ("spot", "!ticker@arr", "gone from spot since 2026-03-26"),
    ("spot", "!bookTicker", "gone from spot since 2022-12-07"),
    ("spot", "btcusdt", "known: "),
    ("spot", "btcusdt@", "known: "),
    ("spot", "btcusdt@trade@100ms", "closest known: <symbol>@trade;"),
    ("spot", "btcusdt@trade ", "cannot be in it"),
    ("spot", "btcusdt@trade/ethusdt@trade", "'/' cannot be in it"),
    ("spot", 'btcusdt@trade"', "cannot be in it"),
    ("spot", "", "cannot be empty"),
    ("spot", "@trade", "cannot be empty"),
    ("spot", "BTC-USDT@trade", "Binance writes 'BTCUSDT'"),
    ("usdm", "btcusdt@depth@250ms", "without a suffix the speed is 250 ms"),
    ("usdm", "btcusdt@depth20@0ms", r"depth<5\|10\|20>\[@100ms\|@500ms\]"),
    ("usdm", "btcusdt@rpiDepth", "<symbol>@rpiDepth@500ms"),
    ("usdm", "btcusdt@markPrice@3s", r"<symbol>@markPrice\[@1s\]"),
    ("usdm", "_perpetual@continuousKline_1m", "perpetual"),
    ("usdm", "btcusdt_weekly@continuousKline_1m", r"current_quarter\|next_quarter\|tradifi_perpetual"),
    ("usdm", "tradingsession", "tradingSession"),
    ("coinm", "!markPrice@arr", r"is no stream of coinm \(but of usdm\)"),
    ("coinm", "btcusd_perp@depth5@250ms", "without a suffix the speed is 250 ms"),
    ("coinm", "btcusd_tradifi_perpetual@indexPriceKline_1s", r"indexPriceKline_<1m\|"),
    ("options", "btc-261225-126000-c@depth", r"<symbol>@depth<@100ms\|@500ms>"),
    ("options", "btc-261225-126000-c@trade", "now <symbol>@optionTrade"),
    ("options", "btc-261225-126000-c@ticker", "now <symbol>@optionTicker"),
    ("options", "btcusdt@index", "now !index@arr"),
    ("options", "btcusdt@markPrice", "now <underlying>@optionMarkPrice"),
    ("options", "option_pair", "now !optionSymbol"),
    ("options", "btcusdt@bookTicker", "its <symbol> is a contract, such as BTC-261225-126000-C"),
    ("options", "btcusdt@openInterest@2612", "<underlying>@openInterest@<yymmdd>"),
    ("alpha", "alpha_1usdt@depth5", r"depth<5\|10\|20>@<0\|100\|500>ms"),
    ("alpha", "came@0xabc@56@kline_3m", "came@<contract_address>@<chain_id>@kline_"),
]


@pytest.mark.parametrize(("market", "name", "message"), REFUSED)
def test_a_name_that_is_none_is_refused_with_those_that_are(market: Market, name: str, message: str) -> None:
    with pytest.raises(ConfigurationError, match=message):
        parse(name, market)


def test_a_refused_name_says_how_to_send_it_anyway() -> None:
    for name in ("btcusdt@brandNew", "!ticker@arr"):
        with pytest.raises(ConfigurationError, match="strict=False"):
            parse(name, "spot")


UNCHECKED: list[tuple[Market, str, Stream]] = [
    ("spot", "BTCUSDT@brandNew", Stream("btcusdt@brandNew", "spot", None, "btcusdt", None)),
    ("usdm", "BTCUSDT@brandNew", Stream("btcusdt@brandNew", "usdm", None, "btcusdt", "market")),
    ("options", "!brandNew", Stream("!brandNew", "options", None, None, "market")),
    ("coinm", "!markPrice@arr", Stream("!markPrice@arr", "coinm", None, None, None)),
    ("alpha", "came@0xAbC@56@kline_9m", Stream("came@0xAbC@56@kline_9m", "alpha", None, None, None)),
    ("usdm", "aListenKeyIsCaseSensitive", Stream("aListenKeyIsCaseSensitive", "usdm", None, None, "market")),
]


@pytest.mark.parametrize(("market", "name", "stream"), UNCHECKED)
def test_an_unknown_name_passes_when_the_caller_insists(market: Market, name: str, stream: Stream) -> None:
    assert parse(name, market, strict=False) == stream


@pytest.mark.parametrize("name", ["", "a b@c", 'a"@c', "a\\@c", "a@c\n", "a\x00@c", "\ud800@c", "x" * 257])
def test_what_would_break_a_control_message_never_passes(name: str) -> None:
    with pytest.raises(ConfigurationError):
        parse(name, "spot", strict=False)


def test_an_unknown_market_is_refused_with_the_list() -> None:
    listed = "'futures' is no market; there are spot, usdm, coinm, options, alpha"
    calls: list[Callable[[], object]] = [
        lambda: parse("btcusdt@trade", "futures"),  # type: ignore[arg-type]
        lambda: trades("btcusdt", "futures"),  # type: ignore[arg-type]
        lambda: book_ticker(None, "futures"),  # type: ignore[arg-type]
        lambda: diff_depth("btcusdt", "futures"),  # type: ignore[arg-type]
    ]
    for call in calls:
        with pytest.raises(ConfigurationError, match=listed):
            call()


BAD_SYMBOLS = [
    ("empty", "", "cannot be empty"),
    ("slash", "BTC/USDT", "Binance writes 'BTCUSDT'"),
    ("hyphen", "btc-usdt", "Binance writes 'BTCUSDT'"),
    ("space", "BTC USDT", "Binance writes 'BTCUSDT'"),
    ("space around", " BTCUSDT", "' ' cannot be in it"),
    ("line end", "BTCUSDT\n", "cannot be in it"),
    ("a stream name", "btcusdt@trade", "looks like a stream name"),
    ("all symbols", "!bookTicker", "looks like a stream name"),
    ("quote", 'btc"usdt', "cannot be in it"),
    ("apostrophe", "btc'usdt", "cannot be in it"),
    ("backslash", "btc\\usdt", "cannot be in it"),
    ("control", "btc\x1fusdt", "cannot be in it"),
    ("delete", "btc\x7fusdt", "cannot be in it"),
    ("invisible", "btc\u200busdt", "cannot be in it"),
    ("half a surrogate pair", "btc\ud800usdt", "cannot be in it"),
    ("too long", "x" * 49, "over 48 bytes"),
    ("too long in UTF-8", "牛" * 17, "over 48 bytes"),
    ("bytes", b"btcusdt", "is a str, not bytes"),
    ("nothing", None, "is a str, not NoneType"),
]


@pytest.mark.parametrize(
    ("symbol", "message"), [row[1:] for row in BAD_SYMBOLS], ids=[row[0] for row in BAD_SYMBOLS]
)
def test_a_bad_symbol_is_refused_with_a_reason(symbol: str, message: str) -> None:
    with pytest.raises(ConfigurationError, match=message):
        check_symbol(symbol)


@pytest.mark.parametrize(
    "symbol", ["BTCUSDT", "1000PEPEUSDT", "BTCUSD_210924", "BTC-261225-126000-C", "牛来USDT", "x" * 48]
)
def test_symbols_of_every_market_pass(symbol: str) -> None:
    assert check_symbol(symbol) == symbol.lower()


@given(st.text(max_size=60))
def test_an_accepted_symbol_is_stable_and_safe_in_json(text: str) -> None:
    try:
        symbol = check_symbol(text)
    except ConfigurationError:
        return
    assert check_symbol(symbol) == symbol
    assert json.dumps(symbol, ensure_ascii=False) == f'"{symbol}"'
    assert len(symbol.encode()) <= 48


symbols = st.one_of(
    st.from_regex(r"[0-9A-Za-z_]{1,20}", fullmatch=True),
    st.from_regex(r"[A-Z]{2,5}-26[01][0-9][0-2][0-9]-[0-9]{1,6}-[CP]", fullmatch=True),
    st.text(min_size=1, max_size=12),
)
ringed: st.SearchStrategy[Market] = st.sampled_from(["spot", "usdm", "coinm"])


@given(symbols, ringed, st.data())
def test_reading_inverts_building(symbol: str, market: Market, data: st.DataObject) -> None:
    try:
        check_symbol(symbol)
    except ConfigurationError:
        assume(False)
    if market == "coinm":  # without an underscore it is a pair, which is refused
        symbol += "_PERP"
    speed = data.draw(st.sampled_from([None, 100, 1000] if market == "spot" else [None, 100, 250, 500]))
    levels = data.draw(st.sampled_from([5, 10, 20]))
    for built in (
        book_ticker(symbol, market),
        trades(symbol, market),
        agg_trades(symbol, market),
        diff_depth(symbol, market, speed),
        partial_depth(symbol, market, levels, speed),
    ):
        assert parse(built.name, market) == built
        assert parse(built.name, market, strict=False) == built
        assert built.symbol == symbol.lower()


@given(st.text(), st.sampled_from(MARKETS), st.booleans())
def test_any_text_as_name_is_read_or_refused(name: str, market: Market, strict: bool) -> None:
    try:
        stream = parse(name, market, strict)
    except ConfigurationError:
        return
    assert parse(stream.name, market, strict) == stream
    assert stream.name.lower() == name.lower()


def test_every_speed_and_level_has_a_name_of_its_own() -> None:
    for market, speeds in (("spot", (100, 1000)), ("usdm", (100, 250, 500)), ("coinm", (100, 250, 500))):
        names = {diff_depth("btc_perp", market, speed).name for speed in speeds}  # type: ignore[arg-type]
        names |= {
            partial_depth("btc_perp", market, levels, speed).name  # type: ignore[arg-type]
            for levels, speed in product((5, 10, 20), speeds)
        }
        assert len(names) == 4 * len(speeds)
