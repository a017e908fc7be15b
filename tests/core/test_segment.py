"""Shared memory: made, mapped, given back, sealed, and refused where it is not what it should be."""

import ctypes
import errno
import fcntl
import gc
import mmap
import os
import signal
import struct
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import pytest
from support.frames import book_ticker, depth, feed_for, send
from support.programs import Program

from fastbinance import _version
from fastbinance._core.ring import RingBase, ring_bytes
from fastbinance._core.segment import BELL_BYTES, LONGEST_STREAM, RingMemoryView, Segment, SharedBell
from fastbinance.errors import ConfigurationError, NoData
from fastbinance.streams import Kind

pytestmark = pytest.mark.skipif(sys.platform not in ("linux", "darwin"), reason="no shared memory there")
ONLY_LINUX = pytest.mark.skipif(sys.platform != "linux", reason="only Linux reserves and seals")

PAGE = 4096
SIZE = 4 << 20
STREAM = "btcusdt@bookTicker"
DEPTH_STREAM = "btcusdt@depth@100ms"


def segment_of(**options: Any) -> Segment:
    return Segment.create("test", **{"size": SIZE, "ring_capacity": 15, **options})


def made(
    segment: Segment, symbol: str = "BTCUSDT", kind: Kind = Kind.BOOK_TICKER, **options: Any
) -> RingBase:
    """Return a ring in a segment, as who owns both makes it."""
    stream = DEPTH_STREAM if kind is Kind.DIFF_DEPTH else f"{symbol.lower()}@bookTicker"
    levels = 64 if kind is Kind.DIFF_DEPTH else 0
    size = ring_bytes(int(kind), 8, levels, 1)
    memory = RingMemoryView.allocate(segment, size, "main", stream, symbol)
    sizes = {"capacity": 8, "level_capacity": levels}
    return RingBase(int(kind), stream, "main", symbol, **sizes, memory=memory, merge=False, **options)


def read(segment: Segment, number: int = 0, **options: Any) -> RingBase:
    """Return the ring of a row of the directory, as who only reads makes it."""
    place = segment.rings()[number]
    memory = RingMemoryView(segment, place.offset, place.size)
    kind, capacity, levels, rows = memory.shape()
    sizes = {"capacity": capacity, "level_capacity": levels, "symbol_capacity": rows}
    roles = {"writes": False, "formats": False, "memory": memory}
    return RingBase(kind, place.stream, place.ws_key, place.symbol, **sizes, **roles, **options)


@contextmanager
def poked(segment: Segment) -> Iterator[Callable[[int, str, Any], None]]:
    """Write over words of a segment's file, as something gone wrong in another process might."""
    with mmap.mmap(segment.fileno(), SIZE) as memory:

        def poke(offset: int, form: str, value: Any) -> None:
            struct.pack_into("<" + form, memory, offset, value)

        yield poke


