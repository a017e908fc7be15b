"""No reader in Python ever takes a torn record, while another process writes as fast as it can.

What is read is what programs read: the newest record, a window, copies and records by sequence. Every number
of a quote follows from its update id. CONTRIBUTING.md has the command for ten million reads.
"""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import numpy as np
import pytest
from support.frames import book_ticker, feed_for, pack

from fastbinance._core.ring import RingBase, ring_bytes
from fastbinance._core.segment import RingMemoryView, Segment, SharedBell
from fastbinance.errors import Lapped, NoData
from fastbinance.streams import Kind

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="memory is handed over as on Linux")

READS = int(os.environ.get("FASTBINANCE_TORN_READS", "20000"))
STREAM = "btcusdt@bookTicker"
SIZE = 8 << 20


def ring_in(segment: Segment, memory: RingMemoryView, capacity: int, **roles: Any) -> RingBase:
    return RingBase(
        int(Kind.BOOK_TICKER),
        STREAM,
        "main",
        "BTCUSDT",
        capacity=capacity,
        memory=memory,
        merge=False,
        **roles,
    )


def write(descriptor: int, offset: int, size: int, capacity: int) -> None:
    """Write until the process is ended."""
    segment = Segment.attach(descriptor, writable=True)
    memory = RingMemoryView(segment, offset, size)
    feed = feed_for(ring_in(segment, memory, capacity, formats=False, bell=SharedBell()))
    batch = pack([book_ticker(1000 + i) for i in range(5000)])
    while True:
        feed.replay(*batch)


@contextmanager
def written(capacity: int) -> Iterator[RingBase]:
    """Give a ring that another process writes to for as long as the block lasts."""
    segment = Segment.create("test", size=SIZE, ring_capacity=8)
    size = ring_bytes(int(Kind.BOOK_TICKER), capacity, 0, 1)
    memory = RingMemoryView.allocate(segment, size, "main", STREAM, "BTCUSDT")
    ring = ring_in(segment, memory, capacity, writes=False)
    arguments = [str(number) for number in (segment.fileno(), memory.offset, memory.size, capacity)]
    writer = subprocess.Popen(
        [sys.executable, __file__, *arguments],
        pass_fds=[segment.fileno()],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
    )
    try:
        while ring.cursor < 5000:
            assert writer.poll() is None
        yield ring
        assert writer.poll() is None
    finally:
        writer.kill()
        writer.wait()


def whole(records: Any) -> Any:
    """Say of each record whether its numbers are those of one message."""
    ids = records["update_id"]
    return (
        (records["bid_price"] == ids + 0.5)
        & (records["bid_qty"] == ids + 0.25)
        & (records["ask_price"] == ids + 1.5)
        & (records["ask_qty"] == ids + 0.75)
    )


def is_whole(record: Any) -> bool:
    numbers = (record.bid_price, record.bid_qty, record.ask_price, record.ask_qty)
    n = record.update_id
    return numbers == (n + 0.5, n + 0.25, n + 1.5, n + 0.75)


@pytest.mark.parametrize("capacity", [8, 1024])
def test_what_python_reads_of_another_process_is_whole(capacity: int) -> None:
    counts = dict.fromkeys(("last", "at", "window", "copy"), 0)
    refused = torn = 0
    with written(capacity) as ring:
        first = ring.cursor
        while sum(counts.values()) < READS or min(counts.values()) == 0 or refused == 0:
            with suppress(NoData):
                torn += not is_whole(ring.last())
                counts["last"] += 1
            try:
                torn += not is_whole(ring.at(ring.cursor - capacity // 2))
                counts["at"] += 1
            except Lapped:
                refused += 1
            window = ring.window(capacity // 2)
            found = whole(window.records)
            if window.intact():
                torn += int(np.count_nonzero(~found))
                counts["window"] += 1
            else:
                refused += 1
            batch, following, _ = ring.copy_from(max(ring.cursor - 4, 0), capacity)
            if batch is not None:
                torn += int(np.count_nonzero(~whole(batch)))
                assert list(batch["sequence"]) == list(range(following - len(batch), following))
                counts["copy"] += 1
        laps = (ring.cursor - first) // capacity
    print(f"\ncapacity {capacity}: {counts}, {refused} refused, {torn} torn, {laps} laps of the writer")
    assert torn == 0
    assert laps > 0


def test_who_does_not_ask_whether_a_window_is_intact_sees_torn_records() -> None:
    with written(8) as ring:
        for _ in range(1_000_000):
            if not whole(ring.window(7).records).all():
                return
    pytest.fail("nothing torn was ever seen: these processes do not write and read at the same time")


if __name__ == "__main__":
    write(*(int(argument) for argument in sys.argv[1:]))
