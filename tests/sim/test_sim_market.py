"""The random market: whatever it does, its streams and snapshots tell one story."""

import itertools
import json
from typing import Any, Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fastbinance.keys import Market
from fastbinance.sim.book import Level
from fastbinance.sim.channels import Channel, Topic
from fastbinance.sim.events import AggTradeEvent, BookTickerEvent, DepthEvent, Event, TradeEvent
from fastbinance.sim.exchange import Exchange
from fastbinance.sim.instrument import Instrument
from fastbinance.sim.market import RandomMarket
from fastbinance.sim.payload import event_payload, snapshot_body

START_MS: Final = 1_795_340_000_000
MARKETS: Final[tuple[Market, ...]] = ("spot", "usdm", "coinm")
SYMBOLS: Final[dict[Market, str]] = {"spot": "ETHUSDT", "usdm": "1000PEPEUSDT", "coinm": "BTCUSD_PERP"}
AGG_MS: Final[dict[Market, int]] = {"spot": 0, "usdm": 100, "coinm": 100}

BOOK_TICKER = Channel(Topic.BOOK_TICKER)
TRADE = Channel(Topic.TRADE)

seeds = st.text(alphabet="abcdefgh", min_size=1, max_size=4)
markets = st.sampled_from(MARKETS)
Story = list[tuple[Channel, Event]]


def born(market: Market, seed: str = "s", rate: float = 50.0, symbol: str | None = None) -> RandomMarket:
    instrument = Instrument(symbol or SYMBOLS[market], market)
    return RandomMarket(instrument, seed=seed, now_ms=START_MS, messages_per_second=rate)


def watched(market: Market, *channels: Channel, seed: str = "s", rate: float = 50.0) -> RandomMarket:
    one = born(market, seed, rate)
    for channel in channels:
        one.open(channel, START_MS)
    return one


def told(market: RandomMarket, story: Story, channel: Channel) -> list[Any]:
    """Events of one channel as a client decodes them."""
    return [
        json.loads(event_payload(market.instrument, channel, event)) for one, event in story if one == channel
    ]


class LocalBook:
    """A book as a client keeps it, by the published rules and from texts alone."""

    def __init__(self, market: Market, body: bytes) -> None:
        snapshot = json.loads(body)
        self.is_spot = market == "spot"
        self.last = snapshot["lastUpdateId"]
        self.sides = {"b": dict(snapshot["bids"]), "a": dict(snapshot["asks"])}
        self.is_bridged = False

    def is_too_old_for(self, event: dict[str, Any]) -> bool:
        return not self.is_bridged and bool(event["U"] > self.last + (1 if self.is_spot else 0))

    def apply(self, event: dict[str, Any]) -> None:
        if event["u"] < self.last + (1 if self.is_spot else 0):
            return
        if self.is_spot:
            expected = (
                event["U"] == self.last + 1 if self.is_bridged else event["U"] <= self.last + 1 <= event["u"]
            )
        else:
            expected = event["pu"] == self.last if self.is_bridged else event["U"] <= self.last <= event["u"]
        assert expected, (event["U"], event["u"], event.get("pu"), self.last)
        self.is_bridged = True
        self.last = event["u"]
        for side in ("b", "a"):
            for price, qty in event[side]:
                if float(qty):
                    self.sides[side][price] = qty
                else:
                    self.sides[side].pop(price, None)

    def top(self, levels: int) -> tuple[list[list[str]], list[list[str]]]:
        bids = sorted(self.sides["b"].items(), key=lambda level: -float(level[0]))
        asks = sorted(self.sides["a"].items(), key=lambda level: float(level[0]))
        return [list(level) for level in bids[:levels]], [list(level) for level in asks[:levels]]


def body(market: RandomMarket) -> bytes:
    return snapshot_body(
        market.instrument, market.snapshot(), time_ms=market.changed_ms, event_ms=market.changed_ms
    )


@settings(deadline=None, max_examples=30)
@given(market=markets, seed=seeds, steps=st.lists(st.integers(0, 400), min_size=1, max_size=30))
def test_book_is_never_crossed_and_stays_deep(market: Market, seed: str, steps: list[int]) -> None:
    one = watched(market, BOOK_TICKER, seed=seed, rate=200.0)
    now_ms = START_MS
    for step in steps:
        now_ms += step
        one.step(now_ms)
        book = one.book
        bids, asks = book.top(10**6)
        assert book.best_bid < book.best_ask
        assert [level.price for level in bids] == sorted(book.bids, reverse=True)
        assert [level.price for level in asks] == sorted(book.asks)
        assert all(level.qty > 0 and level.price > 0 for level in (*bids, *asks))
        assert min(len(bids), len(asks)) > 100