class TestMaking:
    def test_it_says_what_it_is(self) -> None:
        segment = segment_of()
        seen = Segment.attach(segment.fileno(), writable=False)
        assert (seen.name, seen.owner_pid, seen.created_ns) == ("test", os.getpid(), segment.created_ns)
        assert (segment.writable, seen.writable, segment.is_own(), seen.is_own()) == (
            True,
            False,
            True,
            False,
        )
        assert repr(seen) == f"<Segment test of process {os.getpid()}: 0 rings>"

    def test_a_long_name_is_cut(self) -> None:
        segment = Segment.create("ü" * 60, size=SIZE, ring_capacity=15)
        assert Segment.attach(segment.fileno(), writable=False).name.startswith("ü" * 31)

    def test_it_is_made_and_mapped_and_nothing_else(self) -> None:
        with pytest.raises(TypeError, match=r"Segment\.create\(\) and Segment\.attach\(\)"):
            Segment()
        with pytest.raises(TypeError, match="by its descriptor"):
            segment_of().__reduce__()

    @pytest.mark.parametrize("size", [0, PAGE, 2 * PAGE, SIZE + 1])
    def test_a_size_that_holds_no_ring_is_refused(self, size: int) -> None:
        with pytest.raises(ConfigurationError, match="whole pages, and more than"):
            segment_of(size=size)

    def test_its_signs_of_life_are_seen_by_who_maps_it(self) -> None:
        segment = segment_of()
        seen = Segment.attach(segment.fileno(), writable=False)
        segment.beat(1_700_000_000_000_000_000)
        assert (seen.heartbeat_ns, seen.ended) == (1_700_000_000_000_000_000, False)
        segment.end()
        assert seen.ended

    @ONLY_LINUX
    def test_where_files_are_limited_it_is_an_error_and_no_crash(self) -> None:
        program = """
            import resource
            from fastbinance._core.segment import Segment
            resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, 1 << 20))
            try:
                Segment.create("test")
            except OSError as error:
                print(error)
            print(Segment.create("small", size=1 << 20, ring_capacity=15))
        """
        with Program(program) as running:
            code, lines, errors = running.finish()
        assert (code, errors) == (0, "")
        assert lines[0] == "[Errno 27] no 68,719,476,736 bytes of shared memory are to be had"
        assert lines[1].startswith("<Segment small of process ")

    @ONLY_LINUX
    def test_where_addresses_are_limited_it_is_an_error_and_no_crash(self) -> None:
        program = """
            import resource
            from fastbinance._core.segment import Segment
            resource.setrlimit(resource.RLIMIT_AS, (8 << 30, 8 << 30))
            try:
                Segment.create("test")
            except OSError as error:
                print(error)
        """
        with Program(program) as running:
            code, lines, errors = running.finish()
        assert (code, errors) == (0, "")
        assert lines == ["[Errno 12] 68,719,476,736 bytes of addresses for shared memory are not to be had"]


