"""Shows a board until somebody stops it: a live table on a terminal, plain lines elsewhere."""

import os
import sys
import time
from collections.abc import Callable
from typing import Final

from rich.console import Console, RenderableType
from rich.live import Live

from fastbinance.cli.board import Board
from fastbinance.cli.lines import row_lines, totals_line, write
from fastbinance.cli.stop import Stop
from fastbinance.cli.table import TableView

__all__ = ["animate", "has_screen", "show"]

_DRAW_SECONDS: Final = 0.25
_LINE_SECONDS: Final = 1.0
# Tables and lines begin with quotes in them, unless they take longer than this to come.
_TABLE_PATIENCE_SECONDS: Final = 0.5
_LINES_PATIENCE_SECONDS: Final = 5.0
_LOOK_SECONDS: Final = 0.02


def has_screen(plain: bool) -> bool:
    """Tell whether pictures can be drawn, and are wanted."""
    return not plain and sys.stdout.isatty() and os.environ.get("TERM", "dumb") != "dumb"


def animate(
    picture: Callable[[int | None], RenderableType],
    console: Console,
    stop: Stop,
    seconds: float | None,
    every: float,
) -> None:
    """Draw a picture again and again until a signal comes, or for so many seconds.

    Parameters
    ----------
    picture
        Gives it for a height, or for None in full.
    console, stop
        Where, and what ends it.
    seconds, every
        How long, None for ever, and how often.
    """
    end = None if seconds is None else time.monotonic() + seconds
    # On a screen of its own, where a resized window leaves no rests; the last table stays on the other one.
    with Live(console=console, screen=True, auto_refresh=False) as live:
        left = every
        while left > 0:
            live.update(picture(console.height), refresh=True)
            if end is not None:
                left = min(every, end - time.monotonic())
            if stop.wait(left):
                break
    console.print(picture(None))


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
    if has_screen(plain):
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

    animate(picture, console, stop, seconds, _DRAW_SECONDS)


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
            write("\n".join(row_lines(board.rows(), board.extras, time.time())))
            stopped = seconds is not None and elapsed >= seconds
    write(totals_line(board.totals()))


def _await_quotes(board: Board, stop: Stop, patience: float) -> bool:
    """Wait for first quotes as long as they may come soon; return whether a signal came instead."""
    deadline = time.monotonic() + patience
    while time.monotonic() < deadline and not (board.settled() or board.totals().trouble):
        if stop.wait(_LOOK_SECONDS):
            return True
    return False
