"""Each row of the documentation's tables: subscribed by method and by name, and read back from the simulator.

One simulator and one client for each of two feeds. Everything is wanted at once, so that what comes rarely
has the time of the others to come.
"""

import time
from collections.abc import Callable, Iterator
from typing import Any, Final, NamedTuple

import pytest
from support.faces import DEADLINE_SECONDS, feed_threads

import fastbinance
from fastbinance import Client, Kind, streams
from fastbinance.keys import MARKETS, Market
from fastbinance.sim import RunningSimulator, run_in_thread
from fastbinance.streams import parse

OPTION: Final = "BTC-261225-90000-C"
EXPIRY: Final = "261225"
TOKEN: Final = ("0x55d398326f99059fF775485246999027B3197955", "56")


class Row(NamedTuple):
    """A stream: how it is asked for, its name, a field that has a value, and what makes it speak."""

    call: Callable[[Client], Any]
    name: str
    service: str
    field: str
    provoke: Callable[[RunningSimulator], object] = lambda sim: None


class World(NamedTuple):
    """The simulator, the client, and what each row's call gave."""

    sim: RunningSimulator
    fb: Client
    given: dict[tuple[Market, str], Any]


def spot() -> list[Row]:
    return [
        Row(lambda fb: fb.agg_trades("btcusdt"), "btcusdt@aggTrade", "main", "price"),
        Row(lambda fb: fb.trades("btcusdt"), "btcusdt@trade", "main", "trade_id"),
        Row(lambda fb: fb.block_trades("btcusdt"), "btcusdt@blockTrade", "main", "qty"),
        Row(lambda fb: fb.reference_price("btcusdt"), "btcusdt@referencePrice", "main", "transaction_ns"),
        Row(lambda fb: fb.klines("btcusdt", "1s"), "btcusdt@kline_1s", "main", "close_price"),
        Row(
            lambda fb: fb.klines("btcusdt", "1d", timezone="+08:00"),
            "btcusdt@kline_1d@+08:00", "main", "open_time_ns",
        ),
        Row(lambda fb: fb.mini_ticker("btcusdt"), "btcusdt@miniTicker", "main", "last_price"),
        Row(lambda fb: fb.mini_ticker(), "!miniTicker@arr", "main", "high_price"),
        Row(lambda fb: fb.ticker("btcusdt"), "btcusdt@ticker", "main", "bid_price"),
        Row(lambda fb: fb.ticker("btcusdt", window="1h"), "btcusdt@ticker_1h", "main", "trade_count"),
        Row(lambda fb: fb.ticker(window="4h"), "!ticker_4h@arr", "main", "last_price"),
        Row(lambda fb: fb.book_ticker("btcusdt"), "btcusdt@bookTicker", "main", "ask_price"),
        Row(lambda fb: fb.average_price("btcusdt"), "btcusdt@avgPrice", "main", "average_price"),
        Row(lambda fb: fb.partial_depth("btcusdt", levels=5), "btcusdt@depth5@100ms", "main", "update_id"),
        Row(lambda fb: fb.diff_depth("btcusdt"), "btcusdt@depth@100ms", "main", "first_update_id"),
    ]  # fmt: skip


