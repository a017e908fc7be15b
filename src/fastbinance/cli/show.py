"""Shows a board until somebody stops it: a live table on a terminal, plain lines elsewhere."""

import os
import sys
import time
from typing import Final

from rich.console import Console
from rich.live import Live

from fastbinance.cli.board import Board
from fastbinance.cli.lines import row_lines, totals_line
from fastbinance.cli.stop import Stop
from fastbinance.cli.table import TableView

__all__ = ["show"]

_DRAW_SECONDS: Final = 0.25
_LINE_SECONDS: Final = 1.0
# Lines begin with quotes in them, unless they take longer than this to come.
_FIRST_QUOTES_SECONDS: Final = 5.0
_LOOK_SECONDS: Final = 0.02


def show(board: Board, stop: Stop, *, title: str, seconds: float | None = None) -> None:
    """Show a board until a signal comes, or for so many seconds.

    Raises
    ------
    SubscriptionRejected
        Binance has refused one of its streams.
    """
    if sys.stdout.isatty() and os.environ.get("TERM") not in (None, "", "dumb"):
        _draw(board, stop, title, seconds)
    else:
        _print(board, stop, seconds)


def _draw(board: Board, stop: Stop, title: str, seconds: float | None) -> None:
    console = Console(highlight=False, soft_wrap=False)
    view = TableView(title, unicode=console.encoding.startswith("utf"))
    start = time.monotonic()
    left = _DRAW_SECONDS
    # On a screen of its own, so that a resized terminal keeps no rests; the last table stays on the other one.
    with Live(console=console, screen=True, auto_refresh=False) as live:
        while True:
            elapsed = time.monotonic() - start
            width, height = console.size
            shown = board.rows(), board.totals()
            live.update(
                view.render(*shown, elapsed_seconds=elapsed, width=width, height=height), refresh=True
            )
            _raise_error(board)
            left = _DRAW_SECONDS if seconds is None else min(_DRAW_SECONDS, start + seconds - time.monotonic())
            if left <= 0 or stop.wait(left):
                break
    width, _ = console.size
    console.print(
        view.render(board.rows(), board.totals(), elapsed_seconds=time.monotonic() - start, width=width)
    )


def _print(board: Board, stop: Stop, seconds: float | None) -> None:
    deadline = time.monotonic() + _FIRST_QUOTES_SECONDS
    while not board.quoted() and time.monotonic() < deadline:
        _raise_error(board)
        if stop.wait(_LOOK_SECONDS):
            return
    board.rows()  # rates are counted from here
    start = time.monotonic()
    step = 0
    stopped = False
    while not stopped:
        step += 1
        elapsed = step * _LINE_SECONDS if seconds is None else min(step * _LINE_SECONDS, seconds)
        stopped = stop.wait(start + elapsed - time.monotonic())
        _raise_error(board)
        if not stopped:
            _write("\n".join(row_lines(board.rows(), time.time())))
            stopped = seconds is not None and elapsed >= seconds
    _write(totals_line(board.totals()))


def _write(text: str) -> None:
    # Symbols may be in any script, and a pipe in an encoding that is not.
    encoding = sys.stdout.encoding or "ascii"
    print(text.encode(encoding, "backslashreplace").decode(encoding), flush=True)


def _raise_error(board: Board) -> None:
    if board.error is not None:
        raise board.error
