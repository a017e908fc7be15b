"""``fastbinance watch --book``: order books until somebody stops it; a ladder on a terminal, or lines."""

import time
from collections.abc import Sequence
from typing import Final

from rich.console import Console, RenderableType

from fastbinance import BookState, ConfigurationError, FastBinanceError, OrderBook
from fastbinance.cli.ladder import Ladder, LadderView, ladder_line
from fastbinance.cli.lines import write
from fastbinance.cli.show import animate, has_screen
from fastbinance.cli.stop import Stop

__all__ = ["MOST_LEVELS", "check_levels", "show_books"]

MOST_LEVELS: Final = 100
_DRAW_SECONDS: Final = 0.2
_LINE_SECONDS: Final = 1.0
_LOOK_SECONDS: Final = 0.02
_PATIENCE_SECONDS: Final = 5.0


def check_levels(levels: int) -> int:
    """Return a number of levels that can be shown.

    Raises
    ------
    ConfigurationError
        The message names what can.
    """
    if not 1 <= levels <= MOST_LEVELS:
        raise ConfigurationError(f"--levels is from 1 to {MOST_LEVELS}, not {levels}")
    return levels


def show_books(
    books: Sequence[OrderBook],
    stop: Stop,
    *,
    title: str,
    levels: int,
    seconds: float | None = None,
    plain: bool = False,
) -> None:
    """Show order books until a signal comes, or for so many seconds.

    Parameters
    ----------
    books, stop
        What is shown, and what ends it.
    title
        Heading.
    levels
        Of each side.
    seconds
        How long; None is for ever.
    plain
        Plain lines on a terminal too.

    Raises
    ------
    FastBinanceError
        Not one of them has ever begun.
    """
    deadline = time.monotonic() + min(_PATIENCE_SECONDS, _PATIENCE_SECONDS if seconds is None else seconds)
    stopped = False
    while (
        not stopped and time.monotonic() < deadline and any(book.state is BookState.EMPTY for book in books)
    ):
        stopped = stop.wait(_LOOK_SECONDS)
    if not stopped:
        if has_screen(plain):
            _draw(books, stop, title, levels, seconds)
        else:
            _print(books, stop, levels, seconds)
    if all(book.state is BookState.EMPTY for book in books):
        ladder = Ladder.of(books[0], levels)
        raise FastBinanceError(f"no order book has begun for {ladder.symbol}: {ladder.why}")


def _draw(books: Sequence[OrderBook], stop: Stop, title: str, levels: int, seconds: float | None) -> None:
    console = Console(highlight=False)
    view = LadderView(title, unicode=console.encoding.startswith("utf"))

    def picture(height: int | None) -> RenderableType:
        ladders = [Ladder.of(book, levels) for book in books]
        return view.render(ladders, levels=levels, width=console.width, height=height)

    animate(picture, console, stop, seconds, _DRAW_SECONDS)


def _print(books: Sequence[OrderBook], stop: Stop, levels: int, seconds: float | None) -> None:
    start = time.monotonic()
    elapsed = 0.0
    while seconds is None or elapsed < seconds:
        elapsed += _LINE_SECONDS if seconds is None else min(_LINE_SECONDS, seconds - elapsed)
        if stop.wait(start + elapsed - time.monotonic()):
            return
        for book in books:
            write(ladder_line(Ladder.of(book, levels), time.time()))
