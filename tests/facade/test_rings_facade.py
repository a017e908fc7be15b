"""Rings as users read and wait for them: what is not there yet, too old, or gone is said, never invented."""

import time
from typing import Any

import pytest
from support.faces import FACES, NEAR, Face
from support.payloads import combined, spot_book_ticker, usdm_book_ticker

import fastbinance
from fastbinance import RingState
from fastbinance.sim import RunningSimulator

pytestmark = pytest.mark.faces(*FACES)

STREAM = "btcusdt@bookTicker"


def send(sim: RunningSimulator, *update_ids: int) -> None:
    for update_id in update_ids:
        assert sim.send("spot", STREAM, spot_book_ticker(update_id)) == 1


@pytest.fixture
def fb(face: Face, silent_sim: RunningSimulator) -> Any:
    return face.client(urls=silent_sim.urls)


@pytest.fixture
def buf(face: Face, fb: Any) -> Any:
    return face.live(face.do(fb.book_ticker, "btcusdt", capacity=8))


def test_ring_without_records_says_so(buf: Any) -> None:
    with pytest.raises(fastbinance.NoData, match=STREAM) as caught:
        buf.last()
    assert caught.value.stream == STREAM
    assert (len(buf[-5:]), buf.cursor, len(buf.window(3)), len(buf.column("bid_price", 3))) == (0, -1, 0, 0)
    with pytest.raises(IndexError, match="no record 0 yet"):
        buf.at(0)


@pytest.mark.parametrize("max_age", ["1", float("nan"), [1]])
def test_age_that_is_no_number_is_refused_also_before_the_first_record(buf: Any, max_age: Any) -> None:
    with pytest.raises(fastbinance.ConfigurationError, match="max_age is a number of seconds or None"):
        buf.last(max_age=max_age)


def test_age_in_the_place_of_a_symbol_is_pointed_out(buf: Any) -> None:
    with pytest.raises(TypeError, match=r"takes a symbol, not 0.2; an age is last\(max_age=seconds\)"):
        buf.last(0.2)


@pytest.mark.parametrize("timeout", [float("nan"), "1", [1]])
def test_timeout_that_is_no_number_is_refused(face: Face, buf: Any, timeout: Any) -> None:
    for wait in (buf.wait, buf.ready):
        with pytest.raises(fastbinance.ConfigurationError, match="timeout is a number of seconds or None"):
            face.do(wait, timeout=timeout)


def test_record_older_than_asked_for_is_refused(face: Face, silent_sim: RunningSimulator, buf: Any) -> None:
    send(silent_sim, 1)
    face.until(lambda: buf.cursor == 0, buf)
    assert buf.last(max_age=3600).update_id == 1
    with pytest.raises(fastbinance.StaleData, match="more than the 0 s allowed") as caught:
        buf.last(max_age=0)
    assert (caught.value.stream, caught.value.max_age_seconds) == (STREAM, 0)
    assert 0 < caught.value.age_seconds < 60


def test_overwritten_record_is_lapped_and_a_window_over_it_not_intact(
    face: Face, silent_sim: RunningSimulator, buf: Any
) -> None:
    send(silent_sim, *range(1, 5))
    face.until(lambda: buf.cursor == 3, buf)
    window, first = buf.window(4), buf.at(0)
    assert window.intact()
    send(silent_sim, *range(5, 15))
    face.until(lambda: buf.cursor == 13, buf)
    assert not window.intact()
    with pytest.raises(fastbinance.Lapped) as caught:
        buf.at(0)
    assert (caught.value.sequence, caught.value.oldest) == (0, 6)
    assert first.update_id == 1, "a record is a copy"
    assert list(buf[-100:]["update_id"]) == list(range(7, 15))
    assert list(buf[-100:-6]["sequence"]) == [6, 7]


@pytest.mark.parametrize("key", [0, -1, slice(0, 5), slice(None), slice(-4, None, 2), slice(-4, 3)])
def test_only_negative_slices_are_taken_and_the_message_shows_one(buf: Any, key: Any) -> None:
    with pytest.raises((TypeError, IndexError), match=r"ring\[-100:\]"):
        buf[key]


def test_unknown_field_is_answered_with_those_there_are(
    face: Face, silent_sim: RunningSimulator, buf: Any
) -> None:
    send(silent_sim, 1)
    face.until(lambda: buf.cursor == 0, buf)
    for ask in (lambda: buf.column("bid", 3), lambda: buf.last()["bid"], lambda: buf.window(1)["bid"]):
        with pytest.raises(KeyError, match="bid_price"):
            ask()


def test_records_and_rings_cannot_be_written_to(face: Face, silent_sim: RunningSimulator, buf: Any) -> None:
    send(silent_sim, 1)
    face.until(lambda: buf.cursor == 0, buf)
    with pytest.raises(AttributeError, match="immutable"):
        buf.last().bid_price = 1.0
    with pytest.raises(AttributeError, match="read-only"):
        buf.bid_price = 1.0
    with pytest.raises(ValueError, match="read-only"):
        buf[-1:]["bid_price"] = 1.0


