"""What a user writes, on both clients: subscribe, read, look at what there is, give up."""

import math

import numpy as np
import pytest
from support.faces import Face
from support.payloads import spot_book_ticker, usdm_book_ticker

import fastbinance
from fastbinance import Kind, RingState, WsKey
from fastbinance.sim import RunningSimulator, run_in_thread

METHODS = [
    ("book_ticker", "btcusdt", "spot", {}, "main", "btcusdt@bookTicker"),
    ("book_ticker", "BTCUSDT", "usdm", {}, "usdmPublic", "btcusdt@bookTicker"),
    ("book_ticker", "btcusd_perp", "coinm", {}, "coinm", "btcusd_perp@bookTicker"),
    ("trades", "btcusdt", "spot", {}, "main", "btcusdt@trade"),
    ("trades", "btcusdt", "usdm", {}, "usdmPublic", "btcusdt@trade"),
    ("agg_trades", "btcusdt", "spot", {}, "main", "btcusdt@aggTrade"),
    ("agg_trades", "btcusdt", "usdm", {}, "usdmMarket", "btcusdt@aggTrade"),
    ("diff_depth", "btcusdt", "spot", {}, "main", "btcusdt@depth@100ms"),
    ("diff_depth", "btcusdt", "spot", {"speed_ms": 1000}, "main", "btcusdt@depth"),
    ("diff_depth", "btcusdt", "usdm", {"speed_ms": 250}, "usdmPublic", "btcusdt@depth"),
    ("partial_depth", "btcusdt", "spot", {"levels": 5}, "main", "btcusdt@depth5@100ms"),
    ("partial_depth", "btcusd_perp", "coinm", {}, "coinm", "btcusd_perp@depth20@100ms"),
]


@pytest.mark.parametrize(("method", "symbol", "market", "options", "ws_key", "stream"), METHODS)
def test_each_method_subscribes_to_its_stream_and_its_records_come(
    face: Face,
    sim: RunningSimulator,
    method: str,
    symbol: str,
    market: str,
    options: dict[str, int],
    ws_key: str,
    stream: str,
) -> None:
    fb = face.client(urls=sim.urls)
    ring = face.do(getattr(fb, method), symbol, market=market, **options)
    assert (ring.ws_key, ring.stream, ring.symbol) == (ws_key, stream, symbol.upper())
    assert isinstance(ring, face.ring_type)
    face.do(ring.ready, timeout=10)
    record = ring.last()
    assert record.sequence >= 0
    assert record.recv_ns > 0
    assert record.age_ns > 0
    assert set(type(record).fields()) == set(ring[-1:].dtype.names)
    for name in type(record).fields():
        assert hasattr(ring, name)
    assert fb.stats().connections[0].counters.rejected == 0


def test_quote_is_read_as_record_property_window_column_and_by_sequence(
    face: Face, silent_sim: RunningSimulator
) -> None:
    fb = face.client(urls=silent_sim.urls)
    buf = face.do(fb.book_ticker, "btcusdt")
    assert math.isnan(buf.bid_price)
    face.live(buf)
    for update_id, bid in enumerate(("1.5", "2.5", "3.5")):
        silent_sim.send("spot", "btcusdt@bookTicker", spot_book_ticker(update_id, bid))
    face.until(lambda: buf.cursor == 2, buf)

    quote = buf.last()
    assert isinstance(quote, fastbinance.BookTicker)
    assert (quote.sequence, quote.update_id, quote.bid_price, quote.ask_qty) == (2, 2, 3.5, 40.66)
    assert (quote["bid_price"], buf.bid_price, buf.sequence) == (3.5, 3.5, 2)
    assert list(buf[-2:]["bid_price"]) == [2.5, 3.5]
    assert list(buf.column("bid_price", 10)) == [1.5, 2.5, 3.5]
    window = buf.window(2)
    assert (window.first_sequence, len(window.records), window.intact()) == (1, 2, True)
    assert buf.at(0).bid_price == 1.5
    assert buf[-3:].dtype == fastbinance.dtype_of(Kind.BOOK_TICKER)
    assert not buf[-3:].flags.writeable
    assert np.shares_memory(buf[-1:], buf[-1:])
    assert (buf.state, buf.symbols, buf.stats.published, buf.stats.rejected) == (
        RingState.LIVE, ("BTCUSDT",), 3, 0,
    )  # fmt: skip


def test_depth_records_have_levels(face: Face, sim: RunningSimulator) -> None:
    fb = face.client(urls=sim.urls)
    ring = face.do(fb.partial_depth, "btcusdt", levels=5)
    face.do(ring.ready, timeout=10)
    book = ring.last()
    assert isinstance(book, fastbinance.Depth)
    assert book.bids.shape == book.asks.shape == (5, 2)
    assert book.bids[0, 0] < book.asks[0, 0]
    assert (np.diff(book.bids[:, 0]) < 0).all()
    window = ring.window(1)
    assert window.bids(0).shape == (5, 2)


