"""``fastbinance watch`` as a process, on a simulator of the tests' own."""

import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from itertools import islice
from pathlib import Path

import pytest

from fastbinance.cli import main
from fastbinance.keys import Market, key_for
from fastbinance.sim import Replay, RunningSimulator, run_in_thread

DEADLINE_SECONDS = 60.0
EIGHT_HOURS = 8 * 3600

Run = Callable[..., "subprocess.CompletedProcess[str]"]
Start = Callable[..., "subprocess.Popen[str]"]


def url_of(simulator: RunningSimulator, market: Market) -> str:
    return simulator.urls[key_for(market)]


def fields_of(line: str) -> dict[str, str]:
    return dict(word.split("=", 1) for word in line.split() if "=" in word)


MARKETS: list[tuple[Market, list[str], set[str]]] = [
    ("spot", ["btcusdt", "ETHBTC", "BTCUSDT"], set()),
    ("usdm", ["BTCUSDT", "1000pepeusdt"], {"mark", "funding_pct", "funding_in_s"}),
    ("coinm", ["BTCUSD_PERP"], {"mark", "funding_pct", "funding_in_s"}),
    ("options", ["BTC-261225-90000-C", "BTC-261225-90000-P"], {"mark", "mark_iv_pct"}),
    ("alpha", ["ALPHA_118USDT"], set()),
]


@pytest.mark.parametrize(("market", "symbols", "extras"), MARKETS, ids=[market for market, *_ in MARKETS])
def test_every_market_shows_quotes_trades_and_what_else_it_has(
    run: Run, binance_sim: RunningSimulator, market: Market, symbols: list[str], extras: set[str]
) -> None:
    done = run("watch", *symbols, "--market", market, "--url", url_of(binance_sim, market), "--seconds", "3")
    assert (done.returncode, done.stderr) == (0, "")
    *lines, total = done.stdout.splitlines()
    names = list(dict.fromkeys(symbol.upper() for symbol in symbols))
    assert [line.split()[1] for line in lines] == names * 3
    for line in lines[-len(names) :]:
        fields = fields_of(line)
        assert 0 < float(fields["bid"]) < float(fields["ask"])
        assert min(float(fields[name]) for name in ("bid_qty", "ask_qty", "last", "last_qty")) > 0
        assert fields["last_side"] in ("buy", "sell")
        assert float(fields["lag_p99_us"]) > 0
        assert fields["state"] == "LIVE"
        assert fields.keys() & {"mark", "funding_pct", "funding_in_s", "mark_iv_pct"} == extras
        if "mark" in extras:
            assert float(fields["mark"]) == pytest.approx(float(fields["bid"]), rel=0.01)
        if "funding_pct" in extras:
            assert abs(float(fields["funding_pct"])) < 1
            assert 0 <= float(fields["funding_in_s"]) <= EIGHT_HOURS
        if "mark_iv_pct" in extras:
            assert 1 < float(fields["mark_iv_pct"]) < 500
    assert fields_of(total)["rejected"] == "0"


def test_a_contract_that_expires_has_a_mark_price_and_no_funding(
    run: Run, binance_sim: RunningSimulator
) -> None:
    url = url_of(binance_sim, "usdm")
    done = run("watch", "BTCUSDT_261225", "--market", "usdm", "--url", url, "--seconds", "3")
    fields = fields_of(done.stdout.splitlines()[-2])
    assert float(fields["mark"]) > 0
    assert (fields["funding_pct"], fields["funding_in_s"]) == ("-", "-")


def quote(symbol: str) -> str:
    return (
        f'{{"stream":"{symbol.lower()}@bookTicker","data":{{"u":7,"s":"{symbol}","b":"1.50000000",'
        '"B":"2.00000000","a":"1.75000000","A":"3.00000000"}}\n'
    )


def test_a_symbol_that_never_speaks_or_is_refused_says_so_and_the_others_go_on(
    start: Start, tmp_path: Path
) -> None:
    capture = tmp_path / "capture.jsonl"
    capture.write_text(quote("BTCUSDT"))
    with run_in_thread(replay={"spot": Replay.load(capture)}) as simulator:
        process = start("watch", "BTCUSDT", "BTCUSTD", "BTC$USDT", "--url", url_of(simulator, "spot"))
        assert process.stdout is not None
        rows: dict[str, dict[str, str]] = {}
        # How long silence takes to be one is the client's affair; the number of lines only ends a failure.
        for line in islice(process.stdout, 200):
            rows[line.split()[1]] = fields_of(line)
            if rows.get("BTCUSTD", {}).get("state") == "SILENT" and "BTC$USDT" in line:
                break
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=DEADLINE_SECONDS)
    assert (process.returncode, errors) == (0, "")
    assert (rows["BTCUSDT"]["bid"], rows["BTCUSDT"]["ask"]) == ("1.50", "1.75")
    assert (rows["BTCUSTD"]["bid"], rows["BTCUSTD"]["state"]) == ("-", "SILENT")
    assert (rows["BTC$USDT"]["bid"], rows["BTC$USDT"]["state"]) == ("-", "REFUSED")


def test_nothing_but_refusals_is_a_failure(run: Run, binance_sim: RunningSimulator) -> None:
    done = run("watch", "BTC$USDT", "--url", url_of(binance_sim, "spot"), "--seconds", "0.1")
    assert done.returncode == 1
    assert done.stderr.startswith("fastbinance: nothing came for BTC$USDT: Binance refused it: ")
    assert len(done.stderr.splitlines()) == 1