def test_wait_returns_with_the_next_record_or_when_time_is_up(
    face: Face, silent_sim: RunningSimulator, buf: Any
) -> None:
    assert face.do(buf.wait, timeout=0.0) == -1
    assert face.do(buf.wait, timeout=0.01) == -1
    send(silent_sim, 1)
    assert face.do(buf.wait, after=-1, timeout=float("inf")) == 0
    assert face.do(buf.wait, after=-1) == 0, "already there"
    assert face.do(buf.wait, after=buf[-1:]["sequence"][0], timeout=0.0) == 0
    send(silent_sim, 2, 3)
    cursor = 0
    while cursor < 2:
        cursor = face.do(buf.wait, after=cursor)
    assert buf.last().update_id == 3


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"after": "5"}, "after is a cursor"),
        ({"after": 1.5}, "after is a cursor"),
        ({"timeout": "5"}, "timeout is a number of seconds or None, not '5'"),
    ],
)
def test_wait_refuses_what_is_no_cursor_and_no_time(
    face: Face, buf: Any, options: dict[str, Any], text: str
) -> None:
    with pytest.raises(fastbinance.ConfigurationError, match=text):
        face.do(buf.wait, **options)
    assert buf.bell.waiting == 0


def test_wait_any_returns_the_cursors_of_all(
    face: Face, silent_sim: RunningSimulator, fb: Any, buf: Any
) -> None:
    other = face.live(face.do(fb.book_ticker, "btcusdt", market="usdm"))
    assert face.do(fb.wait_any, [buf, other], timeout=0.0) == (-1, -1)
    silent_sim.send("usdm", STREAM, usdm_book_ticker(1))
    assert face.do(fb.wait_any, [buf, other], [-1, -1]) == (-1, 0)
    send(silent_sim, 1)
    assert face.do(fb.wait_any, (ring for ring in (buf, other)), after=(-1, 0)) == (0, 0)
    face.do(fb.unsubscribe, other)
    with pytest.raises(fastbinance.StreamClosed):
        face.do(fb.wait_any, [buf, other])


def test_many_symbol_ring_gives_the_newest_record_of_each_symbol(
    face: Face, silent_sim: RunningSimulator, fb: Any
) -> None:
    # On COIN-M: on USD-M the simulator sends this stream every five seconds by itself, as Binance does.
    ring = face.live(face.do(fb.book_ticker, market="coinm", capacity=4))
    assert (ring.stream, ring.symbol, ring.symbols) == ("!bookTicker", None, ())
    for update_id, symbol in enumerate(("BTCUSDT", "ETHUSDT", "BTCUSDT", "牛来USDT")):
        silent_sim.send("coinm", "!bookTicker", usdm_book_ticker(update_id, symbol=symbol))
    face.until(lambda: ring.cursor == 3, ring)
    assert ring.symbols == ("BTCUSDT", "ETHUSDT", "牛来USDT")
    assert (ring.last("btcusdt").update_id, ring.last("ETHUSDT").update_id, ring.last().update_id) == (
        2,
        1,
        3,
    )
    assert ring.last("牛来usdt").symbol_id == 2
    assert ring.symbols[ring.symbol_id] == "牛来USDT"
    with pytest.raises(fastbinance.NoData, match="xrpusdt"):
        ring.last("xrpusdt")
    for update_id in range(4, 8):
        silent_sim.send("coinm", "!bookTicker", usdm_book_ticker(update_id))
    face.until(lambda: ring.cursor == 7, ring)
    with pytest.raises(fastbinance.Lapped):
        ring.last("ethusdt")


def test_symbol_of_another_ring_is_named_as_wrong(buf: Any) -> None:
    with pytest.raises(KeyError, match="BTCUSDT only"):
        buf.last("ethusdt")


# It writes what a feed of this process writes; for a feed that is stopped, see test_feed_process.py.
@pytest.mark.faces(*NEAR)
def test_ring_is_stale_when_its_feed_gives_no_sign_of_life(
    face: Face, silent_sim: RunningSimulator, buf: Any
) -> None:
    face.until(lambda: buf.state is RingState.LIVE, buf)
    # As if the feed had looked at its rings for the last time two seconds ago; it will look again.
    stale = False
    for _ in range(100):
        buf.sample(time.time_ns() - 2_000_000_000)
        stale = stale or buf.state is RingState.STALE
    assert stale
    for update_id in range(1, 100_000):
        send(silent_sim, update_id)
        face.until(lambda wanted=update_id: buf.cursor + 1 >= wanted, buf)
        if buf.state is RingState.LIVE:
            break
    assert buf.state is RingState.LIVE


def test_reading_goes_on_while_a_flood_is_written(face: Face, silent_sim: RunningSimulator, buf: Any) -> None:
    numbers = range(1, 20_001)
    payloads = [combined(STREAM, spot_book_ticker(number, f"{number}.5")) for number in numbers]
    face.beside(silent_sim.flood, payloads, count=20_000, market="spot", stream=STREAM)
    while buf.cursor < 19_999:
        face.do(buf.wait, after=buf.cursor, timeout=5)
        quote, window = buf.last(), buf[-4:]
        assert quote.bid_price == quote.update_id + 0.5
        assert len(window) == 4
    assert (buf.stats.published, buf.sequence) == (20_000, 19_999)


def test_memory_is_flat_and_stated(face: Face, fb: Any, buf: Any) -> None:
    small = buf.stats.memory_bytes
    large = face.do(fb.book_ticker, "ethusdt", capacity=1024).stats.memory_bytes
    assert abs(large - small - 2 * 80 * (1024 - 8)) < 4096, "each record twice, and whole pages"