class TestMemory:
    def test_what_is_allocated_is_zero_also_when_it_has_been_used(self) -> None:
        segment = segment_of()
        first, second = segment.allocate(2 * PAGE, "a"), segment.allocate(2 * PAGE, "b")
        with poked(segment) as poke:
            poke(first, "Q", 7)
            poke(second + PAGE, "Q", 8)
        segment.release(first, 2 * PAGE)
        segment.release(second, 2 * PAGE)
        assert {segment.allocate(2 * PAGE, "c"), segment.allocate(2 * PAGE, "d")} == {first, second}
        with mmap.mmap(segment.fileno(), SIZE, prot=mmap.PROT_READ) as memory:
            assert not any(memory[first : first + 2 * PAGE] + memory[second : second + 2 * PAGE])

    def test_what_is_given_back_is_not_counted_and_used_for_the_same_size_only(self) -> None:
        segment = segment_of()
        before = segment.used_bytes
        offset = segment.allocate(PAGE, "a")
        assert segment.used_bytes == before + PAGE
        segment.release(offset, PAGE)
        assert segment.used_bytes == before
        assert segment.allocate(3 * PAGE, "b") != offset
        assert segment.allocate(PAGE, "c") == offset

    def test_a_full_segment_says_so_and_goes_on(self) -> None:
        segment = segment_of(size=16 * PAGE)
        offset = segment.allocate(8 * PAGE, "the ring of btcusdt@trade")
        with pytest.raises(MemoryError, match=r"no 32,768 bytes are left for the ring of ethusdt@trade: the"):
            segment.allocate(8 * PAGE, "the ring of ethusdt@trade")
        with pytest.raises(MemoryError, match="has 65,536 at most"):
            segment.allocate(1 << 62, "x")
        segment.release(offset, 8 * PAGE)
        assert segment.allocate(8 * PAGE, "x") == offset

    def test_a_ring_that_goes_gives_its_memory_back(self) -> None:
        segment = segment_of()
        before = segment.used_bytes
        ring = made(segment)
        assert segment.used_bytes > before
        view = ring[-1:]
        del ring
        gc.collect()
        assert len(segment.rings()) == 1  # the array needs it
        del view
        gc.collect()
        assert (segment.used_bytes, segment.rings()) == (before, ())

    @ONLY_LINUX
    def test_memory_that_is_sealed_is_zero_too_when_it_is_used_again(self) -> None:
        segment = segment_of()
        segment.seal()
        ring = made(segment)
        send(feed_for(ring), book_ticker(1))
        assert ring.last().update_id == 1
        offset = segment.rings()[0].offset
        del ring
        gc.collect()
        again = made(segment, "ETHUSDT")
        assert (segment.rings()[0].offset, again.cursor, again.symbols) == (offset, -1, ("ETHUSDT",))

    def test_a_child_that_is_forked_gives_nothing_of_its_parents_back(self) -> None:
        segment = segment_of()
        ring = made(segment)
        send(feed_for(ring), book_ticker(1))
        child = os.fork()
        if child == 0:
            wrong = 0
            del ring
            gc.collect()
            for call in (lambda: segment.allocate(PAGE, "x"), segment.end, lambda: segment.release(0, PAGE)):
                try:
                    call()
                except ValueError as error:
                    wrong += "is not this process's own" not in str(error)
                else:
                    wrong += 1
            os._exit(wrong)
        assert os.waitpid(child, 0)[1] == 0
        assert len(segment.rings()) == 1
        assert (ring.last().update_id, segment.ended) == (1, False)

    def test_after_the_end_memory_stays_as_it_is_for_who_reads_on(self) -> None:
        segment = segment_of()
        ring = made(segment)
        send(feed_for(ring), book_ticker(1), book_ticker(2))
        seen = read(Segment.attach(segment.fileno(), writable=False))
        segment.end()
        del ring
        gc.collect()
        assert [record.update_id for record in seen.window(2)] == [1, 2]

    def test_mapped_memory_outlives_the_owners_mapping_and_descriptor(self) -> None:
        segment = segment_of()
        ring = made(segment)
        send(feed_for(ring), book_ticker(1))
        seen = read(Segment.attach(segment.fileno(), writable=False))
        segment.end()
        del ring, segment
        gc.collect()
        assert seen.last().update_id == 1


