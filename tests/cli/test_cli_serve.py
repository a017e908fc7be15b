"""``fastbinance serve`` and ``doctor``: what they say, and what they refuse."""

import signal
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from support.serving import DEADLINE_SECONDS, ServerProcess, runtime_directory

from fastbinance._core.segment import RingMemoryView
from fastbinance.cli import main
from fastbinance.keys import WsKey
from fastbinance.sim import RunningSimulator

Run = Callable[..., "subprocess.CompletedProcess[str]"]
NOWHERE = ["--url", "ws://127.0.0.1:9"]


@pytest.fixture(autouse=True)
def place(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Give servers a directory of their own."""
    with runtime_directory(monkeypatch) as path:
        yield path


def test_help_names_every_option(run: Run) -> None:
    done = run("serve", "--help")
    assert (done.returncode, done.stderr) == (0, "")
    for word in ("--name", "--service", "--env", "--url", "--certificate", "--api-key", "--fixed", "--mode"):
        assert word in done.stdout
    assert "fastbinance.attach(NAME)" in done.stdout


MISTAKES = [
    ("no name", ["serve", "btcusdt@trade"], ["--name"]),
    ("a bad name", ["serve", "--name", "a/b", *NOWHERE], ["1 to 40 letters", "'a/b'"]),
    ("mode of decimals", ["serve", "--name", "desk", "--mode", "689", *NOWHERE], ["--mode", "660", "'689'"]),
    ("mode to execute", ["serve", "--name", "desk", "--mode", "755", *NOWHERE], ["--mode", "'755'"]),
    ("mode not for us", ["serve", "--name", "desk", "--mode", "066", *NOWHERE], ["--mode", "'066'"]),
    ("no stream", ["serve", "--name", "desk", "btcusdt@nothing", *NOWHERE], ["btcusdt@nothing"]),
    ("no ring", ["serve", "--name", "desk", "!contractInfo", "--service", "usdm", *NOWHERE], ["no ring"]),
    ("no service", ["serve", "--name", "desk", "--service", "forex"], ["forex"]),
    ("nothing fixed", ["serve", "--name", "desk", "--fixed", *NOWHERE], ["--fixed", "name streams"]),
    ("two answers", ["serve", "--name", "desk", "--env", "testnet", *NOWHERE], ["--env", "--url"]),
    ("no lines", ["serve", "--name", "desk", "--lines", "9", *NOWHERE], ["lines"]),
    ("no power", ["serve", "--name", "desk", "--capacity", "3", *NOWHERE], ["power of two"]),
]


@pytest.mark.parametrize(
    ("arguments", "words"), [each for _, *each in MISTAKES], ids=[name for name, *_ in MISTAKES]
)
def test_a_mistake_gets_one_sentence_and_leaves_nothing(
    arguments: list[str], words: list[str], capsys: pytest.CaptureFixture[str], place: Path
) -> None:
    assert main(arguments) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.startswith("fastbinance: ")
    assert len(printed.err.splitlines()) == 1
    assert [word for word in words if word not in printed.err] == []
    assert list(place.iterdir()) == []


def test_no_memory_is_a_sentence(
    capsys: pytest.CaptureFixture[str], place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Full:
        @staticmethod
        def allocate(*_: object) -> RingMemoryView:
            raise MemoryError("no 7 bytes of shared memory are left for the ring of btcusdt@trade")

    monkeypatch.setattr("fastbinance._feed.server.RingMemoryView", Full)
    assert main(["serve", "--name", "desk", "btcusdt@trade", *NOWHERE]) == 1
    assert capsys.readouterr().err == (
        "fastbinance: no 7 bytes of shared memory are left for the ring of btcusdt@trade\n"
    )
    assert list(place.iterdir()) == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_says_how_to_attach_and_ends_when_it_is_told_to(
    binance_sim: RunningSimulator, place: Path, number: signal.Signals, capsys: pytest.CaptureFixture[str]
) -> None:
    with ServerProcess("--url", binance_sim.urls[WsKey.MAIN], "btcusdt@trade") as server:
        assert server.greeting[0] == "Serving 'desk': btcusdt@trade"
        assert main(["serve", "--name", "desk", *NOWHERE]) == 2
        assert main(["doctor"]) == 0
        assert capsys.readouterr() == (
            "desk: runs\n",
            f"fastbinance: a server 'desk' runs already, as process {server.pid}: choose another name\n",
        )
        assert server.end(number) == (0, "Ended.\n", "")
    assert server.process.wait(DEADLINE_SECONDS) == 0
    assert list(place.iterdir()) == []