@settings(deadline=None, max_examples=25)
@given(
    market=markets, seed=seeds, speed=st.sampled_from([100, 250, 500, 1000]), early_ms=st.integers(0, 1500)
)
def test_diffs_and_any_snapshot_rebuild_the_book_exactly(
    market: Market, seed: str, speed: int, early_ms: int
) -> None:
    channel = Channel(Topic.DIFF_DEPTH, speed)
    one = watched(market, channel, seed=seed, rate=60.0)
    buffered = told(one, one.step(START_MS + early_ms), channel)
    local = LocalBook(market, body(one))
    for event in buffered:
        local.apply(event)
    compared = 0
    for now_ms in range(START_MS + early_ms + 1, START_MS + early_ms + 8 * speed):
        for event in told(one, one.step(now_ms), channel):
            if local.is_too_old_for(event):
                local = LocalBook(
                    market, body(one)
                )  # as a client must, when the snapshot is older than its buffer
            local.apply(event)
        if local.is_bridged and local.last == one.book.update_id:
            assert local.top(10**6) == LocalBook(market, body(one)).top(10**6)
            compared += 1
    assert compared > 0


@settings(deadline=None, max_examples=25)
@given(market=markets, seed=seeds, levels=st.sampled_from([5, 10, 20]))
def test_partial_depth_is_the_top_of_the_book_that_diffs_build(
    market: Market, seed: str, levels: int
) -> None:
    diff, partial = Channel(Topic.DIFF_DEPTH, 100), Channel(Topic.PARTIAL_DEPTH, 100, levels)
    one = watched(market, diff, partial, seed=seed, rate=300.0)
    local = LocalBook(market, body(one))
    local.is_bridged = True
    compared = 0
    for channel, event in one.step(START_MS + 3000):
        payload = told(one, [(channel, event)], channel)[0]
        if channel == diff:
            local.apply(payload)
            continue
        update_id = payload["lastUpdateId" if market == "spot" else "u"]
        bids, asks = (payload["bids"], payload["asks"]) if market == "spot" else (payload["b"], payload["a"])
        assert update_id == local.last
        assert (bids, asks) == local.top(levels)
        compared += 1
    assert compared > 5


@settings(deadline=None, max_examples=25)
@given(market=markets, seed=seeds)
def test_book_ticker_is_the_top_of_the_book_that_diffs_build(market: Market, seed: str) -> None:
    diff = Channel(Topic.DIFF_DEPTH, 100)
    one = watched(market, diff, BOOK_TICKER, seed=seed, rate=300.0)
    local = LocalBook(market, body(one))
    local.is_bridged = True
    ticker: dict[str, Any] = {}
    compared = 0
    for channel, event in one.step(START_MS + 3000):
        payload = told(one, [(channel, event)], channel)[0]
        if channel == BOOK_TICKER:
            assert payload["u"] > ticker.get("u", 0)
            ticker = payload
        else:
            local.apply(payload)
            if ticker:
                top = [[ticker["b"], ticker["B"]]], [[ticker["a"], ticker["A"]]]
                assert local.top(1) == top
                compared += 1
    assert compared > 5


@settings(deadline=None, max_examples=25)
@given(market=markets, seed=seeds)
def test_aggregates_and_trades_are_the_same_executions(market: Market, seed: str) -> None:
    aggregate = Channel(Topic.AGG_TRADE, AGG_MS[market])
    one = watched(market, TRADE, aggregate, seed=seed, rate=400.0)
    story = one.step(START_MS + 8000)
    trades = [event for _, event in story if isinstance(event, TradeEvent)]
    aggregates = [event for _, event in story if isinstance(event, AggTradeEvent)]
    ids = [trade.trade_id for trade in trades]
    assert ids == list(range(ids[0], ids[0] + len(ids)))
    by_id = {trade.trade_id: trade for trade in trades}
    assert [one.agg_trade_id for one in aggregates] == list(
        range(aggregates[0].agg_trade_id, aggregates[0].agg_trade_id + len(aggregates))
    )
    told_ids: list[int] = []
    for event in aggregates:
        parts = [by_id[trade_id] for trade_id in range(event.first_trade_id, event.last_trade_id + 1)]
        told_ids += [part.trade_id for part in parts]
        assert {(part.price, part.is_buyer_maker) for part in parts} == {(event.price, event.is_buyer_maker)}
        assert event.qty == sum(part.qty for part in parts)
        assert event.normal_qty == sum(part.qty for part in parts if part.trade_type == "MARKET")
        assert event.event_ms >= event.time_ms == parts[-1].time_ms
    real = [trade.trade_id for trade in trades if trade.trade_type != "NA"]
    assert told_ids == real[: len(told_ids)]
    # The last execution may still be gathering.
    assert all(trade_id > aggregates[-1].last_trade_id for trade_id in real[len(told_ids) :])


