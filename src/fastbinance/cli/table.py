"""Rows as a table for a terminal: which columns fit, how wide they are, and what stands above and below."""

from collections.abc import Iterable, Sequence
from typing import Final

from rich.cells import cell_len
from rich.console import Group, RenderableType
from rich.text import Text

from fastbinance import RingState
from fastbinance.cli.columns import ASCII, COLUMNS, UNICODE
from fastbinance.cli.row import DEPTH_LEVELS, Extra, Row, Totals

__all__ = ["TableView"]

# From here on there is room for two spaces between columns.
_ROOMY: Final = 100


class TableView:
    """Draws boards. Remembers how wide each column has been, so that none ever jumps back and forth.

    Parameters
    ----------
    title
        What is shown, and where it comes from.
    extras
        What rows have besides quotes and trades.
    unicode
        Whether the terminal can show more than ASCII.
    """

    def __init__(self, title: str, extras: Extra, *, unicode: bool = True) -> None:
        self._title = title
        self._columns = tuple(column for column in COLUMNS if column.extra in extras)
        self._signs = UNICODE if unicode else ASCII
        self._widths = [max(len(column.head), len(column.subhead)) for column in self._columns]

    def render(
        self,
        rows: Sequence[Row],
        totals: Totals,
        *,
        elapsed_seconds: float,
        width: int,
        height: int | None = None,
    ) -> RenderableType:
        """Draw one moment.

        Parameters
        ----------
        rows, totals
            The moment.
        elapsed_seconds
            Since the start.
        width, height
            Of the terminal; rows that are too many are left out and counted. None: all rows.
        """
        cells = [[column.cell(row, self._signs) for column in self._columns] for row in rows]
        for line in cells:
            for index, (text, _) in enumerate(line):
                self._widths[index] = max(self._widths[index], cell_len(text))
        heads, body = self._table(rows, cells, width)
        above = [_clip(self._heading(elapsed_seconds, height is not None), width, "bold"), Text()]
        below = [Text(), *self._totals(rows, totals, width), *self._legend(width)]
        if height is not None and sum(map(len, (above, heads, body, below))) > height:
            # Prices before explanations, and then as many prices as there is room for.
            del above[1:]
            below = self._totals(rows, totals, width)
            room = max(height - len(above) - len(heads) - len(below), 2)
            if len(body) > room:
                more = f"{self._signs.more} {len(body) - room + 1} more in a taller terminal"
                below.insert(0, _clip(more, width, "dim"))
                del body[room - 1 :]
        return Group(*above, *heads, *body, *below)

    def _heading(self, elapsed_seconds: float, is_live: bool) -> str:
        minutes, seconds = divmod(int(elapsed_seconds), 60)
        hours, minutes = divmod(minutes, 60)
        clock = f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"
        pieces = [self._title, clock, "Ctrl-C ends"] if is_live else [self._title, clock]
        return f" {self._signs.dot} ".join(pieces)

    def _table(
        self, rows: Sequence[Row], cells: Sequence[Sequence[tuple[str, str]]], width: int
    ) -> tuple[list[Text], list[Text]]:
        """Return the lines of headings, and a line for each row."""
        # Lines of our own rather than rich's Table, which takes several times as long to find widths that are
        # known here, while the feed waits for the interpreter.
        shown, gap = self._choose(width)
        heads = (
            [(column.head, "dim") for column in self._columns],
            [(column.subhead, "dim") for column in self._columns],
        )
        body = [
            self._noted(row, line[0], gap, width) if row.note else self._line(line, shown, gap, width)
            for row, line in zip(rows, cells, strict=True)
        ]
        return [self._line(line, shown, gap, width) for line in heads], body

    def _noted(self, row: Row, symbol: tuple[str, str], gap: int, width: int) -> Text:
        # A row without figures has room for a sentence, whatever the columns are.
        text, style = symbol
        line = Text(no_wrap=True, overflow="crop").append(text, style)
        line.append(" " * (self._widths[0] - cell_len(text) + gap)).append(row.note, style)
        line.truncate(width, overflow="crop")
        return line

    def _line(self, line: Sequence[tuple[str, str]], shown: Sequence[int], gap: int, width: int) -> Text:
        text = Text(no_wrap=True, overflow="crop")
        for index in shown:
            figure, style = line[index]
            blank = " " * (self._widths[index] - cell_len(figure))
            if self._columns[index].is_left:
                text.append(figure, style).append(blank)
            else:
                text.append(blank).append(figure, style)
            text.append(" " * gap)
        text.rstrip()
        text.truncate(width)
        return text

    def _choose(self, width: int) -> tuple[list[int], int]:
        """Return the columns that fit, rank by rank, and the gap between them.

        Where a rank does not fit, a later one still may.
        """
        gap = 2 if width >= _ROOMY else 1
        chosen: list[int] = []
        used = -gap
        for rank in sorted({column.rank for column in self._columns}):
            group = [index for index, column in enumerate(self._columns) if column.rank == rank]
            more = sum(self._widths[index] + gap for index in group)
            if rank == 0 or used + more <= width:
                chosen += group
                used += more
        return sorted(chosen), gap

    def _totals(self, rows: Sequence[Row], totals: Totals, width: int) -> list[Text]:
        bad = "bold red"
        pieces = [
            (f"messages {totals.messages:,}", ""),
            (f"rejected {totals.rejected:,}", bad if totals.rejected else ""),
            (f"lost {totals.lost:,}", bad if totals.lost else ""),
            (
                f"connections {totals.live}/{totals.connections}",
                bad if totals.live < totals.connections else "",
            ),
            (f"reconnects {totals.reconnects:,}", ""),
            (f"scanner {totals.scanner}, simdjson {totals.fallback}", ""),
        ]
        lines = _flow(pieces, width)
        troubled = [
            f"{row.symbol} {row.standing}" for row in rows if row.trouble or row.state is not RingState.LIVE
        ]
        if troubled:
            lines.append(_clip(", ".join(troubled), width, "bold yellow"))
        if totals.trouble:
            lines.append(_clip(totals.trouble, width, bad))
        return lines

    def _legend(self, width: int) -> list[Text]:
        signs = self._signs
        shown, _ = self._choose(width)
        heads = {self._columns[index].head for index in shown} | {
            self._columns[index].subhead for index in shown
        }
        meanings = {
            "LAST": f"{signs.bought} taker bought  {signs.sold} taker sold",
            "LAG": "LAG socket read to reader",
            "DEPTH": f"DEPTH best {DEPTH_LEVELS} levels",
            "WIRE": "WIRE event time to socket read",
        }
        pieces = [(text, "dim") for head, text in meanings.items() if head in heads]
        if "STATE" not in heads:
            pieces.append(("  ".join(f"{sign} {state.name}" for state, sign in signs.states.items()), "dim"))
        return _flow(pieces, width)


def _clip(text: str, width: int, style: str) -> Text:
    line = Text(text, style, no_wrap=True, overflow="crop")
    line.truncate(width)
    return line


def _flow(pieces: Iterable[tuple[str, str]], width: int) -> list[Text]:
    """Set pieces side by side, on as few lines as hold them whole."""
    lines: list[Text] = []
    for text, style in pieces:
        if lines and lines[-1].cell_len + 2 + cell_len(text) <= width:
            lines[-1].append("  ")
            lines[-1].append(text, style)
        else:
            # The style belongs to the piece, not to the line that the next one continues.
            lines.append(Text(no_wrap=True, overflow="crop").append(text, style))
    return lines
