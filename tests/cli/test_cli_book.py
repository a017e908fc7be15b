"""``fastbinance watch --book``: order books as a process shows them, and as they are drawn."""

import io
import math
import subprocess
import sys
from collections.abc import Callable

import numpy as np
import pytest
from rich.console import Console

from fastbinance import BookState
from fastbinance.cli import main
from fastbinance.cli.ladder import Ladder, LadderView, ladder_line
from fastbinance.keys import Market, key_for
from fastbinance.sim import RunningSimulator

Run = Callable[..., "subprocess.CompletedProcess[str]"]


class Quote:
    """A top that stands still."""

    bid_price, bid_qty, ask_price, ask_qty = 99.9, 1.25, 100.1, 3.0
    update_id, source = 42, "book_ticker"
    spread, mid, age_ns = 0.2, 100.0, 350_000_000


def ladder(symbol: str = "BTCUSDT", **changes: object) -> Ladder:
    facts: dict[str, object] = {
        "symbol": symbol,
        "state": BookState.LIVE,
        "why": "",
        "top": Quote(),
        "bids": np.array([[99.9, 1.25], [99.85, 10.0], [99.0, 2.0]]),
        "asks": np.array([[100.1, 3.0], [100.2, 0.5]]),
        "imbalance": 0.583,
        "proven_seconds": 75.0,
        "known": "1,000 bids, 998 asks",
        "gaps": 1,
        "snapshots": 2,
    }
    return Ladder(**(facts | changes))  # type: ignore[arg-type]


def drawn(*ladders: Ladder, width: int = 80, height: int | None = None, levels: int = 10) -> list[str]:
    console = Console(width=width, color_system=None, record=True, file=io.StringIO())
    view = LadderView("books", unicode=False)
    console.print(view.render(ladders, levels=levels, width=width, height=height))
    return [line.rstrip() for line in console.export_text().splitlines()]


def fields_of(line: str) -> dict[str, str]:
    return dict(word.split("=", 1) for word in line.split() if "=" in word)


def test_levels_stand_side_by_side_with_what_is_known_of_the_book() -> None:
    lines = drawn(ladder())
    assert lines[0] == "books"
    assert lines[2:5] == [
        "BTCUSDT  LIVE",
        "spread 0.20  mid 100.000  imbalance(5) +58%  top from book_ticker  age 0.3s",
        "id 42  proved for 75s  gaps 1  snapshots 2  known 1,000 bids, 998 asks",
    ]
    rows = [line.split("|") for line in lines[5:]]
    assert [row[0].split()[-2:] for row in rows] == [["1.25", "99.90"], ["10.00", "99.85"], ["2.00", "99.00"]]
    assert [row[1].split()[:2] for row in rows] == [["100.10", "3.00"], ["100.20", "0.50"], []]
    bars = [row[0].count("#") for row in rows]
    assert bars == sorted(bars)
    assert all(len(line) <= 80 for line in lines)


def test_a_book_that_is_not_right_says_why() -> None:
    lines = drawn(ladder(state=BookState.STALE, why="a diff is missing", proven_seconds=math.nan))
    assert lines[2] == "BTCUSDT  STALE: a diff is missing"
    assert "proved for -" in lines[4]
    none = np.empty((0, 2))
    empty = ladder(state=BookState.EMPTY, why="no snapshot has come yet", top=None, bids=none, asks=none)
    assert drawn(empty)[2:4] == ["BTCUSDT  EMPTY: no snapshot has come yet", "no quote yet"]


@pytest.mark.parametrize("width", [20, 60, 200])
@pytest.mark.parametrize("height", [4, 12, 60])
def test_it_fits_any_terminal(width: int, height: int) -> None:
    lines = drawn(ladder(), ladder("ETHUSDT"), width=width, height=height)
    assert len(lines) <= height
    assert all(len(line) <= width for line in lines)


def test_a_line_has_the_figures_by_name() -> None:
    line = ladder_line(ladder(state=BookState.STALE, why="a diff is missing"), 1_795_340_000)
    assert line == (
        "2026-11-22T09:33:20Z BTCUSDT state=STALE bid=99.9 bid_qty=1.25 ask=100.1 ask_qty=3.0"
        " source=book_ticker update_id=42 imbalance=+0.583 gaps=1 snapshots=2 why=a_diff_is_missing"
    )


MARKETS: list[tuple[Market, list[str]]] = [
    ("spot", ["btcusdt", "ethusdt"]),
    ("usdm", ["BTCUSDT"]),
    ("coinm", ["BTCUSD_PERP"]),
    ("alpha", ["ALPHA_118USDT"]),
]


@pytest.mark.parametrize(("market", "symbols"), MARKETS, ids=[market for market, _ in MARKETS])
def test_books_of_every_market_are_watched(
    run: Run, binance_sim: RunningSimulator, market: Market, symbols: list[str]
) -> None:
    where = ["--url", binance_sim.urls[key_for(market)]]
    if market != "alpha":
        where += ["--rest-url", binance_sim.rest_urls[market]]
    done = run("watch", *symbols, "--book", "--market", market, *where, "--seconds", "1")
    assert (done.returncode, done.stderr) == (0, "")
    lines = done.stdout.splitlines()
    assert [line.split()[1] for line in lines] == [symbol.upper() for symbol in symbols]
    for line in lines:
        fields = fields_of(line)
        assert fields["state"] == "LIVE"
        assert 0 < float(fields["bid"]) < float(fields["ask"])
        assert fields["source"] in ("depth", "book_ticker")


MISTAKES = [
    (["--book", "--levels", "0"], "--levels is from 1 to 100, not 0"),
    (["--book", "--url", "ws://127.0.0.1:9"], "an order book wants --url and --rest-url, or neither"),
    (["--book", "--rest-url", "http://127.0.0.1:9"], "an order book wants --url and --rest-url, or neither"),
    (["--rest-url", "http://127.0.0.1:9"], "--rest-url is for --book"),
    (["--levels", "5"], "--levels is for --book"),
]


@pytest.mark.parametrize(("options", "why"), MISTAKES)
def test_mistakes_are_told(options: list[str], why: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["watch", "btcusdt", *options]) == 2
    assert why in " ".join(capsys.readouterr().err.split())


def test_a_book_that_never_begins_is_an_error_that_says_why(run: Run, binance_sim: RunningSimulator) -> None:
    binance_sim.snapshots("BTCUSDT", "spot", status=500)
    where = ["--url", binance_sim.urls["main"], "--rest-url", binance_sim.rest_urls["spot"]]
    done = run("watch", "btcusdt", "--book", *where, "--seconds", "1")
    assert done.returncode == 1
    assert (
        "no order book has begun for BTCUSDT: no snapshot has come yet (the snapshot has not come: "
        in done.stderr
    )


def test_a_symbol_in_any_script_is_printed_in_any_encoding(
    environment: dict[str, str], binance_sim: RunningSimulator
) -> None:
    where = ["--url", binance_sim.urls["main"], "--rest-url", binance_sim.rest_urls["spot"]]
    done = subprocess.run(
        [sys.executable, "-m", "fastbinance", "watch", "币安人生usdt", "--book", *where, "--seconds", "1"],
        env=environment | {"PYTHONIOENCODING": "ascii"}, capture_output=True, timeout=60, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, b"")
    assert rb"\u5e01\u5b89\u4eba\u751fUSDT state=LIVE" in done.stdout
