"""Readers: each record once, in order, and an honest count of what was missed."""

from typing import Any

import numpy as np
import pytest
from support.faces import FACES, Face
from support.payloads import combined, spot_book_ticker, usdm_book_ticker

import fastbinance
from fastbinance import ConfigurationError, Window
from fastbinance.sim import RunningSimulator

pytestmark = pytest.mark.faces(*FACES)

STREAM = "btcusdt@bookTicker"


def send(sim: RunningSimulator, *update_ids: int, symbol: str = "btcusdt") -> None:
    for update_id in update_ids:
        payload = spot_book_ticker(update_id, symbol=symbol.upper())
        assert sim.send("spot", f"{symbol}@bookTicker", payload) == 1


@pytest.fixture
def fb(face: Face, silent_sim: RunningSimulator) -> Any:
    return face.client(urls=silent_sim.urls)


@pytest.fixture
def buf(face: Face, fb: Any) -> Any:
    return face.live(face.do(fb.book_ticker, "btcusdt", capacity=8))


def read(face: Face, reader: Any, count: int) -> list[int]:
    """Return the update ids of so many records."""
    found: list[int] = []
    while len(found) < count:
        found += face.next(reader)["update_id"].tolist()
    return found


def test_reader_yields_each_record_once_and_in_order(face: Face, sim: RunningSimulator) -> None:
    fb = face.client(urls=sim.urls)
    buf = face.do(fb.book_ticker, "btcusdt")
    reader = buf.reader("oldest")
    sequences: list[int] = []
    while len(sequences) < 100:
        batch = face.next(reader)
        assert isinstance(batch, np.ndarray)
        assert batch.flags.owndata or batch.base.flags.owndata
        assert (batch["bid_price"] < batch["ask_price"]).all()
        sequences += batch["sequence"].tolist()
    assert sequences == list(range(len(sequences)))
    assert reader.lost == 0


@pytest.mark.parametrize(
    ("start", "first"), [("new", 5), ("oldest", 1), (0, 1), (2, 3), (np.int64(4), 5), (7, 8)]
)
def test_reader_begins_where_it_is_told_to(
    face: Face, silent_sim: RunningSimulator, buf: Any, start: Any, first: int
) -> None:
    send(silent_sim, 1, 2, 3, 4)
    face.until(lambda: buf.cursor == 3, buf)
    reader = buf.reader(start)
    send(silent_sim, 5, 6, 7, 8)
    assert read(face, reader, 9 - first) == list(range(first, 9))
    assert reader.lost == 0


def test_batches_are_no_larger_than_asked_for(face: Face, silent_sim: RunningSimulator, buf: Any) -> None:
    send(silent_sim, *range(1, 8))
    face.until(lambda: buf.cursor == 6, buf)
    reader = buf.reader("oldest", max_records=3)
    assert [face.next(reader)["update_id"].tolist() for _ in range(3)] == [[1, 2, 3], [4, 5, 6], [7]]


def test_overwritten_records_are_counted_as_lost(face: Face, silent_sim: RunningSimulator, buf: Any) -> None:
    reader, late = buf.reader(), buf.reader("oldest")
    payloads = [combined(STREAM, spot_book_ticker(update_id)) for update_id in range(1, 5_001)]
    face.beside(silent_sim.flood, payloads, count=5_000, market="spot", stream=STREAM)
    face.until(lambda: buf.cursor == 4_999, buf)
    for one in (reader, late):
        assert read(face, one, 8) == list(range(4_993, 5_001))
        assert one.lost == 4_992
    assert buf.reader("oldest").lost == 0
    from_the_start = buf.reader(0)
    face.next(from_the_start)
    assert from_the_start.lost == 4_992


def test_lost_and_read_add_up_while_the_writer_laps(
    face: Face, silent_sim: RunningSimulator, buf: Any
) -> None:
    reader = buf.reader()
    payloads = [combined(STREAM, spot_book_ticker(update_id)) for update_id in range(1, 20_001)]
    face.beside(silent_sim.flood, payloads, count=20_000, market="spot", stream=STREAM)
    seen = 0
    while seen + reader.lost < 20_000:
        batch = face.next(reader)
        assert batch["update_id"][0] == batch["sequence"][0] + 1
        seen += len(batch)
    assert seen + reader.lost == 20_000


def test_latest_skips_to_the_newest_record_of_a_symbol(
    face: Face, silent_sim: RunningSimulator, buf: Any
) -> None:
    reader = buf.reader("oldest", latest=True)
    send(silent_sim, *range(1, 21))
    face.until(lambda: buf.cursor == 19, buf)
    assert read(face, reader, 1) == [20]
    assert reader.lost == 0, "what latest skips is not lost"
    send(silent_sim, 21)
    assert read(face, reader, 1) == [21]


def test_latest_over_many_symbols_is_one_array_of_the_newest_of_each(
    face: Face, silent_sim: RunningSimulator, fb: Any
) -> None:
    ring = face.live(face.do(fb.book_ticker, market="usdm", capacity=16))
    reader, plain = ring.reader(latest=True), ring.reader()
    names = ("BTCUSDT", "ETHUSDT", "BTCUSDT", "XRPUSDT", "ETHUSDT")
    for update_id, symbol in enumerate(names, 1):
        silent_sim.send("usdm", "!bookTicker", usdm_book_ticker(update_id, symbol=symbol))
    face.until(lambda: ring.cursor == 4, ring)
    batch = face.next(reader)
    assert isinstance(batch, np.ndarray)
    assert batch.dtype == ring[-1:].dtype
    assert [ring.symbols[number] for number in batch["symbol_id"]] == ["BTCUSDT", "XRPUSDT", "ETHUSDT"]
    assert batch["update_id"].tolist() == [3, 4, 5]
    silent_sim.send("usdm", "!bookTicker", usdm_book_ticker(6, symbol="XRPUSDT"))
    assert face.next(reader)["update_id"].tolist() == [6]
    assert read(face, plain, 6) == [1, 2, 3, 4, 5, 6]


