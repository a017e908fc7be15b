"""The commands as processes: what they print, how they end, and what they say to mistakes."""

import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import fastbinance
from fastbinance._rest_endpoints import REST_PRODUCTS
from fastbinance._version import __version__
from fastbinance.cli import main
from fastbinance.sim.hosts import HOSTS
from fastbinance.sim.listeners import PORTS
from fastbinance.sim.rest.hosts import REST_HOSTS

DEADLINE_SECONDS = 60.0

Run = Callable[..., "subprocess.CompletedProcess[str]"]
Start = Callable[..., "subprocess.Popen[str]"]


def fields_of(line: str) -> dict[str, str]:
    return dict(word.split("=", 1) for word in line.split() if "=" in word)


@pytest.mark.parametrize(
    ("market", "symbols", "extra"),
    [
        ("spot", ["btcusdt", "ETHBTC", "BTCUSDT"], []),
        ("usdm", ["BTCUSDT", "1000PEPEUSDT"], ["--tls"]),
        ("coinm", ["BTCUSD_PERP"], ["--seed", "9"]),
    ],
)
def test_demo_prints_plain_lines_where_there_is_no_terminal(
    run: Run, market: str, symbols: list[str], extra: list[str]
) -> None:
    done = run("demo", *symbols, "--market", market, "--seconds", "1", "--rate", "50", *extra)
    assert (done.returncode, done.stderr) == (0, "")
    assert "\x1b" not in done.stdout
    *lines, total = done.stdout.splitlines()
    names = list(dict.fromkeys(symbol.upper() for symbol in symbols))
    assert [line.split()[1] for line in lines] == names
    for line in lines:
        assert re.match(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ ", line)
        fields = fields_of(line)
        assert 0 < float(fields["bid"]) < float(fields["ask"])
        assert min(float(fields["bid_qty"]), float(fields["ask_qty"])) > 0
        assert float(fields["spread_ticks"]) >= 1
        assert float(fields["msgs_per_s"]) > 0
        assert 0 < float(fields["lag_p50_us"]) <= float(fields["lag_p99_us"])
        assert fields["state"] == "LIVE"
    totals = fields_of(total)
    assert total.startswith("total ")
    assert int(totals["messages"]) > 0
    assert totals["rejected"] == "0"
    assert re.fullmatch(r"([1-9])/\1", totals["connections"]), "all of them are up"
    assert totals["scanner"] == fastbinance.implementation().fast


def test_demo_chooses_symbols_that_everybody_knows(run: Run) -> None:
    done = run("demo", "--seconds", "0.5")
    assert done.returncode == 0, done.stderr
    symbols = [line.split()[1] for line in done.stdout.splitlines()[:-1]]
    assert len(symbols) >= 4
    assert {"BTCUSDT", "ETHUSDT"} <= set(symbols)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_demo_ends_cleanly_when_it_is_told_to(start: Start, number: signal.Signals) -> None:
    process = start("demo", "BTCUSDT")
    assert process.stdout is not None
    assert " BTCUSDT bid=" in process.stdout.readline()
    process.send_signal(number)
    rest, errors = process.communicate(timeout=DEADLINE_SECONDS)
    assert (process.returncode, errors) == (0, "")
    assert rest.splitlines()[-1].startswith("total messages=")


def test_demo_ends_quietly_when_nobody_reads_any_more(start: Start) -> None:
    process = start("demo", "BTCUSDT")
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.readline()
    process.stdout.close()
    assert process.wait(DEADLINE_SECONDS) == 0
    assert process.stderr.read() == ""


def read_all(terminal: int) -> str:
    """Read what is written to a terminal until nobody holds its other end."""
    read = bytearray()
    while True:
        try:
            piece = os.read(terminal, 65_536)
        except OSError:  # what Linux says at the end
            piece = b""
        if not piece:
            return read.decode()
        read += piece


@pytest.mark.parametrize("no_color", [False, True])
def test_demo_draws_a_table_on_a_terminal_and_gives_it_back(
    environment: dict[str, str], no_color: bool
) -> None:
    pty = pytest.importorskip("pty")
    ours, theirs = pty.openpty()
    size = {"TERM": "xterm-256color", "COLUMNS": "80", "LINES": "24"}
    with subprocess.Popen(
        [sys.executable, "-m", "fastbinance", "demo", "--seconds", "1"],
        env=environment | size | ({"NO_COLOR": "1"} if no_color else {}),
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
    ) as process:
        os.close(theirs)
        text = read_all(ours)
        os.close(ours)
        assert process.wait(DEADLINE_SECONDS) == 0
    assert "Traceback" not in text
    # The other screen is entered and left, the cursor hidden and shown again.
    assert text.index("\x1b[?1049h") < text.rindex("\x1b[?1049l")
    assert text.index("\x1b[?25l") < text.rindex("\x1b[?25h")
    picture = text[text.rindex("\x1b[?1049l") :]
    assert "BTCUSDT" in picture
    assert "scanner" in picture
    assert bool(re.search(r"\x1b\[[0-9;]*3[12]m", text)) is not no_color


HELP = [
    ([], ["demo", "sim", "watch"]),
    (["--help"], ["demo", "sim", "watch"]),
    (["demo", "--help"], ["SYMBOLS", "--market", "--seconds", "--seed", "--tls", "--rate"]),
    (["sim", "--help"], ["--host", "--port-base", "--seed", "--tls", "--rate", "--replay", "--market"]),
    (
        ["watch", "--help"],
        ["SYMBOLS", "--market", "--env", "--url", "--certificate", "--seconds", "--plain", "prod", "demo"],
    ),
    (["--version"], [__version__]),
]


@pytest.mark.parametrize(("arguments", "words"), HELP, ids=[" ".join(each) or "nothing" for each, _ in HELP])
def test_help_names_what_there_is(run: Run, arguments: list[str], words: list[str]) -> None:
    done = run(*arguments)
    assert (done.returncode, done.stderr) == (0, "")
    assert [word for word in words if word not in done.stdout] == []


MISTAKES = [
    ("unknown market", ["demo", "--market", "forex"], ["forex", "spot", "usdm", "coinm"]),
    ("another exchange's symbol", ["demo", "BTC/USDT"], ["BTC/USDT", "BTCUSDT"]),
    ("a hyphen", ["demo", "btc-usdt"], ["BTCUSDT"]),
    ("symbol of another market", ["demo", "BTCUSDT", "--market", "coinm"], ["coinm", "BTCUSD_PERP"]),
    ("contract on spot", ["demo", "BTCUSD_PERP"], ["spot", "BTCUSDT"]),
    ("no time", ["demo", "--seconds", "0"], ["--seconds", "> 0"]),
    ("no number", ["demo", "--seconds", "soon"], ["--seconds", "soon"]),
    ("no rate", ["demo", "--rate", "-1"], ["--rate", "> 0"]),
    ("unknown option", ["demo", "--colour"], ["--colour", "--help"]),
    ("unknown command", ["quote"], ["quote", "demo", "sim"]),
    ("no such replay", ["sim", "--replay", "no-such.jsonl", "--market", "spot"], ["no-such.jsonl"]),
    ("replay of no market", ["sim", "--replay", "x.jsonl"], ["--market", "spot, usdm, coinm"]),
    ("market of no replay", ["sim", "--market", "spot"], ["--market", "--replay"]),
    ("port too high", ["sim", "--port-base", "65530"], ["--port-base", str(65_536 - len(PORTS))]),
]


@pytest.mark.parametrize(
    ("arguments", "words"), [each for _, *each in MISTAKES], ids=[name for name, *_ in MISTAKES]
)
def test_a_mistake_gets_one_sentence_that_names_what_is_allowed(
    arguments: list[str], words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.startswith("fastbinance: ")
    assert len(printed.err.splitlines()) == 1
    assert [word for word in words if word not in printed.err] == []


def test_a_mistake_is_told_by_the_exit_code_of_the_process(run: Run) -> None:
    done = run("demo", "BTC/USDT")
    assert (done.returncode, done.stdout) == (2, "")
    assert "Binance writes 'BTCUSDT'" in done.stderr


def test_sim_says_which_ports_it_wants_when_one_is_in_use(run: Run) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        if port > 65_536 - len(PORTS):
            pytest.skip("the system gave one of the last ports")
        done = run("sim", "--port-base", str(port))
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == (
        f"fastbinance: a port from {port} to {port + len(PORTS) - 1} is in use on "
        f"127.0.0.1; --port-base wants {len(PORTS)} free ones in a row, and without it free ones are found\n"
    )


@pytest.mark.parametrize("missing", ["cyclopts", "rich", "cryptography"])
def test_without_the_extra_a_sentence_says_how_to_get_it(environment: dict[str, str], missing: str) -> None:
    code = f"import sys; sys.modules[{missing!r}] = None; from fastbinance.cli import main; sys.exit(main())"
    done = subprocess.run(
        [sys.executable, "-c", code, "demo"], env=environment, capture_output=True, text=True, check=False,
        timeout=DEADLINE_SECONDS,
    )  # fmt: skip
    assert (done.returncode, done.stdout) == (1, "")
    assert "pip install 'fastbinance[cli]'" in done.stderr
    assert missing in done.stderr
    assert len(done.stderr.splitlines()) == 1


def served(process: "subprocess.Popen[str]") -> list[str]:
    """Read what a simulator prints until it serves."""
    assert process.stdout is not None
    lines = []
    for line in process.stdout:
        lines.append(line.rstrip("\n"))
        if line.startswith("Serving"):
            return lines
    raise AssertionError((lines, process.stderr and process.stderr.read()))


def pasted(lines: list[str]) -> fastbinance.Client:
    """Run the Python that a simulator printed."""
    begin = next(index for index, line in enumerate(lines) if line.startswith("import "))
    names: dict[str, Any] = {}
    exec("\n".join(line for line in lines[begin:] if not line.startswith("Serving")), names)
    client = names["client"]
    assert isinstance(client, fastbinance.Client)
    return client


@pytest.mark.parametrize("extra", [[], ["--tls"]], ids=["ws", "wss"])
def test_sim_prints_a_client_that_reaches_every_market(start: Start, extra: list[str]) -> None:
    process = start("sim", "--rate", "100", *extra)
    lines = served(process)
    scheme = "wss" if extra else "ws"
    assert sum(f"  {scheme}://127.0.0.1:" in line for line in lines) == len(HOSTS)
    scheme = scheme.replace("ws", "http")
    assert sum(f"  {scheme}://127.0.0.1:" in line for line in lines) == len(REST_HOSTS)
    with pasted(lines) as client:
        assert "mainSBE" in (client._settings.urls or {}), "format='sbe' must not leave this machine"
        assert set(client._settings.rest_urls or {}) == set(REST_PRODUCTS)
        rings: list[Any] = [
            client.book_ticker("BTCUSDT"),
            client.trades("BTCUSDT", "usdm"),
            client.diff_depth("BTCUSD_PERP", "coinm"),
        ]
        for key, stream in (
            ("eoptions", "btc-270326-90000-c@bookTicker"),
            ("alpha", "alpha_474usdt@bookTicker"),
        ):
            rings += client.subscribe(stream, key).values()
        for ring in rings:
            ring.ready(timeout=DEADLINE_SECONDS)
    process.send_signal(signal.SIGINT)
    rest, errors = process.communicate(timeout=DEADLINE_SECONDS)
    assert (process.returncode, errors) == (0, "")
    assert re.fullmatch(r"Served 5 connections and [\d,]+ messages\.", rest.strip())


def test_sim_replays_a_file(start: Start, tmp_path: Path) -> None:
    capture = tmp_path / "capture.jsonl"
    capture.write_text(
        '{"stream":"btcusdt@bookTicker","data":{"u":7,"s":"BTCUSDT","b":"1.50000000","B":"2.00000000",'
        '"a":"1.75000000","A":"3.00000000"}}\n'
    )
    process = start("sim", "--replay", str(capture), "--market", "spot")
    lines = served(process)
    assert "capture.jsonl on spot" in lines[0]
    with pasted(lines) as client:
        ring = client.book_ticker("BTCUSDT")
        ring.ready(timeout=DEADLINE_SECONDS)
        quote = ring.last()
        assert (quote.update_id, quote.bid_price, quote.ask_qty) == (7, 1.5, 3.0)
    process.send_signal(signal.SIGTERM)
    assert process.wait(DEADLINE_SECONDS) == 0
