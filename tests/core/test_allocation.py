"""Nothing is allocated per message: a million of them leave Python's heap and the C heap as they were."""

import gc
import os
import shutil
import subprocess
import sys
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
from support.frames import EVENTS, combined, feed_for, message_of, pack, ring_for, send
from support.heap import heap_in_use

from fastbinance._core.ring import RingBase
from fastbinance.streams import Kind

MESSAGES = 1_000_000
BATCH = 10_000

#: Frames of a whole market: kind, stream, WsKey, what an element is.
ARRAYS = [
    (Kind.MINI_TICKER, "!miniTicker@arr", "usdmMarket", EVENTS[Kind.MINI_TICKER, "usdm"]),
    (Kind.MARK_PRICE, "!markPrice@arr@1s", "usdmMarket", EVENTS[Kind.MARK_PRICE, "usdm"]),
    (Kind.TICKER, "!ticker@arr", "usdmMarket", EVENTS[Kind.TICKER, "usdm"]),
]


def mixture():
    """Return a feed with a ring of each kind and of arrays, and a batch of messages of all, by both paths."""
    rings = [ring_for(kind, capacity=1024) for kind in Kind]
    rings += [
        RingBase(int(kind), name, key, None, capacity=1024, symbol_capacity=64)
        for kind, name, key, _ in ARRAYS
    ]
    messages = [message_of(kind) for kind in Kind]
    messages += [combined(name, [event | {"s": f"S{i}"} for i in range(40)]) for _, name, _, event in ARRAYS]
    # In another key order, so that the fallback takes it too.
    turned = combined("btcusdt@bookTicker", dict(reversed(EVENTS[Kind.BOOK_TICKER, "spot"].items())))
    messages = [*messages * 3, turned]
    buffer, offsets, sizes = pack(messages)
    repeats = BATCH // len(messages)
    return feed_for(*rings), buffer, np.tile(offsets, repeats), np.tile(sizes, repeats)


@pytest.mark.slow
def test_a_million_messages_allocate_nothing():
    feed, *batch = mixture()

    def run():
        taken = feed.messages
        while feed.messages - taken < MESSAGES:
            feed.replay(*batch)

    feed.replay(*batch)
    tracemalloc.start()
    try:
        feed.replay(*batch)  # what tracing itself needs
        tracemalloc.reset_peak()
        before = tracemalloc.get_traced_memory()[0]
        run()
        after, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    # The C heap in a run of its own: tracing keeps tables of its own there, and they grow when they like.
    gc.collect()
    heap, blocks = heap_in_use(), sys.getallocatedblocks()
    run()
    heap_after, blocks_after = heap_in_use(), sys.getallocatedblocks()
    assert feed.rejected == 0
    assert feed.fast > 0
    assert feed.fallback > 0
    # A few integers of the loop above, and the memoryviews of one call at a time.
    assert after - before < 1_000
    assert peak - before < 5_000
    assert blocks_after - blocks < 20
    assert heap_after - heap < 1_000


def test_a_feed_that_has_parsed_small_messages_takes_less_than_a_hundred_kilobytes():
    # There is one for each connection, and each is made anew when the connection is replaced.
    turned = dict(reversed(EVENTS[Kind.BOOK_TICKER, "spot"].items()))
    payload = combined("btcusdt@bookTicker", turned)
    ring = ring_for(Kind.BOOK_TICKER, capacity=8)
    feeds = [feed_for(ring)]
    before = heap_in_use()
    for _ in range(20):
        feeds.append(feed_for(ring))
        send(feeds[-1], payload)
    assert all(feed.fallback == 1 for feed in feeds[1:])
    assert heap_in_use() - before < 20 * 100_000


def test_room_for_messages_that_get_longer_by_and_by_is_made_a_few_times():
    name, event = "!miniTicker@arr", dict(reversed(EVENTS[Kind.MINI_TICKER, "usdm"].items()))
    ring = RingBase(
        int(Kind.MINI_TICKER), name, "usdmMarket", None, capacity=1024, symbol_capacity=1024, merge=False
    )
    elements = [event | {"s": f"S{i}"} for i in range(600)]
    batches = [pack([combined(name, elements[:size])]) for size in range(1, 601)]
    feed_for(ring).replay(*batches[-1])  # so that the ring has room for them
    feed, sizes = feed_for(ring), set()
    for count, batch in enumerate(batches, 1):
        assert feed.replay(*batch) == count
        sizes.add(heap_in_use())
    assert len(batches[-1][0]) > 100_000
    assert feed.fallback == 600
    # The parser's room and that of the copy double, from a page to the longest; each is seen once.
    assert len(sizes) < 30


# Counts what malloc and its kin are asked for, also what is freed at once and no total shows.
SHIM = """
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stddef.h>
long allocations;
extern void *__libc_malloc(size_t), *__libc_calloc(size_t, size_t), *__libc_realloc(void *, size_t);
void *malloc(size_t n) { __atomic_fetch_add(&allocations, 1, 0); return __libc_malloc(n); }
void *calloc(size_t n, size_t m) { __atomic_fetch_add(&allocations, 1, 0); return __libc_calloc(n, m); }
void *realloc(void *p, size_t n) { __atomic_fetch_add(&allocations, 1, 0); return __libc_realloc(p, n); }
"""

COUNT = """
import ctypes, sys
sys.path[:0] = sys.argv[1:]
from core_allocation import mixture
counter = ctypes.c_long.in_dll(ctypes.CDLL(None), "allocations")
feed, buffer, offsets, sizes = mixture()
feed.replay(buffer, offsets, sizes)
def counted(n):
    views = buffer, offsets[:n].copy(), sizes[:n].copy()
    before = counter.value
    feed.replay(*views)
    return counter.value - before
counted(16)
print(counted(16), counted(len(offsets)), len(offsets))
"""


def test_a_batch_asks_malloc_as_often_as_a_message(tmp_path):
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None or not sys.platform.startswith("linux"):
        pytest.skip("needs a C compiler on Linux")
    source, library = tmp_path / "count.c", tmp_path / "count.so"
    source.write_text(SHIM)
    built = subprocess.run(
        [compiler, "-shared", "-fPIC", "-O1", "-o", library, source], capture_output=True, text=True
    )
    if built.returncode:
        pytest.skip(f"no glibc: {built.stderr.splitlines()[0]}")
    shutil.copy(__file__, tmp_path / "core_allocation.py")
    answer = subprocess.run(
        # Every allocation of Python goes to malloc, so that objects count as well.
        [sys.executable, "-c", COUNT, str(tmp_path), str(Path(__file__).parents[1]), *filter(None, sys.path)],
        env=os.environ | {"LD_PRELOAD": str(library), "PYTHONMALLOC": "malloc"},
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    few, many, messages = map(int, answer.stdout.split())
    assert messages > 9_000
    assert many - few <= 2  # the integer that it returns is larger