def test_depth_readers_yield_windows_with_their_levels(face: Face, sim: RunningSimulator) -> None:
    fb = face.client(urls=sim.urls)
    for ring in (face.do(fb.diff_depth, "btcusdt"), face.do(fb.partial_depth, "btcusdt", levels=5)):
        reader, newest = ring.reader(), ring.reader(latest=True)
        window = face.next(reader)
        assert isinstance(window, Window)
        assert window.intact()
        assert window.copied
        for index, book in enumerate(window):
            assert isinstance(book, fastbinance.Depth)
            assert (window.bids(index) == book.bids).all()
            assert (window.asks(index) == book.asks).all()
            assert len(book.bids) == book.bid_count
        assert len(face.next(newest)) == 1


def test_reader_over_several_rings_yields_the_ring_with_each_batch(
    face: Face, silent_sim: RunningSimulator, fb: Any, buf: Any
) -> None:
    other = face.live(face.do(fb.book_ticker, "ethusdt"))
    quiet = face.live(face.do(fb.trades, "btcusdt"))
    reader = fb.reader([buf, other, quiet])
    send(silent_sim, 1, 2, 3)
    send(silent_sim, 7, symbol="ethusdt")
    seen: dict[Any, list[int]] = {buf: [], other: []}
    while sum(map(len, seen.values())) < 4:
        ring, batch = face.next(reader)
        seen[ring] += batch["update_id"].tolist()
    assert seen == {buf: [1, 2, 3], other: [7]}
    assert repr(reader).endswith("btcusdt@bookTicker, ethusdt@bookTicker, btcusdt@trade: 0 lost>")


def test_fast_ring_does_not_hide_a_slow_one(
    face: Face, silent_sim: RunningSimulator, fb: Any, buf: Any
) -> None:
    other = face.live(face.do(fb.book_ticker, "ethusdt"))
    send(silent_sim, *range(1, 8))
    send(silent_sim, 1, 2, symbol="ethusdt")
    face.until(lambda: other.cursor == 1, other)
    reader = fb.reader([buf, other], "oldest", max_records=1)
    order = [face.next(reader)[0] for _ in range(9)]
    assert order == [buf, other, buf, other, buf, buf, buf, buf, buf]


def test_reader_ends_with_its_ring_after_what_came_before(
    face: Face, silent_sim: RunningSimulator, fb: Any, buf: Any
) -> None:
    other = face.live(face.do(fb.book_ticker, "ethusdt"))
    reader, both = buf.reader(), fb.reader([buf, other])
    send(silent_sim, 1)
    face.until(lambda: buf.cursor == 0, buf)
    face.do(fb.unsubscribe, STREAM)
    assert read(face, reader, 1) == [1]
    for _ in range(2):
        with pytest.raises(StopIteration):
            face.next(reader)
    assert face.next(both)[0] is buf
    send(silent_sim, 1, symbol="ethusdt")
    assert face.next(both)[0] is other
    face.do(fb.close)
    with pytest.raises(StopIteration):
        face.next(both)


def test_refused_stream_is_raised_once_and_the_others_are_read_on(
    face: Face, silent_sim: RunningSimulator, fb: Any, buf: Any
) -> None:
    refused = face.do(fb.book_ticker, "btc$usdt")
    alone, both = refused.reader(), fb.reader([refused, buf])
    with pytest.raises(fastbinance.SubscriptionRejected, match=r"btc\$usdt@bookTicker with code 2"):
        face.next(alone)
    with pytest.raises(StopIteration):
        face.next(alone)
    with pytest.raises(fastbinance.SubscriptionRejected):
        face.next(both)
    send(silent_sim, 1)
    assert face.next(both)[0] is buf


@pytest.mark.parametrize("start", ["now", "", -1, 1.5, None, "0"])
def test_reader_refuses_a_start_that_is_none(buf: Any, start: Any) -> None:
    with pytest.raises(ConfigurationError, match="'new', 'oldest' or a sequence"):
        buf.reader(start)


@pytest.mark.parametrize("size", [0, -1, 2.5, "many"])
def test_reader_refuses_a_batch_of_nothing(buf: Any, size: Any) -> None:
    with pytest.raises(ConfigurationError, match="at least one record"):
        buf.reader(max_records=size)


def test_reader_over_no_ring_one_ring_or_another_clients_ring_is_refused(
    face: Face, silent_sim: RunningSimulator, fb: Any, buf: Any
) -> None:
    stranger = face.do(face.client(urls=silent_sim.urls).book_ticker, "btcusdt")
    for rings, text in (
        ([], "at least one ring"),
        (buf, "give several rings, such as"),
        (None, "give several rings"),
        ([buf, "ethusdt"], "give rings, such as book_ticker"),
        ([buf, stranger], "another client"),
    ):
        with pytest.raises(ConfigurationError, match=text):
            fb.reader(rings)
        with pytest.raises(ConfigurationError, match=text):
            face.do(fb.wait_any, rings)
    with pytest.raises(ConfigurationError, match="1 cursors for 2 rings"):
        face.do(fb.wait_any, [buf, buf], [0])