def usdm() -> list[Row]:
    public, market = "usdmPublic", "usdmMarket"
    return [
        Row(lambda fb: fb.book_ticker("btcusdt", "usdm"), "btcusdt@bookTicker", public, "event_ns"),
        Row(lambda fb: fb.book_ticker(market="usdm"), "!bookTicker", public, "bid_price"),
        Row(lambda fb: fb.diff_depth("btcusdt", "usdm"), "btcusdt@depth@100ms", public, "prev_update_id"),
        Row(lambda fb: fb.partial_depth("btcusdt", "usdm"), "btcusdt@depth20@100ms", public, "bid_count"),
        Row(lambda fb: fb.rpi_depth("btcusdt"), "btcusdt@rpiDepth@500ms", public, "update_id"),
        Row(lambda fb: fb.trades("btcusdt", "usdm"), "btcusdt@trade", public, "trade_type"),
        Row(lambda fb: fb.agg_trades("btcusdt", "usdm"), "btcusdt@aggTrade", market, "qty"),
        Row(lambda fb: fb.mark_price("btcusdt"), "btcusdt@markPrice@1s", market, "next_funding_ns"),
        Row(lambda fb: fb.mark_price(), "!markPrice@arr@1s", market, "mark_price"),
        Row(lambda fb: fb.klines("btcusdt", "1m", "usdm"), "btcusdt@kline_1m", market, "volume"),
        Row(
            lambda fb: fb.continuous_klines("btcusdt", "perpetual", "1m"),
            "btcusdt_perpetual@continuousKline_1m", market, "close_time_ns",
        ),
        Row(lambda fb: fb.mini_ticker("btcusdt", "usdm"), "btcusdt@miniTicker", market, "quote_volume"),
        Row(lambda fb: fb.mini_ticker(market="usdm"), "!miniTicker@arr", market, "last_price"),
        Row(lambda fb: fb.ticker("btcusdt", "usdm"), "btcusdt@ticker", market, "trade_count"),
        Row(lambda fb: fb.ticker(market="usdm"), "!ticker@arr", market, "last_price"),
        Row(lambda fb: fb.force_orders("btcusdt"), "btcusdt@forceOrder", market, "side"),
        Row(lambda fb: fb.force_orders(), "!forceOrder@arr", market, "average_price"),
        Row(lambda fb: fb.asset_index("adausd"), "adausd@assetIndex", market, "index_price"),
        Row(lambda fb: fb.asset_index(), "!assetIndex@arr", market, "bid_rate"),
        Row(lambda fb: fb.composite_index("defiusdt"), "defiusdt@compositeIndex", market, "price"),
        Row(lambda fb: fb.contract_info(), "!contractInfo", market, "onboard_ns"),
        Row(lambda fb: fb.trading_session(), "tradingSession", market, "start_ns"),
    ]  # fmt: skip


def coinm() -> list[Row]:
    perp = "btcusd_perp"
    return [
        Row(lambda fb: fb.agg_trades(perp, "coinm"), f"{perp}@aggTrade", "coinm", "price"),
        Row(lambda fb: fb.trades(perp, "coinm"), f"{perp}@trade", "coinm", "price"),
        Row(lambda fb: fb.book_ticker(perp, "coinm"), f"{perp}@bookTicker", "coinm", "bid_qty"),
        Row(lambda fb: fb.book_ticker(market="coinm"), "!bookTicker", "coinm", "bid_price"),
        Row(lambda fb: fb.diff_depth(perp, "coinm", speed_ms=250), f"{perp}@depth", "coinm", "update_id"),
        Row(
            lambda fb: fb.partial_depth(perp, "coinm", levels=10),
            f"{perp}@depth10@100ms", "coinm", "ask_count",
        ),
        Row(
            lambda fb: fb.mark_price(perp, "coinm", speed_ms=3000),
            f"{perp}@markPrice", "coinm", "index_price",
        ),
        Row(lambda fb: fb.pair_mark_prices("btcusd"), "btcusd@markPrice@1s", "coinm", "mark_price"),
        Row(lambda fb: fb.index_price("btcusd"), "btcusd@indexPrice", "coinm", "price"),
        Row(lambda fb: fb.klines(perp, "1h", "coinm"), f"{perp}@kline_1h", "coinm", "open_price"),
        Row(
            lambda fb: fb.continuous_klines("btcusd", "CURRENT_QUARTER", "1m", "coinm"),
            "btcusd_current_quarter@continuousKline_1m", "coinm", "high_price",
        ),
        Row(
            lambda fb: fb.index_price_klines("btcusd", "1m"),
            "btcusd@indexPriceKline_1m", "coinm", "close_price",
        ),
        Row(
            lambda fb: fb.mark_price_klines(perp, "1m"), f"{perp}@markPriceKline_1m", "coinm", "low_price"
        ),
        Row(lambda fb: fb.mini_ticker(perp, "coinm"), f"{perp}@miniTicker", "coinm", "last_price"),
        Row(lambda fb: fb.mini_ticker(market="coinm"), "!miniTicker@arr", "coinm", "last_price"),
        Row(lambda fb: fb.ticker(perp, "coinm"), f"{perp}@ticker", "coinm", "last_qty"),
        Row(lambda fb: fb.ticker(market="coinm"), "!ticker@arr", "coinm", "last_price"),
        Row(lambda fb: fb.force_orders(perp, "coinm"), f"{perp}@forceOrder", "coinm", "price"),
        Row(lambda fb: fb.force_orders(market="coinm"), "!forceOrder@arr", "coinm", "order_status"),
        Row(lambda fb: fb.contract_info("coinm"), "!contractInfo", "coinm", "delivery_ns"),
    ]  # fmt: skip


