"""``fastbinance serve`` and ``attach``: one feed in a process of its own, read in any number of others."""

import contextlib
import os
import signal
import ssl
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support.programs import Program
from support.serving import DEADLINE_SECONDS, ServerProcess, runtime_directory

import fastbinance
from fastbinance import (
    Attached,
    Client,
    ConfigurationError,
    NoData,
    RingState,
    StreamClosed,
    SubscriptionRejected,
    attach,
)
from fastbinance._feed.attached_pool import AttachedPool
from fastbinance.sim import RunningSimulator, run_in_thread

pytestmark = pytest.mark.skipif(sys.platform not in ("linux", "darwin"), reason="no shared memory there")

KEY = "a-key-that-the-simulator-knows"
NOBODY = 65_534
QUOTES, TRADES = "btcusdt@bookTicker", "btcusdt@trade"

Serve = Callable[..., ServerProcess]
Attach = Callable[..., Attached]


@pytest.fixture(scope="module")
def busy() -> Iterator[RunningSimulator]:
    """Give a Binance where every symbol trades."""
    with run_in_thread(seed=7, messages_per_second=200, api_keys=[KEY]) as running:
        yield running


@pytest.fixture
def place(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Give servers a directory."""
    with runtime_directory(monkeypatch) as path:
        yield path


@pytest.fixture
def serve(place: Path, busy: RunningSimulator) -> Iterator[Serve]:
    """Start a server of the busy market; none is left after the test."""
    with contextlib.ExitStack() as stack:

        def serve(*arguments: str, name: str = "desk", service: str = "main") -> ServerProcess:
            where = ["--service", service, "--url", busy.urls[fastbinance.WsKey(service)]]
            return stack.enter_context(ServerProcess(*where, *arguments, name=name))

        yield serve


@pytest.fixture
def join(serve: Serve) -> Iterator[Attach]:
    """Attach; whoever has is closed before the servers are."""
    with contextlib.ExitStack() as stack:
        yield lambda name="desk": stack.enter_context(attach(name))


def until(condition: Callable[[], object], ring: Any) -> None:
    """Wait until a condition holds, looking at each record of a ring, and twenty times a second."""
    deadline = time.monotonic() + DEADLINE_SECONDS
    while not condition():
        assert time.monotonic() < deadline, f"{ring!r}: waited in vain"
        ring.wait(timeout=0.05)


def doctor() -> str:
    done = subprocess.run(
        [sys.executable, "-m", "fastbinance", "doctor"],
        capture_output=True, text=True, check=True, timeout=DEADLINE_SECONDS,
        env={**os.environ, "PYTHONPATH": str(Path(fastbinance.__file__).parents[1])},
    )  # fmt: skip
    return done.stdout


class TestReading:
    def test_two_processes_read_the_same(self, serve: Serve, join: Attach) -> None:
        server = serve(QUOTES)
        program = """
            with fastbinance.attach("desk") as desk:
                ring, seen = desk.book_ticker("btcusdt"), []
                for batch in ring.reader(start=0):
                    seen += batch["update_id"].tolist()
                    if len(seen) >= 100:
                        break
                print(desk.server_pid)
                print(seen[:100])
            print(left())
        """
        with Program(program) as one, Program(program) as other:
            found = [one.finish(), other.finish()]
        ring = join().book_ticker("btcusdt")
        expected = str([ring.at(sequence).update_id for sequence in range(100)])
        assert found == [(0, [str(server.pid), expected, "[]"], "")] * 2

    def test_who_comes_late_has_the_history_of_the_ring(self, serve: Serve, join: Attach) -> None:
        serve(QUOTES)
        early = join().book_ticker("btcusdt")
        until(lambda: early.cursor >= 20, early)
        late = join().book_ticker("btcusdt")
        assert late.cursor >= 20
        batch = next(late.reader(start="oldest"))
        assert batch["sequence"][0] == 0
        assert len(batch) >= 20
        assert np.array_equal(batch[:20], next(early.reader(start="oldest"))[:20])
        late.ready(timeout=DEADLINE_SECONDS)
        newest = late.last()
        assert "carried only since" in (late.why_incomplete(batch["recv_ns"][0], newest.recv_ns) or "")
        until(lambda: late.cursor > newest.sequence + 2, late)
        begin, end = late.at(newest.sequence + 1).recv_ns, late.last().recv_ns
        assert late.complete(begin, end), late.why_incomplete(begin, end)

    def test_it_tells_what_it_is(self, serve: Serve, join: Attach) -> None:
        server = serve(QUOTES, TRADES)
        assert server.greeting == [
            f"Serving 'desk': {QUOTES}, {TRADES}",
            "In another process: fastbinance.attach('desk')",
            "Ctrl-C ends it.",
        ]
        desk = join()
        assert (desk.name, desk.server_pid, desk.closed) == ("desk", server.pid, False)
        assert desk.served == (("main", QUOTES), ("main", TRADES))
        assert repr(desk) == f"<Attached to desk of process {server.pid}: 0 streams>"
        desk.book_ticker("btcusdt").ready(timeout=DEADLINE_SECONDS)
        assert repr(desk) == f"<Attached to desk of process {server.pid}: 1 streams>"
        stats = desk.stats()
        assert (stats.connections, stats.streams, stats.confirmed) == ((), 1, 1)
        desk.close()
        desk.close()
        assert repr(desk) == f"<Attached to desk of process {server.pid}: closed>"
        with pytest.raises(ConfigurationError, match="the client is closed"):
            desk.trades("btcusdt")

    def test_several_rings_are_waited_for_and_read_together(self, serve: Serve, join: Attach) -> None:
        serve(QUOTES)
        desk = join()
        rings = [desk.book_ticker("btcusdt"), desk.trades("btcusdt"), desk.diff_depth("ethusdt")]
        cursors = desk.wait_any(rings, [-1, -1, -1], timeout=DEADLINE_SECONDS)
        assert max(cursors) >= 0
        found = set()
        for ring, batch in desk.reader(rings, start="oldest"):
            assert len(batch) > 0
            found.add(ring.stream)
            if len(found) == 3:
                break
        assert found == {QUOTES, TRADES, "ethusdt@depth@100ms"}
        for ring in rings:
            ring.ready(timeout=DEADLINE_SECONDS)
            assert ring.state is RingState.LIVE
        assert rings[2].last().bids.shape[1] == 2
        assert not rings[0].records.flags.writeable
        assert not rings[2].last().bids.flags.writeable

    def test_symbols_that_appear_after_the_attach_are_found(self, serve: Serve, join: Attach) -> None:
        serve(service="usdm")
        ring = join().book_ticker(market="usdm")
        assert (ring.ws_key, ring.symbol, ring.symbols) == ("usdmPublic", None, ())
        until(lambda: "ETHUSDT" in ring.symbols and "BTCUSDT" in ring.symbols, ring)
        assert ring.last("ethusdt").bid_price > 0
        assert ring.last("ETHUSDT").symbol_id == ring.symbols.index("ETHUSDT")
        batch = next(ring.reader(start="oldest", latest=True))
        assert len(set(batch["symbol_id"].tolist())) == len(batch) >= 2

    def test_what_is_not_served_yet_can_be_asked_for(self, serve: Serve, join: Attach) -> None:
        server = serve()
        assert server.greeting[0] == "Serving 'desk': whatever is asked for"
        desk = join()
        assert desk.served == ()
        ring = desk.klines("solusdt", "1m")
        ring.ready(timeout=DEADLINE_SECONDS)
        assert desk.served == (("main", "solusdt@kline_1m"),)
        assert set(desk.subscribe(["solusdt@trade", "solusdt@aggTrade"])) == {
            "solusdt@trade",
            "solusdt@aggTrade",
        }

    def test_a_fixed_server_serves_only_what_it_was_started_with(self, serve: Serve, join: Attach) -> None:
        serve(QUOTES, "--fixed")
        desk = join()
        with pytest.raises(ConfigurationError) as caught:
            desk.trades("btcusdt")
        assert str(caught.value) == f"the server 'desk' serves only what it was started with: {QUOTES}"
        desk.book_ticker("btcusdt").ready(timeout=DEADLINE_SECONDS)
        desk.unsubscribe(QUOTES)
        desk.book_ticker("btcusdt").ready(timeout=DEADLINE_SECONDS)

    def test_what_binance_refuses_is_told_with_its_reason(self, serve: Serve, join: Attach) -> None:
        serve(QUOTES)
        desk = join()
        for _ in range(2):  # asked again, it is asked again
            ring = desk.book_ticker("btc$usdt")
            with pytest.raises(SubscriptionRejected, match=r"btc\$usdt@bookTicker"):
                ring.ready(timeout=DEADLINE_SECONDS)
        desk.book_ticker("btcusdt").ready(timeout=DEADLINE_SECONDS)

    def test_what_cannot_be_is_refused_in_a_sentence(self, serve: Serve, join: Attach) -> None:
        serve(QUOTES)
        desk = join()
        with pytest.raises(ConfigurationError, match="has a ring of capacity 1024, not 64: leave it out"):
            desk.book_ticker("btcusdt", capacity=64)
        with pytest.raises(ConfigurationError, match="power of two"):
            desk.trades("btcusdt", capacity=63)
        desk.trades("ethusdt", capacity=64).ready(timeout=DEADLINE_SECONDS)
        with pytest.raises(ConfigurationError, match="capacity 64 already"):
            desk.trades("ethusdt", capacity=128)
        with pytest.raises(
            ConfigurationError, match="!contractInfo has no ring, and rings are all that 'desk'"
        ):
            desk.contract_info()
        with pytest.raises(ConfigurationError, match="not subscribed"):
            desk.unsubscribe("bnbusdt@trade")
        assert desk.book_ticker("btcusdt").capacity == 1024


class TestServices:
    def test_usdm(self, serve: Serve, join: Attach) -> None:
        serve("btcusdt@markPrice@1s", QUOTES, service="usdm")
        desk = join()
        assert desk.served == (("usdmMarket", "btcusdt@markPrice@1s"), ("usdmPublic", QUOTES))
        marks = desk.mark_price("btcusdt", market="usdm")
        quotes = desk.book_ticker("btcusdt", market="usdm")
        for ring in (marks, quotes):
            ring.ready(timeout=DEADLINE_SECONDS)
        assert marks.last().mark_price == pytest.approx(quotes.last().bid_price, rel=0.05)
        assert set(desk.served) == {("usdmMarket", marks.stream), ("usdmPublic", QUOTES)}

    def test_binary_streams_with_their_key(self, serve: Serve, join: Attach) -> None:
        server = serve("btcusdt@bestBidAsk", "--api-key", KEY, service="mainSBE")
        ring = join().book_ticker("btcusdt", format="sbe")
        ring.ready(timeout=DEADLINE_SECONDS)
        assert (ring.ws_key, ring.stream) == ("mainSBE", "btcusdt@bestBidAsk")
        assert KEY not in "".join(server.greeting)

    def test_wss_with_a_certificate_of_ones_own(self, place: Path) -> None:
        with run_in_thread(tls=True, messages_per_second=100) as sim:
            assert sim.ssl_context is not None
            (der,) = sim.ssl_context.get_ca_certs(binary_form=True)
            pem = place / "certificate.pem"
            pem.write_text(ssl.DER_cert_to_PEM_cert(der))
            url = sim.urls[fastbinance.WsKey.MAIN]
            assert url.startswith("wss:")
            with ServerProcess("--url", url, "--certificate", str(pem), QUOTES), attach("desk") as desk:
                desk.book_ticker("btcusdt").ready(timeout=DEADLINE_SECONDS)

    def test_two_lines(self, serve: Serve, join: Attach) -> None:
        serve(QUOTES, "--lines", "2", "--capacity", "64")
        ring = join().book_ticker("btcusdt")
        ring.ready(timeout=DEADLINE_SECONDS)
        assert ring.capacity == 64


class TestLeaving:
    def test_one_leaves_and_the_other_reads_on(self, serve: Serve, join: Attach) -> None:
        serve()
        one, other = join(), join()
        rings = [desk.book_ticker("btcusdt") for desk in (one, other)]
        for ring in rings:
            ring.ready(timeout=DEADLINE_SECONDS)
        assert other.served == (("main", QUOTES),)
        one.close()
        cursor = rings[1].cursor
        until(lambda: rings[1].cursor > cursor + 5, rings[1])
        assert rings[1].state is RingState.LIVE
        assert other.served == (("main", QUOTES),)

    @pytest.mark.parametrize("how", ["unsubscribes", "closes", "is killed"])
    def test_when_the_last_one_leaves_the_memory_is_given_back(
        self, serve: Serve, join: Attach, how: str
    ) -> None:
        serve()
        desk = join()
        clock = desk.trades("bnbusdt")
        program = f"""
            desk = fastbinance.attach("desk")
            ring = desk.book_ticker("btcusdt")
            ring.ready(timeout={DEADLINE_SECONDS})
            print("ready", flush=True)
            sys.stdin.readline()
            {"desk.unsubscribe(ring)" if how == "unsubscribes" else "desk.close()"}
            print("done", flush=True)
            sys.stdin.readline()
        """
        with Program(program) as other:
            assert other.read() == "ready"
            (offset,) = [one.offset for one in desk._attachment.segment.rings() if one.stream == QUOTES]
            if how == "is killed":
                other.signal(signal.SIGKILL)
            else:
                other.write("go\n")
                assert other.read() == "done"
            until(lambda: desk.served == (("main", "bnbusdt@trade"),), clock)
        ring = desk.book_ticker("ethusdt")
        ring.ready(timeout=DEADLINE_SECONDS)
        assert ring.shared_memory.offset == offset
        assert ring.symbols == ("ETHUSDT",)

    def test_who_has_unsubscribed_does_not_see_what_comes_to_be_in_its_place(
        self, serve: Serve, join: Attach
    ) -> None:
        serve()
        one, other = join(), join()
        clock = other.trades("bnbusdt")
        ring = one.book_ticker("btcusdt")
        ring.ready(timeout=DEADLINE_SECONDS)
        offset, record = ring.shared_memory.offset, ring.last()
        reader = ring.reader()
        one.unsubscribe(ring)
        assert list(reader) == []
        with pytest.raises(StreamClosed):
            ring.wait(timeout=DEADLINE_SECONDS)
        until(lambda: other.served == (("main", "bnbusdt@trade"),), clock)
        successor = other.book_ticker("ethusdt")
        successor.ready(timeout=DEADLINE_SECONDS)
        assert successor.shared_memory.offset == offset
        with pytest.raises(NoData):
            ring.last()
        assert (ring.cursor, ring.symbols, len(ring[-10:])) == (-1, (), 0)
        assert record.bid_price > 0
        again = one.book_ticker("btcusdt")
        again.ready(timeout=DEADLINE_SECONDS)
        assert again.symbols == ("BTCUSDT",)

    def test_a_closed_client_sees_nothing_of_what_comes_after(self, serve: Serve, join: Attach) -> None:
        serve()
        one, other = join(), join()
        clock = other.trades("bnbusdt")
        ring = one.book_ticker("btcusdt")
        ring.ready(timeout=DEADLINE_SECONDS)
        one.close()
        until(lambda: other.served == (("main", "bnbusdt@trade"),), clock)
        other.book_ticker("ethusdt").ready(timeout=DEADLINE_SECONDS)
        with pytest.raises(NoData):
            ring.last()

    def test_what_is_refused_here_is_given_up_there(self, serve: Serve, join: Attach) -> None:
        serve()
        one, other = join(), join()
        ring = one.book_ticker("btcusdt", capacity=128)
        with pytest.raises(ConfigurationError, match="has a ring of capacity 128, not 64"):
            other.book_ticker("btcusdt", capacity=64)
        one.unsubscribe(ring)
        clock = other.trades("bnbusdt")
        until(lambda: other.served == (("main", "bnbusdt@trade"),), clock)

    def test_ctrl_c_ends_a_blocked_reader(self, serve: Serve) -> None:
        serve("btcusdt@avgPrice")
        program = """
            with fastbinance.attach("desk") as desk:
                ring = desk.average_price("btcusdt")
                try:
                    print("reading", flush=True)
                    for batch in ring.reader(start=1_000_000):
                        pass
                except KeyboardInterrupt:
                    print("interrupted")
            print(left())
        """
        with Program(program) as reader:
            assert reader.read() == "reading"
            reader.signal(signal.SIGINT)
            assert reader.finish() == (0, ["interrupted", "[]"], "")


class TestTheServersEnd:
    @pytest.mark.parametrize(
        "number", [signal.SIGTERM, signal.SIGINT, signal.SIGKILL], ids=lambda one: one.name
    )
    def test_those_who_read_are_told_and_keep_what_came(
        self, serve: Serve, join: Attach, place: Path, number: signal.Signals
    ) -> None:
        server = serve(QUOTES)
        desk = join()
        ring, trades = desk.book_ticker("btcusdt"), desk.trades("btcusdt")
        for each in (ring, trades):
            each.ready(timeout=DEADLINE_SECONDS)
        reader, many = ring.reader(start="oldest"), desk.reader([ring, trades], start="oldest")
        code, output, errors = server.end(number)
        assert errors == ""
        if number is signal.SIGKILL:
            assert code == -signal.SIGKILL
        else:
            assert (code, output) == (0, "Ended; 1 reader has been told.\n")
        why = f"the server 'desk' (process {server.pid}) is gone"
        for _ in ring.reader():
            pass  # until the end
        with pytest.raises(StreamClosed) as caught:
            ring.wait(timeout=DEADLINE_SECONDS)
        assert why in str(caught.value)
        with pytest.raises(StreamClosed):
            ring.ready(timeout=DEADLINE_SECONDS)
        with pytest.raises(StreamClosed):
            desk.wait_any([trades], timeout=DEADLINE_SECONDS)
        records = [record for batch in reader for record in batch["update_id"].tolist()]
        assert len(records) == ring.cursor + 1 > 0
        assert ring.last().update_id == records[-1]
        assert ring.symbols == ("BTCUSDT",)
        assert {each.stream for each, _ in many} == {QUOTES, TRADES}
        assert ring.state is RingState.DOWN
        assert not ring.complete(ring.last().recv_ns, ring.last().recv_ns + 10**9)
        with pytest.raises(
            ConfigurationError, match=r"the server 'desk' \(process \d+\) is gone: attach again"
        ):
            desk.trades("ethusdt")
        desk.unsubscribe(trades)
        desk.close()
        assert ring.last().update_id == records[-1]
        if number is signal.SIGKILL:
            assert sorted(path.name for path in place.iterdir()) == [
                "desk.fastbinance.lock",
                "desk.fastbinance.sock",
            ]
            assert doctor() == "desk: was killed; what it left is removed\n"
        assert list(place.iterdir()) == []
        assert doctor() == f"No servers, and nothing left of any, in {place}.\n"

    def test_a_name_of_one_that_was_killed_is_free_again(self, serve: Serve, join: Attach) -> None:
        serve(QUOTES).end(signal.SIGKILL)
        with pytest.raises(ConfigurationError, match=r"no server 'desk' runs; in .* there are: none"):
            attach("desk")
        server = serve(QUOTES)
        assert join().server_pid == server.pid
        assert doctor() == "desk: runs\n"

    def test_a_stopped_server_is_stale_until_it_goes_on(self, serve: Serve, join: Attach) -> None:
        server = serve(QUOTES)
        ring = join().book_ticker("btcusdt")
        ring.ready(timeout=DEADLINE_SECONDS)
        server.send(signal.SIGSTOP)
        until(lambda: ring.state is RingState.STALE, ring)
        server.send(signal.SIGCONT)
        until(lambda: ring.state is RingState.LIVE, ring)

    def test_a_server_that_does_not_answer_is_given_up(
        self, serve: Serve, join: Attach, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        server = serve(QUOTES)
        desk, other = join(), join()
        clock = other.book_ticker("btcusdt")
        clock.ready(timeout=DEADLINE_SECONDS)
        monkeypatch.setattr("fastbinance._feed.attached_pool._ANSWER_SECONDS", 0.1)
        server.send(signal.SIGSTOP)
        with pytest.raises(ConfigurationError, match="the server 'desk' has not answered"):
            desk.trades("btcusdt")
        with pytest.raises(ConfigurationError, match="the server 'desk' does not answer"):
            attach("desk")
        server.send(signal.SIGCONT)
        monkeypatch.undo()
        assert other.subscribe("ethusdt@trade")  # asked after it, and so answered after it
        until(lambda: ("main", TRADES) not in other.served, clock)

    def test_a_server_that_dies_while_a_stream_is_made_leaves_nobody_waiting(
        self, serve: Serve, join: Attach, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        server = serve(QUOTES)
        desk = join()
        add = AttachedPool.add

        def add_to_a_dead_one(pool: AttachedPool, *args: Any, **kwargs: Any) -> Any:
            server.end(signal.SIGKILL)
            pool._channel.wait_for(lambda message: False, DEADLINE_SECONDS)
            return add(pool, *args, **kwargs)

        monkeypatch.setattr(AttachedPool, "add", add_to_a_dead_one)
        with pytest.raises(ConfigurationError, match="is gone: attach again"):
            desk.book_ticker("btcusdt")


class TestNames:
    def test_a_wrong_name_is_told_which_there_are(self, serve: Serve, place: Path) -> None:
        serve(name="left")
        serve(name="right")
        serve(name="killed").end(signal.SIGKILL)
        with pytest.raises(ConfigurationError) as caught:
            attach("desk")
        assert str(caught.value) == (
            f"no server 'desk' runs; in {place} there are: left, right. Start one with: fastbinance serve"
            " --name desk btcusdt@bookTicker"
        )

    def test_where_there_is_no_directory_there_is_none(
        self, place: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        for missing in (place / "none", Path(__file__)):
            monkeypatch.setenv("FASTBINANCE_RUNTIME_DIR", str(missing))
            with pytest.raises(ConfigurationError, match=r"no server 'desk' runs; in .* there are: none"):
                attach("desk")

    @pytest.mark.parametrize(
        "name", ["", "a/b", "../desk", ".desk", "a b", "x" * 41, "dësk", "a\n", None, 7], ids=repr
    )
    def test_a_name_that_cannot_be_is_refused(self, place: Path, name: Any) -> None:
        with pytest.raises(ConfigurationError, match="a server's name has 1 to 40 letters, digits"):
            attach(name)

    def test_a_directory_too_deep_for_sockets_is_refused(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("FASTBINANCE_RUNTIME_DIR", "/tmp/" + "deep/" * 30)
        with pytest.raises(ConfigurationError, match=r"longer than the 103 bytes .* FASTBINANCE_RUNTIME_DIR"):
            attach("desk")


ONLY_ROOT = pytest.mark.skipif(
    not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root is another user at will"
)


@ONLY_ROOT
class TestOtherUsers:
    AS_NOBODY = f"os.setgroups([]); os.setgid({NOBODY}); os.setuid({NOBODY})\n"
    PROGRAM = (
        AS_NOBODY
        + """
try:
    with fastbinance.attach("desk") as desk:
        ring = desk.book_ticker("btcusdt")
        ring.ready(timeout=20)
        print(ring.last().bid_price > 0)
        print(ring.records.flags.writeable)
except fastbinance.ConfigurationError as error:
    print(error)
"""
    )

    def test_a_server_is_its_users_own_unless_its_mode_says_otherwise(
        self, serve: Serve, place: Path
    ) -> None:
        place.chmod(0o755)
        server = serve(QUOTES)
        with Program(self.PROGRAM) as other:
            assert other.finish() == (
                0, [f"the server 'desk' is not for this user: {place}/desk.fastbinance.sock says so"], "",
            )  # fmt: skip
        server.end()
        serve(QUOTES, "--mode", "666")
        with Program(self.PROGRAM) as other:
            assert other.finish() == (0, ["True", "False"], "")

    def test_who_may_attach_finds_the_names(self, serve: Serve, place: Path) -> None:
        place.chmod(0o755)
        serve(QUOTES, "--mode", "666", name="public")
        with Program(self.PROGRAM) as other:
            code, lines, errors = other.finish()
        assert (code, errors) == (0, "")
        assert "there are: public." in lines[0]

    def test_the_doctor_of_one_user_leaves_the_servers_of_another_alone(
        self, serve: Serve, join: Attach, place: Path
    ) -> None:
        place.chmod(0o777)
        server = serve(QUOTES)
        program = (
            "import fastbinance.cli.app\n" + self.AS_NOBODY + "print(fastbinance.cli.main(['doctor']))\n"
        )
        with Program(program) as other:
            assert other.finish() == (
                0, [f"No servers, and nothing left of any, in {place}.", "0"], "",
            )  # fmt: skip
        assert join().server_pid == server.pid

    @pytest.mark.parametrize("wrong", ["owner", "mode"])
    def test_a_directory_that_others_write_to_is_refused(
        self, place: Path, monkeypatch: pytest.MonkeyPatch, wrong: str
    ) -> None:
        monkeypatch.delenv("FASTBINANCE_RUNTIME_DIR")
        monkeypatch.setenv("XDG_RUNTIME_DIR", str(place))
        directory = place / "fastbinance"
        directory.mkdir()
        if wrong == "owner":
            os.chown(directory, NOBODY, NOBODY)
        else:
            directory.chmod(0o777)
        with pytest.raises(ConfigurationError, match=f"^{directory} is another user's, or others may write"):
            attach("desk")
        with pytest.raises(AssertionError, match="is another user's, or others may write to it: name one"):
            ServerProcess(QUOTES)


REFUSED: list[tuple[str, Callable[[Any], object]]] = [
    ("connect", lambda desk: desk.connect("main")),
    ("rollover", lambda desk: desk.rollover()),
    ("is_connected", lambda desk: desk.is_connected("main")),
    ("url", lambda desk: desk.url("main")),
    ("close a service", lambda desk: desk.close("main")),
    ("set_time_offset", lambda desk: desk.set_time_offset(1)),
    ("raw_messages", lambda desk: desk.raw_messages(QUOTES)),
    ("on", lambda desk: desk.on("message", print)),
    ("events", lambda desk: desk.events()),
]
MISSING: list[tuple[str, Callable[[Any], object]]] = [
    ("user_data", lambda desk: desk.user_data("spot")),
    ("fills", lambda desk: desk.fills("spot")),
    ("request", lambda desk: desk.request("spot", "time")),
    ("spot", lambda desk: desk.spot.time()),
    ("usdm", lambda desk: desk.usdm.time()),
    ("coinm", lambda desk: desk.coinm.time()),
]


def test_what_is_not_market_data_is_refused_in_a_sentence(serve: Serve, join: Attach) -> None:
    serve(QUOTES)
    desk = join()
    ring = desk.book_ticker("btcusdt")
    why = (
        "this client is attached to 'desk' and reads its market data; connections and their events,"
        " requests and user data are for a Client of your own"
    )
    for name, call in REFUSED:
        with pytest.raises(ConfigurationError) as refused:
            call(desk)
        assert str(refused.value) == why, name
    for name, call in MISSING:
        with pytest.raises(AttributeError) as missing:
            call(desk)
        assert str(missing.value) == f"{name} is not here: {why}"
        assert not hasattr(desk, name)
    with pytest.raises(ConfigurationError, match="'desk' serves no order books: make them with a Client"):
        desk.order_book("btcusdt")
    with pytest.raises(AttributeError, match="'Attached' object has no attribute 'book_tikcer'"):
        desk.book_tikcer  # noqa: B018
    ring.ready(timeout=DEADLINE_SECONDS)


def test_what_a_client_has_and_who_is_attached_has_not_is_explained() -> None:
    public = {name for name in set(dir(Client)) - set(dir(Attached)) if not name.startswith("_")}
    assert public == {name for name, _ in MISSING}