@pytest.mark.parametrize("tls", [False, True], ids=["ws", "wss"])
def test_quotes_flow_over_plain_and_encrypted_connections(face: Face, tls: bool) -> None:
    with run_in_thread(tls=tls, messages_per_second=100) as sim:
        fb = face.client(urls=sim.urls, ssl_context=sim.ssl_context)
        buf = face.do(fb.book_ticker, "btcusdt")
        face.do(buf.ready, timeout=10)
        assert buf.bid_price < buf.ask_price
        assert fb.stats().connections[0].url.startswith("wss:" if tls else "ws:")
        face.do(fb.close)


def test_asking_twice_gives_the_same_ring(face: Face, silent_sim: RunningSimulator) -> None:
    fb = face.client(urls=silent_sim.urls)
    buf = face.do(fb.book_ticker, "btcusdt")
    assert face.do(fb.book_ticker, "BTCUSDT") is buf
    assert face.do(fb.subscribe, "btcusdt@bookTicker") == {"btcusdt@bookTicker": buf}
    assert face.do(fb.subscribe, ["BTCUSDT@bookTicker"], WsKey.MAIN) == {"btcusdt@bookTicker": buf}
    assert face.do(fb.book_ticker, "btcusdt", capacity=buf.capacity) is buf
    face.live(buf)
    assert silent_sim.subscriptions(WsKey.MAIN) == [("btcusdt@bookTicker",)]


def test_alias_and_routed_key_name_the_same_ring(face: Face, silent_sim: RunningSimulator) -> None:
    fb = face.client(urls=silent_sim.urls)
    buf = face.do(fb.book_ticker, "btcusdt", market="usdm")
    for key in ("usdm", WsKey.USDM, WsKey.USDM_PUBLIC, "usdmPublic"):
        assert face.do(fb.subscribe, "btcusdt@bookTicker", key) == {"btcusdt@bookTicker": buf}
    assert list(fb.rings) == [(WsKey.USDM_PUBLIC, "btcusdt@bookTicker")]


def test_same_name_in_another_market_is_another_ring(face: Face, silent_sim: RunningSimulator) -> None:
    fb = face.client(urls=silent_sim.urls)
    spot = face.do(fb.book_ticker, "btcusdt")
    usdm = face.do(fb.book_ticker, "btcusdt", market="usdm")
    second = face.do(fb.subscribe, "btcusdt@bookTicker", WsKey.MAIN2)["btcusdt@bookTicker"]
    assert len({id(spot), id(usdm), id(second)}) == 3
    for ring in (spot, usdm, second):
        face.live(ring)
    silent_sim.send("usdm", "btcusdt@bookTicker", usdm_book_ticker(5))
    face.until(lambda: usdm.cursor == 0, usdm)
    assert (spot.cursor, second.cursor, usdm.event_ns) == (-1, -1, 1_795_340_000_006_000_000)


def test_usdm_streams_find_their_route_on_two_connections(face: Face, silent_sim: RunningSimulator) -> None:
    fb = face.client(urls=silent_sim.urls)
    rings = face.do(
        fb.subscribe,
        ["btcusdt@bookTicker", "btcusdt@aggTrade", "btcusdt@depth@100ms", "btcusdt@trade"],
        "usdm",
    )
    face.do(fb.subscribe, "btcusdt@markPrice", "usdm")
    for ring in rings.values():
        face.live(ring)
    assert {name: ring.ws_key for name, ring in rings.items()} == {
        "btcusdt@bookTicker": "usdmPublic",
        "btcusdt@aggTrade": "usdmMarket",
        "btcusdt@depth@100ms": "usdmPublic",
        "btcusdt@trade": "usdmPublic",
    }
    urls = {connection.ws_key: connection.url for connection in fb.stats().connections}
    base = silent_sim.urls[WsKey.USDM]
    assert urls == {
        WsKey.USDM_PUBLIC: f"{base}/public/stream",
        WsKey.USDM_MARKET: f"{base}/market/stream",
    }


def test_names_without_a_ring_are_subscribed_too(face: Face, silent_sim: RunningSimulator) -> None:
    fb = face.client(urls=silent_sim.urls)
    rings = face.do(fb.subscribe, ["!serverShutdown", "btcusdt@bookTicker"])
    assert list(rings) == ["btcusdt@bookTicker"]
    face.live(rings["btcusdt@bookTicker"])
    assert silent_sim.subscriptions("main") == [("!serverShutdown", "btcusdt@bookTicker")]
    assert fb.stats().streams == 2
    assert face.do(fb.subscribe, "btcusdt@brandNew", strict=False) == {}


def test_market_name_does_for_a_key(face: Face, silent_sim: RunningSimulator) -> None:
    fb = face.client(urls=silent_sim.urls)
    assert face.do(fb.subscribe, "btcusdt@trade", "spot")["btcusdt@trade"].ws_key == "main"
    face.do(fb.unsubscribe, "btcusdt@trade", "spot")
    assert fb.rings == {}