class TestDirectory:
    def test_rings_are_shown_until_they_leave_and_rows_used_again(self) -> None:
        segment = segment_of()
        seen = Segment.attach(segment.fileno(), writable=False)
        places = [segment.allocate(PAGE, "x") for _ in range(3)]
        rows = [segment.enter(at, PAGE, "main", f"{at}@trade", None) for at in places]
        assert rows == [0, 1, 2]
        assert [(one.offset, one.stream) for one in seen.rings()] == [(at, f"{at}@trade") for at in places]
        segment.leave(1)
        assert [one.offset for one in seen.rings()] == [places[0], places[2]]
        assert segment.enter(places[1], PAGE, "usdmPublic", "牛来usdt@trade", "牛来USDT") == 1
        assert seen.rings()[1] == (places[1], PAGE, "usdmPublic", "牛来usdt@trade", "牛来USDT")
        assert segment.enter(PAGE, PAGE, "main", "x", "X") == 3

    def test_names_at_their_longest_are_whole(self) -> None:
        segment = segment_of()
        segment.enter(PAGE, PAGE, "k" * 39, "s" * LONGEST_STREAM, "y" * 48)
        assert segment.rings()[0] == (PAGE, PAGE, "k" * 39, "s" * LONGEST_STREAM, "y" * 48)

    @pytest.mark.parametrize(
        "names", [("k" * 40, "s", "y"), ("k", "s" * (LONGEST_STREAM + 1), "y"), ("k", "s", "y" * 49)]
    )
    def test_names_that_are_too_long_are_refused_and_leave_no_row_and_no_memory(
        self, names: tuple[str, str, str]
    ) -> None:
        segment = segment_of()
        before = segment.used_bytes
        with pytest.raises(ConfigurationError, match="too long for shared memory"):
            RingMemoryView.allocate(segment, PAGE, *names)
        assert (segment.rings(), segment.used_bytes) == ((), before)

    def test_a_full_directory_says_so_and_keeps_no_memory(self) -> None:
        segment = segment_of(ring_capacity=3)
        kept = [RingMemoryView.allocate(segment, PAGE, "main", "s", None) for _ in range(3)]
        before = segment.used_bytes
        with pytest.raises(MemoryError, match="test has 3 rings already, which is all it can have"):
            RingMemoryView.allocate(segment, PAGE, "main", "s", None)
        assert segment.used_bytes == before
        del kept[1]
        gc.collect()
        kept.append(RingMemoryView.allocate(segment, PAGE, "main", "s", None))
        assert len(segment.rings()) == 3

    def test_nonsense_in_it_leads_nowhere(self) -> None:
        segment = segment_of()
        made(segment)
        seen = Segment.attach(segment.fileno(), writable=False)
        with poked(segment) as poke:
            poke(192, "I", 0xFFFFFFFF)  # ring_count
            for row in range(15):
                at = PAGE + row * 256
                poke(at, "Q", 0xFFFFFFFFFFFFFFF0)
                poke(at + 8, "Q", 0xFFFFFFFFFFFFFFF0)
                poke(at + 16, "Q", 0xFFFFFFFFFFFFFFFF)  # bytes of the names
                poke(at + 24, "200s", b"\xff" * 200)
        assert len(seen.rings()) == 15
        for place in seen.rings():
            with pytest.raises(ConfigurationError, match="there is no ring at byte"):
                RingMemoryView(seen, place.offset, place.size)