def test_no_connection_is_told_at_once_and_is_a_failure(start: Start) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed_soon:
        port = closed_soon.getsockname()[1]
    process = start("watch", "BTCUSDT", "--url", f"ws://127.0.0.1:{port}")
    assert process.stderr is not None
    told = process.stderr.readline()
    assert re.match(
        rf"fastbinance: main: no connection after .*127\.0\.0\.1:{port} refuses connections", told
    )
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=DEADLINE_SECONDS)
    assert process.returncode == 1
    assert errors.startswith("fastbinance: nothing came for BTCUSDT: main: no connection after ")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_watch_ends_cleanly_when_it_is_told_to(
    start: Start, binance_sim: RunningSimulator, number: signal.Signals
) -> None:
    process = start("watch", "BTCUSDT", "--url", url_of(binance_sim, "spot"))
    assert process.stdout is not None
    assert " BTCUSDT bid=" in process.stdout.readline()
    process.send_signal(number)
    rest, errors = process.communicate(timeout=DEADLINE_SECONDS)
    assert (process.returncode, errors) == (0, "")
    assert rest.splitlines()[-1].startswith("total messages=")


def on_a_terminal(environment: dict[str, str], *arguments: str) -> str:
    """Run the command on a terminal of 80 columns to its end, and return what it wrote there."""
    pty = pytest.importorskip("pty")
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        [sys.executable, "-m", "fastbinance", *arguments],
        env=environment | {"TERM": "xterm-256color", "COLUMNS": "80", "LINES": "24", "NO_COLOR": "1"},
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
    ) as process:
        os.close(theirs)
        written = bytearray()
        while True:
            try:
                piece = os.read(ours, 65_536)
            except OSError:  # what Linux says at the end
                break
            if not piece:
                break
            written += piece
        os.close(ours)
        assert process.wait(DEADLINE_SECONDS) == 0
    return written.decode()


def test_a_terminal_gets_a_table_with_funding(
    environment: dict[str, str], binance_sim: RunningSimulator
) -> None:
    url = url_of(binance_sim, "usdm")
    text = on_a_terminal(environment, "watch", "BTCUSDT", "--market", "usdm", "--url", url, "--seconds", "2")
    picture = text[text.rindex("\x1b[?1049l") :]
    assert f"fastbinance watch: usdm, {url}" in picture
    assert "FUNDING" in picture
    line = next(line for line in picture.splitlines() if "● BTCUSDT" in line)
    assert re.search(r" [+-]0\.\d{4}% +(\dh \d\dm|\d+m|\d+s) ", line)


def test_plain_asks_for_lines_on_a_terminal_too(
    environment: dict[str, str], binance_sim: RunningSimulator
) -> None:
    url = url_of(binance_sim, "spot")
    text = on_a_terminal(environment, "watch", "BTCUSDT", "--url", url, "--seconds", "0.5", "--plain")
    assert "\x1b" not in text
    assert " BTCUSDT bid=" in text.splitlines()[0]


@pytest.mark.parametrize("extra", [[], ["--tls"]], ids=["ws", "wss"])
def test_the_command_that_sim_prints_works(start: Start, run: Run, extra: list[str]) -> None:
    simulator = start("sim", *extra)
    assert simulator.stdout is not None
    printed = next(line for line in simulator.stdout if "fastbinance watch" in line)
    command = printed.partition("fastbinance ")[2].split()
    assert any(word.startswith("wss://" if extra else "ws://") for word in command)
    done = run(*command, "--seconds", "0.5")
    assert (done.returncode, done.stderr) == (0, "")
    assert float(fields_of(done.stdout.splitlines()[0])["bid"]) > 0


MISTAKES = [
    ("no symbols", ["watch"], ["watch needs symbols", "BTCUSDT"]),
    ("no symbols of a market", ["watch", "--market", "options"], ["BTC-261225-126000-C"]),
    ("unknown market", ["watch", "BTCUSDT", "--market", "forex"], ["forex", "spot", "options", "alpha"]),
    ("a hyphen", ["watch", "BTC-USDT"], ["BTC-USDT", "Binance writes 'BTCUSDT'"]),
    ("an underscore", ["watch", "BTC_USDT"], ["spot", "BTCUSDT"]),
    ("pair on coinm", ["watch", "BTCUSD", "--market", "coinm"], ["coinm", "BTCUSD_PERP"]),
    ("underlying on options", ["watch", "BTCUSDT", "--market", "options"], ["BTC-261225-126000-C"]),
    ("unknown environment", ["watch", "BTCUSDT", "--env", "test"], ["test", "prod", "testnet", "demo"]),
    ("no such environment there", ["watch", "ALPHA_118USDT", "--market", "alpha", "--env", "demo"],
     ["alpha", "'demo'", "'prod'"]),
    ("two answers", ["watch", "BTCUSDT", "--env", "prod", "--url", "ws://127.0.0.1:9000"],
     ["--env", "--url"]),
    ("no scheme", ["watch", "BTCUSDT", "--url", "127.0.0.1:9000"], ["ws:// or wss://"]),
    ("other scheme", ["watch", "BTCUSDT", "--url", "https://binance.com"], ["https", "ws:// or wss://"]),
    ("no URL", ["watch", "BTCUSDT", "--url", ""], ['"ws://host:port"']),
    ("no certificate", ["watch", "BTCUSDT", "--url", "wss://127.0.0.1:9000", "--certificate", "no-such.pem"],
     ["--certificate", "no-such.pem"]),
    ("too many", ["watch", *(f"A{number}USDT" for number in range(201))], ["201", "200"]),
    ("no time", ["watch", "BTCUSDT", "--seconds", "0"], ["--seconds", "> 0"]),
]  # fmt: skip


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


def test_a_password_in_a_url_is_not_repeated(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["watch", "BTCUSDT", "--url", "ws://me:secret@127.0.0.1:9000"]) == 2
    assert "secret" not in capsys.readouterr().err
