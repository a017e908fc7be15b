"""Nothing is allocated per message: a million of them leave Python's heap and the C heap as they were."""

import ctypes
import gc
import os
import shutil
import subprocess
import sys
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
from support.frames import EVENTS, combined, feed_for, message_of, pack, ring_for

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


class Mallinfo(ctypes.Structure):
    names = "arena ordblks smblks hblks hblkhd usmblks fsmblks uordblks fordblks keepcost"
    _fields_ = tuple((name, ctypes.c_size_t) for name in names.split())


def heap_reader():
    """Return glibc's mallinfo2, or skip where there is none."""
    try:
        mallinfo2 = ctypes.CDLL(None).mallinfo2
    except (AttributeError, OSError, TypeError):
        pytest.skip("no mallinfo2: not glibc 2.33 or later")
    mallinfo2.restype = Mallinfo
    return mallinfo2


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
    mallinfo2 = heap_reader()

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
    blocks, heap = sys.getallocatedblocks(), mallinfo2()
    run()
    heap_after, blocks_after = mallinfo2(), sys.getallocatedblocks()
    assert feed.rejected == 0
    assert feed.fast > 0
    assert feed.fallback > 0
    # A few integers of the loop above, and the memoryviews of one call at a time.
    assert after - before < 1_000
    assert peak - before < 5_000
    assert blocks_after - blocks < 20
    assert heap_after.uordblks - heap.uordblks < 1_000
    assert heap_after.hblkhd == heap.hblkhd


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