class TestRefusals:
    @pytest.mark.parametrize(
        ("size", "text"),
        [
            (0, "has 0 bytes: no segment of fastbinance's"),
            (100, "has 100 bytes: no segment"),
            (PAGE, "is no segment of fastbinance's"),
            (SIZE, "is no segment of fastbinance's"),
        ],
    )
    def test_a_file_that_is_no_segment_is_refused(self, tmp_path: Any, size: int, text: str) -> None:
        path = tmp_path / "file"
        path.write_bytes(b"x" * size)
        with path.open("r+b") as file, pytest.raises(ConfigurationError, match=text):
            Segment.attach(file.fileno(), writable=False)

    def test_what_is_no_file_is_refused(self) -> None:
        reader, writer = os.pipe()
        try:
            with pytest.raises(ConfigurationError, match="has 0 bytes: no segment"):
                Segment.attach(reader, writable=False)
            with pytest.raises(ConfigurationError, match="no bell of fastbinance's"):
                SharedBell(reader)
        finally:
            os.close(reader)
            os.close(writer)
        with pytest.raises(OSError, match="Bad file descriptor"):
            Segment.attach(reader, writable=False)

    @pytest.mark.parametrize(
        ("offset", "form"), [(8, "I"), (12, "I"), (16, "Q")], ids=["layout", "rings", "schema"]
    )
    def test_another_version_is_refused_in_a_sentence(self, offset: int, form: str) -> None:
        segment = segment_of()
        with poked(segment) as poke:
            poke(offset, form, 12345)
            poke(128, "32s", b"9.8.7")
        with pytest.raises(ConfigurationError) as caught:
            Segment.attach(segment.fileno(), writable=False)
        assert str(caught.value) == (
            "the memory of 'test' was made by fastbinance 9.8.7, whose records lie otherwise than those of"
            f" this one, {_version.__version__}: run the same version on both sides"
        )

    @pytest.mark.parametrize(
        ("offset", "form", "value"),
        [
            (24, "Q", SIZE * 2),
            (24, "Q", 0),
            (32, "I", 0xFFFFFFFF),
            (32, "I", 0),
            (40, "Q", 0),
            (40, "Q", 1 << 63),
        ],
    )
    def test_a_header_that_does_not_fit_is_refused(self, offset: int, form: str, value: int) -> None:
        segment = segment_of()
        with poked(segment) as poke:
            poke(offset, form, value)
        with pytest.raises(ConfigurationError, match="the memory of 'test' has no good header"):
            Segment.attach(segment.fileno(), writable=False)

    def test_a_segment_that_is_not_complete_yet_is_refused(self) -> None:
        segment = segment_of()
        with poked(segment) as poke:
            poke(0, "Q", 0)
        with pytest.raises(ConfigurationError, match="is no segment"):
            Segment.attach(segment.fileno(), writable=False)

    @pytest.mark.parametrize(
        ("offset", "size"),
        [
            (0, PAGE),
            (PAGE, PAGE),
            (2 * PAGE + 1, PAGE),
            (SIZE, PAGE),
            (SIZE - PAGE, 2 * PAGE),
            (4 * PAGE, 0),
            (4 * PAGE, PAGE - 1),
            (4 * PAGE, SIZE + PAGE),
            ((1 << 64) - PAGE, 2 * PAGE),
            (4 * PAGE, (1 << 64) - PAGE),
        ],
    )
    def test_a_place_outside_of_the_segment_is_refused(self, offset: int, size: int) -> None:
        with pytest.raises(ConfigurationError, match=f"there is no ring at byte {offset} of"):
            RingMemoryView(segment_of(), offset, size)

    @pytest.mark.parametrize(
        ("at", "form", "value"),
        [
            (0, "Q", 0),  # magic
            (8, "I", 99),  # layout
            (12, "I", 0),  # kind
            (12, "I", 1000),
            (16, "I", 8),  # bytes of a record
            (20, "I", 0),  # rows of symbols
            (20, "I", 0xFFFFFFFF),
            (24, "q", 0),  # slots
            (24, "q", 9),
            (24, "q", 1024),
            (24, "q", 1 << 25),
            (24, "q", -8),
            (32, "q", -1),  # levels
            (32, "q", 3),
            (32, "q", 1 << 40),
            (40, "Q", 0),  # where the symbols are
            (48, "Q", 1 << 40),  # where the records are
            (88, "Q", 1 << 40),  # where the levels are
            (96, "Q", 1 << 40),  # bytes in all
            (96, "Q", 0),
        ],
    )
    @pytest.mark.parametrize("kind", [Kind.BOOK_TICKER, Kind.DIFF_DEPTH], ids=["quotes", "depth"])
    def test_a_ring_with_nonsense_for_sizes_is_refused(
        self, kind: Kind, at: int, form: str, value: int
    ) -> None:
        segment = segment_of()
        ring = made(segment, kind=kind)
        seen = Segment.attach(segment.fileno(), writable=False)
        with poked(segment) as poke:
            poke(ring.shared_memory.offset + at, form, value)
        place = seen.rings()[0]
        memory = RingMemoryView(seen, place.offset, place.size)
        with pytest.raises(ConfigurationError, match=f"there is no good ring at byte {place.offset}"):
            memory.shape()
        sizes = {"capacity": 8, "level_capacity": 64 if kind is Kind.DIFF_DEPTH else 0}
        with pytest.raises(ConfigurationError, match="has no good header"):
            RingBase(int(kind), "x", "main", "X", **sizes, memory=memory, writes=False, formats=False)

    def test_a_ring_larger_than_its_room_is_refused(self) -> None:
        segment = segment_of()
        ring = made(segment)
        place = segment.rings()[0]
        assert ring.memory_bytes == place.size > PAGE
        with pytest.raises(ConfigurationError, match="no good ring"):
            RingMemoryView(segment, place.offset, PAGE).shape()
        with pytest.raises(ConfigurationError, match="has 4,096 bytes, not"):
            RingBase(1, "x", "main", "X", capacity=8, memory=RingMemoryView(segment, place.offset, PAGE))