@settings(deadline=None, max_examples=25)
@given(market=markets, seed=seeds, cuts=st.lists(st.integers(0, 4000), max_size=20))
def test_it_does_not_matter_in_how_many_steps_the_time_is_told(
    market: Market, seed: str, cuts: list[int]
) -> None:
    channels = (BOOK_TICKER, TRADE, Channel(Topic.DIFF_DEPTH, 100), Channel(Topic.PARTIAL_DEPTH, 250, 5))
    whole, parts = watched(market, *channels, seed=seed), watched(market, *channels, seed=seed)
    story: Story = []
    for cut in [*sorted(cuts), 4000]:
        story += parts.step(START_MS + cut)
    assert story == whole.step(START_MS + 4000)


@settings(deadline=None, max_examples=25)
@given(market=markets, seed=seeds, at_ms=st.integers(0, 2000))
def test_asking_for_another_stream_does_not_change_the_story(market: Market, seed: str, at_ms: int) -> None:
    alone, accompanied = watched(market, BOOK_TICKER, seed=seed), watched(market, BOOK_TICKER, seed=seed)
    story = accompanied.step(START_MS + at_ms)
    others = [TRADE, Channel(Topic.DIFF_DEPTH, 100), Channel(Topic.AGG_TRADE, AGG_MS[market])]
    others += [Channel(Topic.KLINE, 250, interval="1m"), Channel(Topic.TICKER, 500)]
    others += [Channel(Topic.DIFF_DEPTH), Channel(Topic.FORCE_ORDER, 1000), Channel(Topic.BLOCK_TRADE)]
    for channel in others:
        accompanied.open(channel, START_MS + at_ms)
    story += accompanied.step(START_MS + 3000)
    assert [pair for pair in story if pair[0] == BOOK_TICKER] == alone.step(START_MS + 3000)


@pytest.mark.parametrize("market", MARKETS)
def test_seed_and_symbol_decide_the_story(market: Market) -> None:
    def story(seed: str, symbol: str) -> Story:
        one = born(market, seed, symbol=symbol)
        one.open(BOOK_TICKER, START_MS)
        return one.step(START_MS + 2000)

    other = "XRPUSD_PERP" if market == "coinm" else "XRPUSDT"
    assert story("a", SYMBOLS[market]) == story("a", SYMBOLS[market])
    assert story("a", SYMBOLS[market]) != story("b", SYMBOLS[market])
    assert story("a", SYMBOLS[market]) != story("a", other)


@pytest.mark.parametrize("rate", [1.0, 20.0, 200.0])
def test_book_tickers_come_at_the_rate_that_was_asked_for(rate: float) -> None:
    seconds = 4000 / rate
    story = watched("spot", BOOK_TICKER, rate=rate).step(START_MS + int(1000 * seconds))
    assert len(story) == pytest.approx(4000, rel=0.1)


@pytest.mark.parametrize("market", MARKETS)
@pytest.mark.parametrize("speed", [20, 50, 100, 250, 500, 1000])
def test_diff_events_are_one_speed_apart_and_in_the_products_order(market: Market, speed: int) -> None:
    channel = Channel(Topic.DIFF_DEPTH, speed)
    one = watched(market, channel, rate=max(200.0, 40_000 / speed))
    events = told(one, one.step(START_MS + 10_000), channel)
    times = [event["E"] for event in events]
    assert len(times) == 10_000 // speed
    assert {later - earlier for earlier, later in itertools.pairwise(times)} == {speed}
    for event in events:
        bids = [float(price) for price, _ in event["b"]]
        assert bids == sorted(bids, reverse=market == "spot")
        assert [float(price) for price, _ in event["a"]] == sorted(float(price) for price, _ in event["a"])
    if market == "spot":
        assert all(later["U"] == earlier["u"] + 1 for earlier, later in itertools.pairwise(events))
    else:
        assert all(later["pu"] == earlier["u"] for earlier, later in itertools.pairwise(events))
        assert all(event["pu"] < event["U"] <= event["u"] for event in events)
        assert any(event["U"] > event["pu"] + 1 for event in events)


