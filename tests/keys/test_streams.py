"""Every documented stream name is read as what it is; every other one is refused with what is allowed."""

from __future__ import annotations

import json
from collections.abc import Callable
from itertools import product

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from fastbinance import streams
from fastbinance._grammar import FORMS
from fastbinance.errors import ConfigurationError
from fastbinance.keys import MARKETS, Market, Part, route
from fastbinance.streams import (
    Kind,
    Stream,
    agg_trades,
    book_ticker,
    check_symbol,
    diff_depth,
    parse,
    partial_depth,
    trades,
)

B, T, A, D, P = Kind.BOOK_TICKER, Kind.TRADE, Kind.AGG_TRADE, Kind.DIFF_DEPTH, Kind.PARTIAL_DEPTH

# One or more names of every row of the documentation's tables: names, kind, route.
Rows = list[tuple[str, Kind | None, Part | None]]
KNOWN: dict[Market, Rows] = {
    "spot": [
        ("btcusdt@aggTrade", A, None),
        ("btcusdt@trade", T, None),
        ("btcusdt@blockTrade", None, None),
        ("btcusdt@referencePrice", None, None),
        ("btcusdt@kline_1s btcusdt@kline_1m btcusdt@kline_1M btcusdt@kline_12h", None, None),
        ("btcusdt@kline_1d@+08:00", None, None),
        ("btcusdt@miniTicker !miniTicker@arr", None, None),
        ("btcusdt@ticker btcusdt@ticker_1h btcusdt@ticker_4h btcusdt@ticker_1d", None, None),
        ("!ticker_1h@arr !ticker_4h@arr !ticker_1d@arr", None, None),
        ("btcusdt@bookTicker", B, None),
        ("btcusdt@avgPrice", None, None),
        ("btcusdt@depth5 btcusdt@depth10 btcusdt@depth20 btcusdt@depth20@100ms", P, None),
        ("btcusdt@depth btcusdt@depth@100ms", D, None),
        ("!serverShutdown", None, None),
        ("牛来usdt@trade", T, None),
    ],
    "usdm": [
        ("btcusdt@aggTrade btcusdt_261225@aggTrade", A, "market"),
        ("btcusdt@trade", T, "public"),
        ("btcusdt@bookTicker !bookTicker", B, "public"),
        ("btcusdt@depth btcusdt@depth@100ms btcusdt@depth@500ms btcusdt@depth@0ms", D, "public"),
        ("btcusdt@depth5 btcusdt@depth10@100ms btcusdt@depth20@500ms", P, "public"),
        ("btcusdt@rpiDepth@500ms", None, "public"),
        ("btcusdt@markPrice btcusdt@markPrice@1s !markPrice@arr !markPrice@arr@1s", None, "market"),
        ("btcusdt@kline_1m btcusdt@kline_1M", None, "market"),
        ("btcusdt_perpetual@continuousKline_1s btcusdt_current_quarter@continuousKline_1M", None, "market"),
        ("btcusdt_next_quarter@continuousKline_1w", None, "market"),
        ("tslausdt_tradifi_perpetual@continuousKline_1h", None, "market"),
        ("btcusdt@miniTicker !miniTicker@arr btcusdt@ticker !ticker@arr", None, "market"),
        ("btcusdt@forceOrder !forceOrder@arr", None, "market"),
        ("defiusdt@compositeIndex !contractInfo", None, "market"),
        ("!assetIndex@arr adausd@assetIndex tradingSession", None, "market"),
    ],
    "coinm": [
        ("btcusd_perp@aggTrade", A, None),
        ("btcusd_perp@trade", T, None),
        ("btcusd_perp@bookTicker !bookTicker", B, None),
        ("btcusd_perp@depth btcusd_perp@depth@100ms btcusd_perp@depth@500ms btcusd_perp@depth@0ms", D, None),
        ("btcusd_perp@depth5@500ms btcusd_perp@depth10 btcusd_perp@depth20@100ms", P, None),
        ("btcusd_perp@markPrice btcusd_perp@markPrice@1s btcusd@markPrice@1s", None, None),
        ("btcusd@indexPrice btcusd@indexPrice@1s", None, None),
        ("btcusd_perp@kline_1h btcusd_next_quarter@continuousKline_1m", None, None),
        ("btcusd@indexPriceKline_1d btcusd_perp@markPriceKline_3d", None, None),
        ("btcusd_perp@miniTicker !miniTicker@arr btcusd_perp@ticker !ticker@arr", None, None),
        ("btcusd_perp@forceOrder !forceOrder@arr !contractInfo", None, None),
    ],
    "options": [
        ("!index@arr !optionSymbol", None, "market"),
        ("btc-261225-126000-c@kline_12h", None, "market"),
        ("btcusdt@openInterest@261225 btcusdt@optionOpenInterest@261225", None, "market"),
        ("btcusdt@optionMarkPrice", None, "market"),
        ("btc-261225-126000-c@depth@100ms btc-261225-126000-c@depth@500ms", None, "public"),
        ("btc-261225-126000-c@depth5@100ms btc-261225-126000-c@depth20@500ms", None, "public"),
        ("btc-261225-126000-c@optionTicker btcusdt@optionTicker@261225", None, "public"),
        ("btc-261225-126000-c@bookTicker", None, "public"),
        ("btc-261225-126000-c@optionTrade btcusdt@optionTrade", None, "public"),
    ],
    "alpha": [
        ("alpha_474usdt@aggTrade alpha_474usdt@trade", None, None),
        ("alpha_474usdt@bookTicker !bookTicker", None, None),
        ("alpha_474usdt@miniTicker !miniTicker@arr alpha_474usdt@ticker !ticker@arr", None, None),
        ("alpha_474usdt@kline_1m alpha_474usdt@kline_1M", None, None),
        ("came@0xAbC123@56@kline_1s came@So1111@CT_501@kline_1d came@allTokens@ticker24", None, None),
        ("alpha_474usdt@depth5@0ms alpha_474usdt@depth20@500ms alpha_474usdt@fulldepth@100ms", None, None),
    ],
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
    stream = parse(name, market)
    assert stream == Stream(name, market, kind, symbol, part)
    assert parse(name, market, strict=False) == stream
    assert stream.many_symbols == name.startswith("!")


@pytest.mark.parametrize("market", MARKETS)
def test_every_form_of_the_table_has_an_example_here(market: Market) -> None:
    patterns = [pattern for _, pattern in streams._PATTERNS[market]]
    assert len(patterns) == len(FORMS[market])
    for form, pattern in zip(FORMS[market], patterns, strict=True):
        assert any(pattern.fullmatch(name) for at, name, *_ in NAMES if at == market), form.text


@pytest.mark.parametrize(("market", "name", "kind", "part"), NAMES)
def test_no_name_fits_two_forms(market: Market, name: str, kind: Kind | None, part: Part | None) -> None:
    assert sum(pattern.fullmatch(name) is not None for _, pattern in streams._PATTERNS[market]) == 1


def test_kinds_have_the_numbers_of_the_native_enum() -> None:
    assert [(kind.name, int(kind)) for kind in Kind] == [
        ("BOOK_TICKER", 1), ("TRADE", 2), ("AGG_TRADE", 3), ("DIFF_DEPTH", 4), ("PARTIAL_DEPTH", 5),
    ]  # fmt: skip


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
    for interval in allowed:
        assert parse(f"BTCUSDT@kline_{interval}", market).name == f"btcusdt@kline_{interval}"
    for interval in {*INTERVALS["spot"].split(), "2m", "1H", "1D", "1S", ""} - set(allowed):
        with pytest.raises(ConfigurationError, match=r"1m.*1w"):
            parse(f"btcusdt@kline_{interval}", market)


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


BUILT = [
    (book_ticker("BTCUSDT", "spot"), "btcusdt@bookTicker", B, None),
    (book_ticker("BTCUSDT", "usdm"), "btcusdt@bookTicker", B, "public"),
    (book_ticker(None, "usdm"), "!bookTicker", B, "public"),
    (book_ticker(None, "coinm"), "!bookTicker", B, None),
    (trades("btcusdt", "spot"), "btcusdt@trade", T, None),
    (trades("btcusdt", "usdm"), "btcusdt@trade", T, "public"),
    (agg_trades("btcusdt", "usdm"), "btcusdt@aggTrade", A, "market"),
    (agg_trades("BTCUSD_PERP", "coinm"), "btcusd_perp@aggTrade", A, None),
    (diff_depth("btcusdt", "spot"), "btcusdt@depth@100ms", D, None),
    (diff_depth("btcusdt", "spot", 1000), "btcusdt@depth", D, None),
    (diff_depth("btcusdt", "usdm"), "btcusdt@depth@100ms", D, "public"),
    (diff_depth("btcusdt", "usdm", 250), "btcusdt@depth", D, "public"),
    (diff_depth("btcusdt", "coinm", 500), "btcusdt@depth@500ms", D, None),
    (partial_depth("btcusdt", "spot", 20), "btcusdt@depth20@100ms", P, None),
    (partial_depth("btcusdt", "spot", 5, 1000), "btcusdt@depth5", P, None),
    (partial_depth("btcusdt", "usdm", 10, 250), "btcusdt@depth10", P, "public"),
    (partial_depth("btcusdt", "coinm", 10, 500), "btcusdt@depth10@500ms", P, None),
]


@pytest.mark.parametrize(("stream", "name", "kind", "part"), BUILT)
def test_builders_give_the_name_that_binance_knows(
    stream: Stream, name: str, kind: Kind, part: Part | None
) -> None:
    assert (stream.name, stream.kind, stream.part) == (name, kind, part)
    assert stream.symbol == (None if name.startswith("!") else name.partition("@")[0])


def test_levels_speeds_and_markets_that_do_not_exist_are_refused_with_the_list() -> None:
    refusals: list[tuple[Callable[[], Stream], str]] = [
        (lambda: partial_depth("btcusdt", "spot", 7), "levels=7: there are 5, 10, 20"),
        (lambda: partial_depth("btcusdt", "spot", "5"), "levels='5': there are 5, 10, 20"),  # type: ignore[arg-type]
        (lambda: partial_depth("btcusdt", "spot", 5, 500), "speed_ms=500: spot has 100, 1000"),
        (lambda: diff_depth("btcusdt", "spot", 250), "speed_ms=250: spot has 100, 1000"),
        (lambda: diff_depth("btcusdt", "usdm", 1000), "speed_ms=1000: usdm has 100, 250, 500"),
        (lambda: diff_depth("btcusdt", "coinm", 0), "speed_ms=0: coinm has 100, 250, 500"),
        (lambda: book_ticker(None, "spot"), "without a symbol has a ring for usdm, coinm; not for spot"),
        (lambda: trades("alpha_1usdt", "alpha"), "trades has a ring for spot, usdm, coinm; not for alpha"),
        (lambda: diff_depth("btcusdt", "options"), "a ring for spot, usdm, coinm; not for options"),
    ]
    for build, message in refusals:
        with pytest.raises(ConfigurationError, match=message):
            build()


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
        names = {diff_depth("btcusdt", market, speed).name for speed in speeds}  # type: ignore[arg-type]
        names |= {
            partial_depth("btcusdt", market, levels, speed).name  # type: ignore[arg-type]
            for levels, speed in product((5, 10, 20), speeds)
        }
        assert len(names) == 4 * len(speeds)