class TestReading:
    def test_who_maps_it_reads_what_is_written(self) -> None:
        segment = segment_of()
        ring = made(segment)
        seen = read(Segment.attach(segment.fileno(), writable=False))
        feed = feed_for(ring)
        assert (seen.cursor, seen.symbols) == (-1, ("BTCUSDT",))
        with pytest.raises(NoData):
            seen.last()
        for update_id in range(1, 20):
            send(feed, book_ticker(update_id))
            assert seen.last() == ring.last()
        assert np.array_equal(seen[-8:], ring[-8:])
        assert seen.symbols == ("BTCUSDT",)

    def test_levels_are_read_too(self) -> None:
        segment = segment_of()
        ring = made(segment, kind=Kind.DIFF_DEPTH)
        seen = read(Segment.attach(segment.fileno(), writable=False))
        send(feed_for(ring), depth(5, 3))
        assert seen.last().bids.tolist() == [[5.5, 1.0], [5.5, 2.0], [5.5, 3.0]]
        assert not seen.last().bids.flags.writeable

    def test_nothing_of_it_can_be_written_by_who_only_reads(self) -> None:
        segment = segment_of()
        ring = made(segment)
        send(feed_for(ring), book_ticker(1))
        mapped = Segment.attach(segment.fileno(), writable=False)
        seen = read(mapped)
        for array in (seen.records, seen[-1:], seen.window(1).records, seen.column("bid_price", 1)):
            assert not array.flags.writeable
            with pytest.raises(ValueError, match="WRITEABLE"):
                array.flags.writeable = True
        for refused in (
            lambda: seen.set_state(1),
            lambda: seen.sample(1),
            lambda: seen.set_lines(1),
            lambda: seen.release_held(1),
            seen.holes,
            seen.merge_stats,
        ):
            with pytest.raises(TypeError, match="is written by another process"):
                refused()
        for refused in (
            mapped.end,
            mapped.fileno,
            mapped.seal,
            lambda: mapped.beat(1),
            lambda: mapped.allocate(PAGE, "x"),
            lambda: mapped.release(0, PAGE),
            lambda: mapped.enter(PAGE, PAGE, "k", "s", None),
            lambda: mapped.leave(0),
        ):
            with pytest.raises(ValueError, match="is not this process's own"):
                refused()
        seen.close()
        assert seen.last() == ring.last()

    def test_a_feed_refuses_to_write_to_it(self) -> None:
        segment = segment_of()
        ring = made(segment)
        seen = read(Segment.attach(segment.fileno(), writable=False))
        with pytest.raises(TypeError, match="is written by another process"):
            feed_for(seen)
        assert ring.cursor == -1

    def test_symbols_that_come_later_are_found(self) -> None:
        segment = segment_of()
        size = ring_bytes(1, 8, 0, 4)
        memory = RingMemoryView.allocate(segment, size, "usdmPublic", "!bookTicker", None)
        shape = {"capacity": 8, "symbol_capacity": 4}
        ring = RingBase(1, "!bookTicker", "usdmPublic", None, **shape, memory=memory)
        seen = read(Segment.attach(segment.fileno(), writable=False))
        feed = feed_for(ring)
        for number, symbol in enumerate(["AAA", "BBB", "牛来USDT"], start=1):
            with pytest.raises(NoData):
                seen.last(symbol)
            send(feed, book_ticker(number, symbol, "!bookTicker"))
            assert seen.last(symbol.lower()).update_id == number
        assert seen.symbols == ("AAA", "BBB", "牛来USDT")

    def test_who_lets_go_of_a_ring_sees_nothing_of_what_comes_to_be_in_its_place(self) -> None:
        segment = segment_of()
        ring = made(segment)
        send(feed_for(ring), book_ticker(1), book_ticker(2))
        seen = read(Segment.attach(segment.fileno(), writable=False))
        window, record = seen.window(2), seen.last()
        assert window.intact()
        assert seen.last("btcusdt") == record
        seen.let_go()
        seen.let_go()
        offset = segment.rings()[0].offset
        del ring
        gc.collect()
        other = made(segment, "ETHUSDT")
        assert segment.rings()[0].offset == offset
        send(feed_for(other), book_ticker(7, "ETHUSDT", "ethusdt@bookTicker"))
        assert (seen.cursor, seen.symbols, len(seen[-8:]), seen.state_code()) == (-1, (), 0, 0)
        for look in (seen.last, lambda: seen.last("BTCUSDT"), lambda: seen.last("ETHUSDT")):
            with pytest.raises((NoData, KeyError)):
                look()
        with pytest.raises(IndexError):
            seen.at(0)
        assert seen.copy_from(0, 8) == (None, 0, 0)
        assert not window.intact()
        assert record.update_id == 2

    def test_who_writes_a_ring_does_not_let_go_of_it(self) -> None:
        ring = made(segment_of())
        send(feed_for(ring), book_ticker(1))
        ring.let_go()
        assert ring.last().update_id == 1