def options() -> list[Row]:
    public, market, name = "eoptionsPublic", "eoptionsMarket", OPTION.lower()
    return [
        Row(lambda fb: fb.index_prices(), "!index@arr", market, "price"),
        Row(lambda fb: fb.klines(OPTION, "1m", "options"), f"{name}@kline_1m", market, "close_price"),
        Row(
            lambda fb: fb.option_symbols(), "!optionSymbol", market, "strike_price",
            lambda sim: sim.option_symbol(OPTION),
        ),
        Row(
            lambda fb: fb.open_interest("btcusdt", EXPIRY),
            f"btcusdt@openInterest@{EXPIRY}", market, "open_interest",
        ),
        Row(lambda fb: fb.option_mark_prices("btcusdt"), "btcusdt@optionMarkPrice", market, "mark_iv"),
        Row(lambda fb: fb.diff_depth(OPTION, "options"), f"{name}@depth@100ms", public, "update_id"),
        Row(
            lambda fb: fb.partial_depth(OPTION, "options", speed_ms=500),
            f"{name}@depth20@500ms", public, "update_id",
        ),
        Row(lambda fb: fb.ticker(OPTION, "options"), f"{name}@optionTicker", public, "last_price"),
        Row(
            lambda fb: fb.option_tickers("btcusdt", EXPIRY),
            f"btcusdt@optionTicker@{EXPIRY}", public, "close_time_ns",
        ),
        Row(lambda fb: fb.book_ticker(OPTION, "options"), f"{name}@bookTicker", public, "bid_price"),
        Row(lambda fb: fb.trades(OPTION, "options"), f"{name}@optionTrade", public, "price"),
        Row(lambda fb: fb.trades("btcusdt", "options"), "btcusdt@optionTrade", public, "price"),
    ]  # fmt: skip


def alpha() -> list[Row]:
    name = "alpha_474usdt"
    return [
        Row(lambda fb: fb.agg_trades(name, "alpha"), f"{name}@aggTrade", "alpha", "last_trade_id"),
        Row(lambda fb: fb.trades(name, "alpha"), f"{name}@trade", "alpha", "price"),
        Row(lambda fb: fb.book_ticker(name, "alpha"), f"{name}@bookTicker", "alpha", "ask_qty"),
        Row(lambda fb: fb.book_ticker(market="alpha"), "!bookTicker", "alpha", "ask_qty"),
        Row(lambda fb: fb.mini_ticker(name, "alpha"), f"{name}@miniTicker", "alpha", "last_price"),
        Row(lambda fb: fb.mini_ticker(market="alpha"), "!miniTicker@arr", "alpha", "last_price"),
        Row(lambda fb: fb.ticker(name, "alpha"), f"{name}@ticker", "alpha", "last_price"),
        Row(lambda fb: fb.ticker(market="alpha"), "!ticker@arr", "alpha", "last_price"),
        Row(lambda fb: fb.klines(name, "1M", "alpha"), f"{name}@kline_1M", "alpha", "close_price"),
        Row(
            lambda fb: fb.contract_klines(*TOKEN, "1s"),
            f"came@{TOKEN[0]}@{TOKEN[1]}@kline_1s", "alpha", "close_price",
        ),
        Row(lambda fb: fb.all_tokens(), "came@allTokens@ticker24", "alpha", "tokens"),
        Row(lambda fb: fb.partial_depth(name, "alpha", levels=5), f"{name}@depth5@0ms", "alpha", "update_id"),
        Row(lambda fb: fb.full_depth(name, speed_ms=100), f"{name}@fulldepth@100ms", "alpha", "update_id"),
    ]  # fmt: skip


ROWS: Final[dict[Market, list[Row]]] = {
    "spot": spot(), "usdm": usdm(), "coinm": coinm(), "options": options(), "alpha": alpha(),
}  # fmt: skip
ALL: Final = [(market, row) for market, rows in ROWS.items() for row in rows]
each_row = pytest.mark.parametrize(
    ("market", "row"), ALL, ids=[f"{market} {row.name}" for market, row in ALL]
)

