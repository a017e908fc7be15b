"""Rows as a table for a terminal: which columns fit, how wide they are, and what stands above and below."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from rich.cells import cell_len
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from fastbinance._io.wishes import RingState
from fastbinance.cli.board import DEPTH_LEVELS, Row, Totals
from fastbinance.cli.figures import NOTHING, age_text, duration_text, fixed_text, quantity_text, rate_text

__all__ = ["TableView"]

_BUY: Final = "green"
_SELL: Final = "red"
_STATE_STYLES: Final = {
    RingState.LIVE: "green",
    RingState.QUIET: "yellow",
    RingState.STALE: "bold yellow",
    RingState.DOWN: "bold red",
}
# From here on there is room for two spaces between columns.
_ROOMY: Final = 100


@dataclass(frozen=True, slots=True)
class _Signs:
    """Signs beside figures; a terminal without Unicode gets letters."""

    states: dict[RingState, str]
    bought: str
    sold: str
    micro: str
    dot: str
    more: str


_UNICODE: Final = _Signs(
    {RingState.LIVE: "●", RingState.QUIET: "○", RingState.STALE: "!", RingState.DOWN: "×"},
    "▲", "▼", "µ", "·", "…",
)  # fmt: skip
_ASCII: Final = _Signs(
    {RingState.LIVE: "*", RingState.QUIET: "o", RingState.STALE: "!", RingState.DOWN: "x"},
    "^", "v", "u", "-", "...",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Column:
    """One column.

    Attributes
    ----------
    head, subhead
        Its two lines of heading.
    rank
        Columns of low rank stay longest when the terminal is narrow; those of one rank come and go together.
    cell
        Text and style for a row.
    """

    head: str
    subhead: str
    rank: int
    cell: Callable[[Row, _Signs], tuple[str, str]]
    justify: Literal["left", "right"] = "right"


def _price(value: float, row: Row, style: str) -> tuple[str, str]:
    return fixed_text(value, row.price_places), style


def _quantity(value: float, row: Row, style: str = "") -> tuple[str, str]:
    return quantity_text(value, row.qty_places), style


def _duration(nanoseconds: float, signs: _Signs) -> tuple[str, str]:
    return duration_text(nanoseconds).replace("µ", signs.micro), ""


def _last(row: Row, signs: _Signs) -> tuple[str, str]:
    if row.last_sold is None:
        return f"{NOTHING} ", ""
    sign, style = (signs.sold, _SELL) if row.last_sold else (signs.bought, _BUY)
    return f"{fixed_text(row.last, row.price_places)}{sign}", style


def _imbalance(row: Row, signs: _Signs) -> tuple[str, str]:
    value = row.imbalance
    if value != value:
        return NOTHING, ""
    return f"{value * 100:+.0f}%", _BUY if value > 0 else _SELL


def _whole(value: float) -> str:
    return rate_text(value) if value >= 10_000 else fixed_text(value, 0)


_COLUMNS: Final = (
    _Column("", "SYMBOL", 0,
            lambda row, signs: (f"{signs.states[row.state]} {row.symbol}", _STATE_STYLES[row.state]), "left"),
    _Column("BID", "QTY", 5, lambda row, signs: _quantity(row.bid_qty, row)),
    _Column("BID", "PRICE", 0, lambda row, signs: _price(row.bid, row, f"bold {_BUY}")),
    _Column("ASK", "PRICE", 0, lambda row, signs: _price(row.ask, row, f"bold {_SELL}")),
    _Column("ASK", "QTY", 5, lambda row, signs: _quantity(row.ask_qty, row)),
    _Column("SPRD", "TICKS", 2, lambda row, signs: (_whole(row.spread_ticks), "")),
    _Column("SPRD", "BPS", 10, lambda row, signs: (fixed_text(row.spread_bps, 2), "")),
    _Column("LAST", "PRICE ", 1, _last),
    _Column("LAST", "QTY", 7, lambda row, signs: _quantity(row.last_qty, row)),
    _Column("LAST", "AGE", 8, lambda row, signs: (age_text(row.last_age_seconds), "dim")),
    _Column("DEPTH", "BIDS", 11, lambda row, signs: _quantity(row.depth_bid_qty, row)),
    _Column("DEPTH", "ASKS", 11, lambda row, signs: _quantity(row.depth_ask_qty, row)),
    _Column("DEPTH", "IMB", 9, _imbalance),
    _Column("MSGS", "/S", 3, lambda row, signs: (rate_text(row.messages_per_second), "")),
    _Column("LAG", "P50", 4, lambda row, signs: _duration(row.lag.p50, signs)),
    _Column("LAG", "P99", 4, lambda row, signs: _duration(row.lag.p99, signs)),
    _Column("WIRE", "P50", 12, lambda row, signs: _duration(row.wire.p50, signs)),
    _Column("WIRE", "P99", 12, lambda row, signs: _duration(row.wire.p99, signs)),
    _Column("", "STATE", 6, lambda row, signs: (row.state.name, _STATE_STYLES[row.state]), "left"),
)  # fmt: skip


class TableView:
    """Draws boards. Remembers how wide each column has been, so that none ever jumps back and forth.

    Parameters
    ----------
    title
        What is shown, and where it comes from.
    unicode
        Whether the terminal can show more than ASCII.
    """

    def __init__(self, title: str, *, unicode: bool = True) -> None:
        self._title = title
        self._signs = _UNICODE if unicode else _ASCII
        self._widths = [max(len(column.head), len(column.subhead)) for column in _COLUMNS]

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
        cells = [[column.cell(row, self._signs) for column in _COLUMNS] for row in rows]
        for line in cells:
            for index, (text, _) in enumerate(line):
                self._widths[index] = max(self._widths[index], cell_len(text))
        below = self._below(rows, totals, width)
        above = [self._clip(self._heading(elapsed_seconds), width, "bold"), Text()]
        # Two lines of headings, and one that stays free under the last.
        room = len(rows) if height is None else max(height - len(above) - len(below) - 3, 1)
        if len(rows) > room:
            left_out = len(rows) - max(room - 1, 1)
            cells = cells[:-left_out]
            below.insert(0, self._clip(f"{self._signs.more} {left_out} more in a taller terminal", width, "dim"))
        return Group(*above, self._table(cells, width), *below)

    def _heading(self, elapsed_seconds: float) -> str:
        minutes, seconds = divmod(int(elapsed_seconds), 60)
        hours, minutes = divmod(minutes, 60)
        clock = f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"
        return f"{self._title} {self._signs.dot} {clock} {self._signs.dot} Ctrl-C ends"

    def _table(self, cells: Sequence[Sequence[tuple[str, str]]], width: int) -> Table:
        gap = 2 if width >= _ROOMY else 1
        shown = self._choose(width, gap)
        table = Table(box=None, padding=(0, gap, 0, 0), pad_edge=False, header_style="dim")
        for index in shown:
            column = _COLUMNS[index]
            table.add_column(
                f"{column.head}\n{column.subhead}",
                justify=column.justify,
                width=self._widths[index],
                no_wrap=True,
                overflow="crop",
            )
        for line in cells:
            table.add_row(*(Text(line[index][0], line[index][1]) for index in shown))
        return table

    def _choose(self, width: int, gap: int) -> list[int]:
        """Indices of the columns that fit: rank by rank, and where one does not, a later one still may."""
        chosen: list[int] = []
        used = -gap
        for rank in sorted({column.rank for column in _COLUMNS}):
            group = [index for index, column in enumerate(_COLUMNS) if column.rank == rank]
            more = sum(self._widths[index] + gap for index in group)
            if rank == 0 or used + more <= width:
                chosen += group
                used += more
        return sorted(chosen)

    def _below(self, rows: Sequence[Row], totals: Totals, width: int) -> list[Text]:
        lost = "bold red" if totals.lost else ""
        rejected = "bold red" if totals.rejected else ""
        live = "" if totals.live == totals.connections else "bold red"
        pieces = [
            (f"messages {totals.messages:,}", ""),
            (f"rejected {totals.rejected:,}", rejected),
            (f"lost {totals.lost:,}", lost),
            (f"connections {totals.live}/{totals.connections}", live),
            (f"reconnects {totals.reconnects:,}", ""),
            (f"scanner {totals.scanner}", ""),
            (f"simdjson {totals.fallback}", ""),
        ]
        lines = [Text(), *_flow(pieces, width)]
        troubled = [f"{row.symbol} {row.state.name}" for row in rows if row.state is not RingState.LIVE]
        if troubled:
            lines.append(self._clip(", ".join(troubled), width, "bold yellow"))
        signs = self._signs
        legend = [
            f"{signs.bought} taker bought  {signs.sold} taker sold",
            "LAG socket read to reader",
            f"DEPTH best {DEPTH_LEVELS}",
            "WIRE event time to socket read",
        ]
        gap = 2 if width >= _ROOMY else 1
        heads = {_COLUMNS[index].head for index in self._choose(width, gap)}
        explained = [text for text in legend if text.split()[0] in heads or text is legend[0]]
        return lines + _flow([(text, "dim") for text in explained], width)

    def _clip(self, text: str, width: int, style: str) -> Text:
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