@ONLY_LINUX
class TestSeals:
    def test_a_sealed_segment_cannot_be_written_but_by_its_owner(self) -> None:
        segment = segment_of()
        ring = made(segment)
        segment.seal()
        attempts: list[Callable[[], object]] = [
            lambda: mmap.mmap(segment.fileno(), SIZE),
            lambda: os.pwrite(segment.fileno(), b"x", 0),
            lambda: os.ftruncate(segment.fileno(), 0),
            lambda: os.ftruncate(segment.fileno(), 2 * SIZE),
            lambda: Segment.attach(segment.fileno(), writable=True),
            segment.seal,
        ]
        for attempt in attempts:
            with pytest.raises(PermissionError):
                attempt()
        send(feed_for(ring), book_ticker(1))
        assert read(Segment.attach(segment.fileno(), writable=False)).last().update_id == 1

    def test_a_read_only_mapping_cannot_be_made_writable(self) -> None:
        segment = segment_of()
        ring = made(segment)
        segment.seal()
        seen = read(Segment.attach(segment.fileno(), writable=False))
        library = ctypes.CDLL(None, use_errno=True)
        for view, code in ((ring, 0), (seen, errno.EACCES)):
            page = view.records.__array_interface__["data"][0] & ~(PAGE - 1)
            ctypes.set_errno(0)
            library.mprotect(ctypes.c_void_p(page), PAGE, mmap.PROT_READ | mmap.PROT_WRITE)
            assert ctypes.get_errno() == code

    def test_a_bell_can_be_written_and_neither_cut_nor_sealed_by_who_has_it(self) -> None:
        bell = SharedBell(feeds=True)
        with mmap.mmap(bell.fileno(), BELL_BYTES) as page:
            page[64] = 1
        for size in (0, 2 * BELL_BYTES):
            with pytest.raises(PermissionError):
                os.ftruncate(bell.fileno(), size)
        with pytest.raises(PermissionError):
            fcntl.fcntl(bell.fileno(), 1033, 0x10)  # F_ADD_SEALS, F_SEAL_FUTURE_WRITE
        bell.wake_all()
        SharedBell(bell.fileno())