# Without a method, because they are undocumented or superseded; or unasked.
BY_NAME_ONLY: Final = {
    "<symbol>@depth@0ms", "<underlying>@optionOpenInterest@<yymmdd>", "!serverShutdown",
}  # fmt: skip


@pytest.fixture(autouse=True)
def _no_threads_left() -> None:
    """Replace the check of other modules: this one's client lives from test to test."""


@pytest.fixture(scope="module", params=["thread", "process"])
def wanted(request: pytest.FixtureRequest) -> Iterator[World]:
    with (
        run_in_thread(seed=7, messages_per_second=50) as sim,
        Client(feed=request.param, urls=sim.urls, capacity=4096) as fb,
    ):
        yield World(sim, fb, {(market, row.name): row.call(fb) for market, row in ALL})
    assert feed_threads() == []


@each_row
def test_a_stream_is_subscribed_and_read_by_its_method(
    wanted: World, market: Market, row: Row
) -> None:
    found = wanted.given[market, row.name]
    if isinstance(found, fastbinance.EventQueue):
        event = None
        deadline = time.monotonic() + DEADLINE_SECONDS
        while event is None and time.monotonic() < deadline:
            row.provoke(wanted.sim)  # again, as the stream may not have been confirmed before
            event = found.get(timeout=0.5)
        assert event is not None
        kind = parse(row.name, market).event
        assert (event.ws_key, event.stream, event.kind) == (row.service, row.name, kind)
        assert getattr(event.data, row.field)
        return
    assert (found.ws_key, found.stream) == (row.service, row.name)
    found.ready(timeout=DEADLINE_SECONDS)
    record = found.last()
    assert record[row.field] == getattr(record, row.field) > 0
    assert getattr(found, row.field) > 0
    if found.symbol is not None:
        assert found.symbols == (found.symbol,)
    else:
        assert found.last(found.symbols[record.symbol_id]).sequence <= found.cursor


@each_row
def test_the_same_stream_is_subscribed_by_name(
    wanted: World, market: Market, row: Row
) -> None:
    found = wanted.given[market, row.name]
    rings = wanted.fb.subscribe(row.name, market)
    assert rings == ({} if isinstance(found, fastbinance.EventQueue) else {row.name: found})
    # Also where there is no ring to compare: another service or spelling would be a stream more.
    assert wanted.fb.stats().streams == len(ALL)


def test_what_has_no_method_is_read_by_its_name(wanted: World) -> None:
    named: list[tuple[str, Market, str]] = [
        ("btcusdt@depth@0ms", "usdm", "update_id"),
        ("btcusd_perp@depth@0ms", "coinm", "update_id"),
        (f"btcusdt@optionOpenInterest@{EXPIRY}", "options", "open_interest"),
    ]
    with Client(urls=wanted.sim.urls) as fb:
        for name, market, field in named:
            ring = fb.subscribe(name, market)[name]
            ring.ready(timeout=DEADLINE_SECONDS)
            assert ring.last()[field] > 0
        notices = fb.events()
        fb.trades("btcusdt").ready(timeout=DEADLINE_SECONDS)
        wanted.sim.announce_shutdown()
        event = next(event for event in notices if event.kind == "server_shutdown")
        assert isinstance(event.data, fastbinance.ServerShutdown)
        assert event.data.event_ns > 0


def test_nothing_came_that_was_not_known(wanted: World) -> None:
    stats = wanted.fb.stats()
    assert [str(drift) for drift in stats.drifts] == []
    assert [(one.ws_key, one.rejects) for one in stats.connections if one.counters.rejected] == []
    assert stats.confirmed == stats.streams == len(ALL)


def test_no_row_of_the_tables_is_missing_here() -> None:
    for market in MARKETS:
        patterns = {form.text: pattern for form, pattern in streams._PATTERNS[market, "json"]}
        met = {
            text for text, pattern in patterns.items() for row in ROWS[market] if pattern.fullmatch(row.name)
        }
        assert patterns.keys() - BY_NAME_ONLY == met, market
    assert {parse(row.name, market).kind for market, row in ALL} == {*Kind, None}