def test_usdm_trades_have_fillers_and_rpi_and_the_others_have_not() -> None:
    types: dict[Market, set[str]] = {}
    for market in MARKETS:
        one = watched(market, TRADE, rate=400.0)
        trades = [event for _, event in one.step(START_MS + 60_000) if isinstance(event, TradeEvent)]
        types[market] = {trade.trade_type for trade in trades}
        assert all((trade.price, trade.qty) == (0, 0) for trade in trades if trade.trade_type == "NA")
        assert all(trade.qty > 0 for trade in trades if trade.trade_type != "NA")
    assert types == {"spot": {"MARKET"}, "usdm": {"MARKET", "RPI", "NA"}, "coinm": {"MARKET"}}


def test_price_moves_and_comes_back() -> None:
    one = watched("spot", BOOK_TICKER, rate=100.0)
    start = one.instrument.start_ticks
    bids = [
        event.bid.price for _, event in one.step(START_MS + 600_000) if isinstance(event, BookTickerEvent)
    ]
    assert len(set(bids)) > 20
    assert max(abs(bid - start) for bid in bids) < start * 0.02


def test_market_that_nobody_watched_goes_on_where_nobody_saw_it() -> None:
    channel = Channel(Topic.DIFF_DEPTH, 100)
    exchange = Exchange(seed=1, environment="prod", messages_per_second=100.0)
    one = exchange.market("spot", "BTCUSDT", START_MS)
    exchange.open(one, channel, START_MS)
    assert list(exchange.step(START_MS + 1000))
    last_seen = one.book.update_id
    exchange.close(one, channel)
    assert exchange.due_ms is None
    assert list(exchange.step(START_MS + 60_000)) == []
    exchange.open(one, channel, START_MS + 60_000)
    after = next(event for _, _, event in exchange.step(START_MS + 61_000))
    assert isinstance(after, DepthEvent)
    assert after.event_ms > START_MS + 60_000
    assert after.first_update_id > last_seen + 1


def test_clock_that_jumps_an_hour_costs_ten_seconds_of_trading_and_no_event() -> None:
    channel = Channel(Topic.DIFF_DEPTH, 100)
    exchange = Exchange(seed=1, environment="prod", messages_per_second=100.0)
    exchange.open(exchange.market("spot", "BTCUSDT", START_MS), channel, START_MS)
    first = [event for _, _, event in exchange.step(START_MS + 1000)]
    later = [event for _, _, event in exchange.step(START_MS + 3_600_000)]
    story = [event for event in (*first, *later) if isinstance(event, DepthEvent)]
    assert len(later) == 100
    assert all(b.first_update_id == a.update_id + 1 for a, b in itertools.pairwise(story))
    assert START_MS + 3_590_000 < story[len(first)].event_ms <= START_MS + 3_600_000


def test_exchange_makes_each_market_once_and_environments_differ() -> None:
    prod = Exchange(seed=1, environment="prod", messages_per_second=20.0)
    testnet = Exchange(seed=1, environment="testnet", messages_per_second=20.0)
    one = prod.market("spot", "BTCUSDT", START_MS)
    assert prod.market("spot", "BTCUSDT", START_MS + 5) is one
    assert prod.market("usdm", "BTCUSDT", START_MS) is not one
    assert testnet.market("spot", "BTCUSDT", START_MS).snapshot(20) != one.snapshot(20)
    assert list(prod.markets) == [one, prod.market("usdm", "BTCUSDT", START_MS)]


def test_snapshot_is_cut_to_its_limit_best_first() -> None:
    one = born("spot")
    bids, asks = one.book.top(7)
    assert one.snapshot(7) == (one.book.update_id, bids, asks)
    assert bids[0] == Level(one.book.best_bid, one.book.bids[one.book.best_bid])
    assert len(one.snapshot().bids) > 200