class TestBell:
    def test_only_a_bell_is_one(self, tmp_path: Any) -> None:
        for size in (0, BELL_BYTES - 1, BELL_BYTES, SIZE):
            path = tmp_path / str(size)
            path.write_bytes(bytes(size))
            with path.open("r+b") as file, pytest.raises(ConfigurationError, match="no bell of"):
                SharedBell(file.fileno())

    def test_another_version_is_refused(self) -> None:
        bell = SharedBell()
        with mmap.mmap(bell.fileno(), BELL_BYTES) as page:
            struct.pack_into("<I", page, 8, 2)
        with pytest.raises(ConfigurationError, match="no bell of this version"):
            SharedBell(bell.fileno())

    def test_a_bell_of_another_process_is_not_handed_on(self) -> None:
        bell = SharedBell()
        with pytest.raises(ValueError, match="is another process's"):
            SharedBell(bell.fileno()).fileno()

    @pytest.mark.parametrize("filling", [b"\xff", b"\x00", b"\x01"], ids=["ones", "zeros", "some"])
    def test_nonsense_on_its_page_neither_hangs_a_sleeper_nor_breaks_the_feed(self, filling: bytes) -> None:
        segment = segment_of()
        bell = SharedBell(feeds=True)
        ring = made(segment, bell=bell)
        mapped = SharedBell(bell.fileno())
        seen = read(Segment.attach(segment.fileno(), writable=False), bell=mapped)
        feed = feed_for(ring)
        over = threading.Event()

        def scribble() -> None:
            with mmap.mmap(bell.fileno(), BELL_BYTES) as page:
                while not over.is_set():
                    page[64:] = filling * (BELL_BYTES - 64)

        scribbler = threading.Thread(target=scribble)
        scribbler.start()
        try:
            for update_id in range(1, 4):
                assert mapped.sleep((seen,), [seen.cursor], mapped.seen(), 0.001) is False
                teller = threading.Thread(target=send, args=(feed, book_ticker(update_id)))
                teller.start()
                assert mapped.sleep((seen,), [update_id - 2], mapped.seen(), 20.0) is True
                teller.join()
                assert seen.last().update_id == update_id
        finally:
            over.set()
            scribbler.join()
        bell.wake_all()

    def test_a_sleeper_whom_nobody_wakes_looks_again_by_itself(self) -> None:
        segment = segment_of()
        ring = made(segment)  # its bell is its own
        bell = SharedBell()
        seen = read(Segment.attach(segment.fileno(), writable=False), bell=bell)
        teller = threading.Thread(target=send, args=(feed_for(ring), book_ticker(1)))
        teller.start()
        assert bell.sleep((seen,), [-1], bell.seen(), 20.0) is True
        teller.join()

    def test_a_sleeper_is_told_of_what_happens_in_its_own_process(self) -> None:
        bell = SharedBell()
        seen = bell.seen()
        bell.wake_all()
        assert bell.sleep((), [], seen, 20.0) is True
        assert bell.sleep((), [], bell.seen(), 0.0) is False
        assert bell.sleep((), [], bell.seen(), -1.0) is False

    def test_ctrl_c_ends_a_sleep(self) -> None:
        program = """
            from fastbinance._core.segment import SharedBell
            bell = SharedBell()
            try:
                print("asleep", flush=True)
                bell.sleep((), [], bell.seen(), float("inf"))
            except KeyboardInterrupt:
                print("awake")
        """
        with Program(program) as running:
            assert running.read() == "asleep"
            running.signal(signal.SIGINT)
            assert running.finish() == (0, ["awake"], "")

    def test_a_handler_that_does_not_raise_does_not_end_a_sleep(self) -> None:
        program = """
            from fastbinance._core.segment import SharedBell
            bell = SharedBell()
            def handle(number, frame):
                print("handled", flush=True)
            signal.signal(signal.SIGUSR1, handle)
            threading.Timer(20, os._exit, (3,)).start()
            try:
                print("asleep", flush=True)
                bell.sleep((), [], bell.seen(), float("inf"))
            except KeyboardInterrupt:
                print("awake", flush=True)
            os._exit(0)
        """
        with Program(program) as running:
            assert running.read() == "asleep"
            running.signal(signal.SIGUSR1)
            assert running.read() == "handled"
            running.signal(signal.SIGINT)
            assert running.finish() == (0, ["awake"], "")