def test_environment_and_urls_say_where_to_connect(face: Face, silent_sim: RunningSimulator) -> None:
    urls = {key: url for key, url in silent_sim.urls.items() if "Testnet" in key}
    testnet = face.client(urls=urls, env="testnet")
    ring = face.do(testnet.book_ticker, "btcusdt", market="usdm")
    face.live(ring)
    assert ring.ws_key == "usdmTestnetPublic"
    assert silent_sim.subscriptions(WsKey.USDM_TESTNET) == [("btcusdt@bookTicker",)]

    by_alias = face.client(urls={"usdm": silent_sim.urls[WsKey.USDM_TESTNET] + "/"})
    face.live(face.do(by_alias.book_ticker, "ethusdt", market="usdm"))
    assert ("ethusdt@bookTicker",) in silent_sim.subscriptions(WsKey.USDM_TESTNET)


def test_unsubscribing_ends_the_ring_and_a_new_wish_makes_a_new_one(
    face: Face, silent_sim: RunningSimulator
) -> None:
    fb = face.client(urls=silent_sim.urls)
    buf = face.live(face.do(fb.book_ticker, "btcusdt"))
    other = face.live(face.do(fb.book_ticker, "ethusdt"))
    third = face.live(face.do(fb.trades, "btcusdt"))
    silent_sim.send("spot", "btcusdt@bookTicker", spot_book_ticker(1, "7.5"))
    face.until(lambda: buf.cursor == 0, buf)
    face.do(fb.unsubscribe, buf)
    face.do(fb.unsubscribe, [third, "ethusdt@bookTicker"])
    face.beside(silent_sim.wait_for, lambda sim: sim.subscriptions("main") == [()])
    for ring in (buf, other, third):
        assert (ring.closed, ring.state) == (True, RingState.DOWN)
        with pytest.raises(fastbinance.StreamClosed, match=ring.stream):
            face.do(ring.wait)
        with pytest.raises(fastbinance.StreamClosed):
            face.do(ring.ready)
    assert buf.last().bid_price == 7.5, "what came before stays readable"
    again = face.do(fb.book_ticker, "btcusdt", capacity=16)
    assert again is not buf
    assert again.capacity == 16
    face.live(again)


def test_stats_tell_connections_streams_and_counters(face: Face, silent_sim: RunningSimulator) -> None:
    fb = face.client(urls=silent_sim.urls)
    assert fb.stats() == fastbinance.ClientStats((), 0, 0, 0, 0, ())
    buf = face.live(face.do(fb.book_ticker, "btcusdt"))
    for update_id in range(3):
        silent_sim.send("spot", "btcusdt@bookTicker", spot_book_ticker(update_id))
    face.until(lambda: buf.cursor == 2, buf)
    stats = fb.stats()
    (connection,) = stats.connections
    assert (stats.streams, stats.confirmed, stats.callback_errors, stats.events_lost) == (1, 1, 0, 0)
    assert (connection.ws_key, connection.wanted, connection.confirmed) == (WsKey.MAIN, 1, 1)
    assert (connection.reconnects, connection.attempts, connection.trouble) == (0, 0, None)
    counters = connection.counters
    assert (counters.published, counters.fast + counters.fallback, counters.control) == (3, 3, 1)
    assert (counters.messages, counters.rejected, counters.unrouted) == (4, 0, 0)
    face.do(fb.close)
    assert fb.stats().connections == ()


def test_representations_say_what_a_person_wants_to_know(face: Face, silent_sim: RunningSimulator) -> None:
    fb = face.client(urls=silent_sim.urls)
    buf = face.live(face.do(fb.book_ticker, "btcusdt"))
    assert repr(buf) == f"<{type(buf).__name__} main btcusdt@bookTicker: LIVE, 0 records>"
    assert repr(fb) == f"<{type(fb).__name__} prod: 1 streams>"
    assert repr(buf.reader()) == f"<{face.reader_type.__name__} btcusdt@bookTicker: 0 lost>"
    face.do(fb.close)
    assert repr(fb) == f"<{type(fb).__name__} prod: closed>"
    assert repr(buf) == f"<{type(buf).__name__} main btcusdt@bookTicker: closed, 0 records>"


def test_names_offered_by_a_ring_are_those_for_its_user(face: Face, silent_sim: RunningSimulator) -> None:
    fb = face.client(urls=silent_sim.urls)
    offered = {name for name in dir(face.do(fb.book_ticker, "btcusdt")) if not name.startswith("_")}
    fields = set(fastbinance.dtype_of(Kind.BOOK_TICKER).names or ())
    assert offered - fields == {
        "at", "capacity", "closed", "column", "complete", "cursor", "error", "gaps", "kind", "last",
        "level_capacity", "reader", "ready", "records", "state", "stats", "stream", "symbol", "symbols",
        "wait",
        "why_incomplete", "window", "ws_key",
    }  # fmt: skip
