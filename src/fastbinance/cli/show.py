"""Shows a board until somebody stops it: a live table on a terminal, plain lines elsewhere."""

import os
import sys
import time
from typing import Final

from rich.console import Console, RenderableType
from rich.live import Live

from fastbinance.cli.board import Board
from fastbinance.cli.lines import row_lines, totals_line
from fastbinance.cli.stop import Stop
from fastbinance.cli.table import TableView

__all__ = ["show"]

_DRAW_SECONDS: Final = 0.25
_LINE_SECONDS: Final = 1.0
# Tables and lines begin with quotes in them, unless they take longer than this to come.
_TABLE_PATIENCE_SECONDS: Final = 0.5
_LINES_PATIENCE_SECONDS: Final = 5.0
_LOOK_SECONDS: Final = 0.02


def show(board: Board, stop: Stop, *, title: str, seconds: float | None = None, plain: bool = False) -> None:
    """Show a board until a signal comes, or for so many seconds.

    Parameters
    ----------
    board, stop
        What is shown, and what ends it.
    title
        Heading of the table.
    seconds
        How long; None is for ever.
    plain
        Plain lines on a terminal too.
    """
    if not plain and sys.stdout.isatty() and os.environ.get("TERM", "dumb") != "dumb":
        _draw(board, stop, title, seconds)
    else:
        _print(board, stop, seconds)


def _draw(board: Board, stop: Stop, title: str, seconds: float | None) -> None:
    console = Console(highlight=False)
    view = TableView(title, board.extras, unicode=console.encoding.startswith("utf"))
    _await_quotes(board, stop, _TABLE_PATIENCE_SECONDS)
    start = time.monotonic()

    def picture(height: int | None) -> RenderableType:
        elapsed = time.monotonic() - start
        return view.render(
            board.rows(), board.totals(), elapsed_seconds=elapsed, width=console.width, height=height
        )

    # On a screen of its own, where a resized window leaves no rests; the last table stays on the other one.
    with Live(console=console, screen=True, auto_refresh=False) as live:
        left = _DRAW_SECONDS
        while left > 0:
            live.update(picture(console.height), refresh=True)
            if seconds is not None:
                left = min(_DRAW_SECONDS, start + seconds - time.monotonic())
            if stop.wait(left):
                break
    console.print(picture(None))


def _print(board: Board, stop: Stop, seconds: float | None) -> None:
    stopped = _await_quotes(board, stop, _LINES_PATIENCE_SECONDS)
    board.rows()  # rates are counted from here
    start = time.monotonic()
    elapsed = 0.0
    told = False
    while not stopped:
        # Once for each time that a connection is down: attempts and their number go on.
        trouble = board.totals().trouble
        if trouble and not told:
            print("fastbinance:", trouble, file=sys.stderr, flush=True)
        told = bool(trouble)
        elapsed += _LINE_SECONDS
        if seconds is not None:
            elapsed = min(elapsed, seconds)
        stopped = stop.wait(start + elapsed - time.monotonic())
        if not stopped:
            _write("\n".join(row_lines(board.rows(), board.extras, time.time())))
            stopped = seconds is not None and elapsed >= seconds
    _write(totals_line(board.totals()))


def _await_quotes(board: Board, stop: Stop, patience: float) -> bool:
    """Wait for first quotes as long as they may come soon; return whether a signal came instead."""
    deadline = time.monotonic() + patience
    while time.monotonic() < deadline and not (board.settled() or board.totals().trouble):
        if stop.wait(_LOOK_SECONDS):
            return True
    return False


def _write(text: str) -> None:
    # A symbol may be in any script, and the encoding of a pipe may not know it.
    encoding = sys.stdout.encoding or "ascii"
    print(text.encode(encoding, "backslashreplace").decode(encoding), flush=True)
