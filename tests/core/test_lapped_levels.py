"""What rejected payloads do to a depth ring's arena, and what conflation loses."""

import numpy as np
import pytest

from fastbinance._core.feed import Feed
from fastbinance.errors import Lapped
from fastbinance.streams import Kind
from fastbinance.typed_rings import BookTickerRing, DepthRing

NAME = "btcusdt@depth@100ms"
DOUBLED = ',"u":9}}'  # found out only after all levels have been read


class Handler:
    def on_reject(self, reject):
        pass


def diff(update_id, levels, tail="}}"):
    side = ",".join(f'["{100 + n}.5","{n + 1}"]' for n in range(levels))
    return (
        f'{{"stream":"{NAME}","data":{{"e":"depthUpdate","E":1700000000000,"s":"BTCUSDT",'
        f'"U":{update_id},"u":{update_id},"b":[{side}],"a":[]{tail}'
    ).encode()


def feed_into(ring, name):
    feed = Feed(Handler(), "main")
    feed.add_route(name, ring)

    def push(payload):
        feed.replay(bytearray(payload + bytes(64)), np.array([0]), np.array([len(payload)]))

    return feed, push


def depth_ring(level_capacity):
    return DepthRing(
        int(Kind.DIFF_DEPTH), NAME, "main", "BTCUSDT", capacity=16, level_capacity=level_capacity
    )


def test_rejected_payloads_do_not_use_the_arena_up():
    ring = depth_ring(256)
    feed, push = feed_into(ring, NAME)
    push(diff(1, 20))
    for _ in range(200):
        push(diff(2, 20, tail=DOUBLED))
    assert (feed.rejected, ring.last().update_id, ring.window(1).intact()) == (200, 1, True)
    push(diff(3, 20))
    assert [record.update_id for record in ring.copy_from(0, 10)[0]] == [1, 3]
    assert ring.at(0).bids.tolist() == ring.at(1).bids.tolist() == [[100.5 + n, n + 1.0] for n in range(20)]


def test_a_payload_scanned_by_every_tier_takes_the_room_of_one():
    ring = depth_ring(1024)
    _, push = feed_into(ring, NAME)
    for update_id in range(16):
        # Key order unknown to the scanners: declined by each of them before the fallback takes it.
        known, unknown = b'"E":1700000000000,"s":"BTCUSDT"', b'"s":"BTCUSDT","E":1700000000000'
        push(diff(update_id, 40).replace(known, unknown))
    assert len(ring.copy_from(0, 100)[0]) == 16


def test_debris_of_a_rejected_payload_is_never_shown_as_levels():
    ring = depth_ring(64)
    _, push = feed_into(ring, NAME)
    push(diff(1, 4))
    push(diff(2, 4))
    push(diff(3, 18, tail=DOUBLED))  # reaches round the arena
    push(diff(4, 2))
    counts = {1: 4, 2: 4, 4: 2}
    expected = {number: [[100.5 + n, n + 1.0] for n in range(count)] for number, count in counts.items()}
    batch, _, lost = ring.copy_from(0, 10)
    for record in batch:
        assert record.bids.tolist() == expected[record.update_id]
    assert len(batch) + lost == 3


def test_last_says_so_when_the_newest_levels_are_gone_and_never_hangs():
    ring = depth_ring(64)
    _, push = feed_into(ring, NAME)
    push(diff(1, 4))
    push(diff(2, 200, tail=DOUBLED))
    with pytest.raises(Lapped, match=r"levels of record 0 .* level_capacity"):
        ring.last()
    push(diff(3, 4))
    assert ring.last().update_id == 3


def test_conflation_counts_a_symbol_whose_newest_record_others_overwrote():
    ring = BookTickerRing(
        int(Kind.BOOK_TICKER), "!bookTicker", "usdmPublic", None, capacity=4, symbol_capacity=4
    )
    _, push = feed_into(ring, "!bookTicker")
    for symbol, update_id in [("SLOW", 1), *(("BUSY", number) for number in range(2, 9))]:
        quote = f'"u":{update_id},"s":"{symbol}","b":"1","B":"1","a":"2","A":"1"'
        push(f'{{"stream":"!bookTicker","data":{{{quote}}}}}'.encode())
    batch, _, lost = ring.copy_latest(0)
    assert (batch["update_id"].tolist(), lost) == ([8], 1)
