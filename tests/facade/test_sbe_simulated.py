"""Spot's binary streams over the simulator, in both clients: values, names, keys, and lost connections."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from support.faces import Face
from support.sbe import Deal, Depth, Quote, Shape, Trades

import fastbinance
from fastbinance import ConfigurationError, ConnectFailed, DecodeError, RingState
from fastbinance.records import FLAG_END_OF_FRAME
from fastbinance.sim import RunningSimulator, run_in_thread

KEY = "a-key-that-the-simulator-knows"
OTHER_KEY = "another-key-which-nobody-may-see"
SERVICES = ["mainSBE", "mainSBETestnet", "mainSBEDemo"]


@pytest.fixture
def guarded_sim() -> Iterator[RunningSimulator]:
    """Give a Binance that knows one key, and where nothing trades by itself."""
    # The clock stands still, so that only what a test sends is sent.
    with run_in_thread(api_keys=[KEY], clock=lambda: 1_795_340_000_000) as running:
        yield running


def test_every_method_reads_values_of_one_book(face: Face, sim: RunningSimulator) -> None:
    fb = face.client(urls=sim.urls, api_key=KEY)
    quotes, trades, diffs, books = face.do(
        lambda: (
            fb.book_ticker("btcusdt", format="sbe"),
            fb.trades("btcusdt", format="sbe"),
            fb.diff_depth("btcusdt", format="sbe"),
            fb.partial_depth("btcusdt", format="sbe"),
        )
    )
    names = ["btcusdt@bestBidAsk", "btcusdt@trade", "btcusdt@depth", "btcusdt@depth20"]
    assert [ring.stream for ring in (quotes, trades, diffs, books)] == names
    for ring in (quotes, trades, diffs, books):
        face.do(ring.ready, timeout=10)
        assert (ring.ws_key, ring.symbol) == ("mainSBE", "BTCUSDT")
    quote, trade, diff, book = (ring.last() for ring in (quotes, trades, diffs, books))
    assert 0 < quote.bid_price < quote.ask_price
    assert trade.price > 0
    assert trade.trade_id > 0
    assert diff.first_update_id <= diff.update_id
    assert diff.bid_count + diff.ask_count > 0
    assert (book.bid_count, book.ask_count) == (20, 20)
    assert book.bids[0][0] < book.asks[0][0]
    for record in (quote, trade, diff, book):
        assert record.event_ns % 1000 == 0
        assert abs(record.recv_ns - record.event_ns) < 60 * 10**9
    assert [(one.ws_key, one.counters.rejected) for one in fb.stats().connections] == [("mainSBE", 0)]


def test_binary_and_json_rings_of_a_symbol_agree(face: Face, sim: RunningSimulator) -> None:
    fb = face.client(urls=sim.urls, api_key=KEY)
    binary = face.live(face.do(fb.trades, "btcusdt", format="sbe"))
    plain = face.live(face.do(fb.trades, "btcusdt"))
    face.until(lambda: plain.cursor >= 5, plain)
    # The binary ring was there first, so it has all of these sooner or later.
    told = plain[-6:].copy()
    newest = int(told["trade_id"][-1])
    face.until(lambda: binary.cursor >= 0 and binary.last().trade_id >= newest, binary)
    trades = binary[-(newest - int(told["trade_id"][0]) + 64) :].copy()
    same = trades[np.isin(trades["trade_id"], told["trade_id"])]
    for name in ("trade_id", "price", "qty", "is_buyer_maker"):
        assert same[name].tolist() == told[name].tolist()
    # JSON has milliseconds here, SBE microseconds of the same moment.
    assert (same["event_ns"] // 10**6).tolist() == (told["event_ns"] // 10**6).tolist()


@pytest.mark.parametrize("service", SERVICES)
def test_subscribed_by_name_it_is_the_same_ring(
    face: Face, guarded_sim: RunningSimulator, service: str
) -> None:
    fb = face.client(urls=guarded_sim.urls, api_key=KEY)
    names = ["btcusdt@bestBidAsk", "btcusdt@trade", "btcusdt@depth", "btcusdt@depth20"]
    rings = face.do(fb.subscribe, names, service)
    assert list(rings) == names
    for ring in rings.values():
        face.live(ring)
    environment: Any = "testnet" if "Testnet" in service else "prod"
    sent = [
        Quote(update_id=7),
        Trades((Deal(1, 5, 6), Deal(2, 7, 8, 1))),
        Depth(first_update_id=10),
        Depth().snapshot(),
    ]
    for name, message in zip(names, sent, strict=True):
        payload = message.message()
        assert guarded_sim.send("spot", name, payload, environment=environment, format="sbe") == 1
        face.until(lambda ring=rings[name]: ring.cursor >= 0, rings[name])
    assert rings[names[0]].last().update_id == 7
    assert rings[names[1]][-2:]["flags"].tolist() == [0, FLAG_END_OF_FRAME]
    assert rings[names[2]].last().first_update_id == 10
    assert rings[names[3]].last().bids.tolist() == [[16500.01, 10.0], [16499.99, 0.0]]
    assert guarded_sim.subscriptions(service) == [tuple(names)]


def test_ring_survives_a_lost_connection(face: Face, guarded_sim: RunningSimulator) -> None:
    fb = face.client(urls=guarded_sim.urls, api_key=KEY)
    ring = face.live(face.do(fb.book_ticker, "btcusdt", format="sbe"))
    for update_id in (1, 2):
        guarded_sim.send("spot", ring.stream, Quote(update_id).message(), format="sbe")
        face.until(lambda update_id=update_id: ring.cursor == update_id - 1, ring)
        assert ring.last().update_id == update_id
        if update_id == 1:
            assert guarded_sim.cut("mainSBE") == 1
            face.until(lambda: ring.state is RingState.DOWN, ring)
            face.live(ring)


def test_what_does_not_decode_is_told_and_the_next_is_read(face: Face, guarded_sim: RunningSimulator) -> None:
    fb = face.client(urls=guarded_sim.urls, api_key=KEY)
    events = face.do(fb.events)
    ring = face.live(face.do(fb.book_ticker, "btcusdt", format="sbe"))
    for message in (Quote().message(Shape(schema=2)), Quote(update_id=9).message()):
        guarded_sim.send("spot", ring.stream, message, format="sbe")
    face.until(lambda: ring.cursor == 0, ring)
    assert ring.last().update_id == 9
    error = face.event(events, "exception").error
    assert isinstance(error, DecodeError)
    assert (error.code, error.ws_key) == ("other_schema", "mainSBE")


def test_raw_messages_are_the_bytes_that_came(face: Face, guarded_sim: RunningSimulator) -> None:
    fb = face.client(urls=guarded_sim.urls, api_key=KEY)
    events = face.do(fb.events)
    ring = face.live(face.do(fb.trades, "btcusdt", format="sbe"))
    face.do(fb.raw_messages, ring)
    payload = Trades().message()
    guarded_sim.send("spot", ring.stream, payload, format="sbe")
    event = face.event(events, "message")
    assert (event.stream, bytes(event.payload)) == ("btcusdt@trade", payload)
    assert ring.last().trade_id == 12_345


@pytest.mark.parametrize(
    "ask",
    [
        lambda fb: fb.book_ticker("btcusdt", format="sbe"),
        lambda fb: fb.trades("btcusdt", format="sbe"),
        lambda fb: fb.diff_depth("btcusdt", format="sbe"),
        lambda fb: fb.partial_depth("btcusdt", format="sbe"),
        lambda fb: fb.subscribe("btcusdt@bestBidAsk", "mainSBE"),
    ],
)
def test_without_a_key_nothing_is_connected(
    face: Face, guarded_sim: RunningSimulator, ask: Any
) -> None:
    fb = face.client(urls=guarded_sim.urls)
    with pytest.raises(ConfigurationError, match="wants an API key"):
        face.do(ask, fb)
    assert fb.stats().connections == ()
    assert (guarded_sim.stats.opened, guarded_sim.stats.refused) == (0, 0)


def test_a_refused_key_is_told_as_401_and_never_shown(
    face: Face, guarded_sim: RunningSimulator, caplog: pytest.LogCaptureFixture
) -> None:
    # The level at which picows logs whole requests.
    with caplog.at_level(1):
        fb = face.client(urls=guarded_sim.urls, api_key=OTHER_KEY)
        events = face.do(fb.events)
        ring = face.do(fb.book_ticker, "btcusdt", format="sbe")
        event = face.event(events, "exception")
        with pytest.raises(ConnectFailed) as caught:
            face.do(ring.ready, timeout=0.5)  # it has failed already; a feed elsewhere says so a little later
    assert isinstance(event.error, ConnectFailed)
    shown = [str(event.error), repr(event.error), repr(event), str(caught.value), repr(caught.value)]
    shown += [repr(fb), repr(fb.stats()), repr(ring), repr(ring.state)]
    assert "HTTP status 401: it wants an API key" in str(event.error)
    assert "HTTP status 401" in str(caught.value)
    assert guarded_sim.stats.refused >= 1
    # The simulator's own server may log what it is sent; that is Binance's side.
    ours = [record.getMessage() for record in caplog.records if record.name.startswith("fastbinance")]
    assert any("401" in text for text in ours)
    assert not [text for text in (*shown, *ours) if OTHER_KEY in text]


def test_the_public_names_decode_what_the_simulator_sends() -> None:
    (record,) = fastbinance.decode(Quote().message(), "mainSBE")
    assert isinstance(record, fastbinance.BookTicker)


def test_a_key_does_not_leave_this_machine_without_tls():
    urls = {"mainSBE": "ws://192.0.2.1:9000"}
    with fastbinance.Client(urls=urls, api_key=KEY) as fb:
        with pytest.raises(ConfigurationError, match=r"in the clear to 192\.0\.2\.1: use wss://") as refused:
            fb.trades("btcusdt", format="sbe")
        assert KEY not in str(refused.value)
        assert fb.stats().connections == ()
