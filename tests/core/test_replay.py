"""Replay: recorded messages from memory are taken as frames are, and bytes behind them never decide."""

import numpy as np
import pytest
from support.frames import (
    CASES,
    IDS,
    Recorder,
    book_ticker,
    feed_for,
    frame_of,
    message_of,
    pack,
    ring_for,
    rings_of_every_kind,
    send,
)
from support.malformed import GOOD

from fastbinance.streams import Kind

HOSTILE = [
    b'"}}' * 30,
    b"0" * 90,
    b"9" * 90,
    b'.5","B":"1"' * 9,
    b"}" * 90,
    b'],["1","2"]]' * 9,
    b"\xff" * 90,
    GOOD,
]


def test_it_publishes_as_frames_do():
    messages = [message_of(kind) for kind in Kind] * 3 + [b"x", b'{"id":1,"result":null}']
    by_frames, by_replay = rings_of_every_kind(), rings_of_every_kind()
    feed = feed_for(*by_frames)
    send(feed, *messages)
    again = feed_for(*by_replay)
    assert again.replay(*pack(messages)) == feed.published == 3 * len(Kind)
    for name in ("messages", "bytes_received", "rejected", "control", "fast", "fallback", "unrouted"):
        assert getattr(again, name) == getattr(feed, name), name
    for one, other in zip(by_frames, by_replay, strict=True):
        assert [one.at(i).fields for i in range(3)] == [other.at(i).fields for i in range(3)]


def test_receive_times_may_be_given():
    feed = feed_for(ring := ring_for(Kind.BOOK_TICKER))
    buffer, offsets, sizes = pack([book_ticker(i) for i in range(4)])
    feed.replay(buffer, offsets, sizes, np.array([5, 6, 7, 8], np.int64))
    assert list(ring.column("recv_ns", 4)) == [5, 6, 7, 8]
    feed.replay(buffer, offsets, sizes)
    newest = ring.column("recv_ns", 4)
    assert newest[0] > 10**18
    assert len(set(newest)) == 1


def test_nothing_is_nothing():
    feed = feed_for(ring_for(Kind.BOOK_TICKER))
    empty = np.array([], np.int64)
    assert feed.replay(b"", empty, empty) == 0


@pytest.mark.parametrize(("offset", "size"), [(-1, 1), (0, -1), (0, 37), (37, 0), (1, 36), (2**62, 2**62)])
def test_a_message_that_does_not_lie_in_the_buffer_is_refused(offset, size):
    feed = feed_for(ring_for(Kind.BOOK_TICKER))
    with pytest.raises(ValueError, match="message 1 does not lie in the buffer with 64 bytes behind it"):
        feed.replay(bytes(100), np.array([0, offset]), np.array([36, size]))
    assert feed.messages == 0


def test_arrays_of_different_lengths_are_refused():
    feed = feed_for(ring_for(Kind.BOOK_TICKER))
    one, two = np.zeros(1, np.int64), np.zeros(2, np.int64)
    for arguments in ((one, two), (two, one), (two, two, one)):
        with pytest.raises(ValueError, match="of one length"):
            feed.replay(bytes(100), *arguments)


def test_routes_cannot_change_during_a_replay():
    class Meddler(Recorder):
        def on_message(self, stream, payload, recv_ns):
            for call in (
                lambda: feed.add_route("x", ring),
                lambda: feed.remove_route(ring.stream),
                lambda: feed.set_raw(ring.stream, True),
                lambda: feed.replay(*packed),
            ):
                with pytest.raises(RuntimeError, match="a replay is running"):
                    call()
            super().on_message(stream, payload, recv_ns)

    feed = feed_for(ring := ring_for(Kind.BOOK_TICKER), handler=(handler := Meddler()))
    packed = pack([b'{"stream":"a@b","data":1}', GOOD])
    assert feed.replay(*packed) == 1
    assert len(handler.messages) == 1
    feed.remove_route(ring.stream)


def test_it_waits_for_the_end_of_a_fragmented_message():
    feed = feed_for(ring_for(Kind.BOOK_TICKER))
    feed.on_ws_frame(None, frame_of(GOOD, fin=False))
    with pytest.raises(RuntimeError, match="unfinished fragmented message"):
        feed.replay(*pack([GOOD]))


@pytest.mark.parametrize("case", CASES, ids=IDS)
@pytest.mark.parametrize("behind", HOSTILE)
def test_bytes_behind_the_payload_never_decide(case, behind):
    message = message_of(*case)
    ring = ring_for(*case)
    feed = feed_for(ring)
    cut = [message[:size] for size in range(len(message))]
    assert feed.replay(*pack(cut, behind)) == 0
    assert feed.rejected == len(message)
    assert feed.replay(*pack([message], behind)) == 1
    kept = ring.last()
    plain = ring_for(*case)
    feed_for(plain).replay(*pack([message]))
    same = [name for name in kept.fields() if name not in ("recv_ns", "levels_begin")]
    assert [repr(kept[name]) for name in same] == [repr(plain.last()[name]) for name in same]


@pytest.mark.parametrize("case", CASES, ids=IDS)
def test_a_message_whose_rest_stands_behind_it_is_still_cut(case):
    message = message_of(*case)
    ring = ring_for(*case)
    feed = feed_for(ring)
    buffer = bytearray(message + bytes(64))
    sizes = np.arange(len(message), dtype=np.int64)
    assert feed.replay(buffer, np.zeros_like(sizes), sizes) == 0
    assert (feed.rejected, ring.cursor) == (len(message), -1)
