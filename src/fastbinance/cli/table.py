"""Rows as a table for a terminal: which columns fit, how wide they are, and what stands above and below."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from rich.cells import cell_len
from rich.console import Group, RenderableType
from rich.text import Text

from fastbinance import RingState
from fastbinance.cli.figures import NOTHING, age_text, duration_text, fixed_text, quantity_text, rate_text
from fastbinance.cli.row import DEPTH_LEVELS, Row, Totals

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
_HEAD_LINES: Final = 2


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
    {RingState.LIVE: "●", RingState.QUIET: "○", RingState.STALE: "!", RingState.DOWN: "x"},
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
    is_left
        Aligned left; figures are aligned right.
    """

    head: str
    subhead: str
    rank: int
    cell: Callable[[Row, _Signs], tuple[str, str]]
    is_left: bool = False


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
            lambda row, signs: (f"{signs.states[row.state]} {row.symbol}", _STATE_STYLES[row.state]), True),
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
    _Column("", "STATE", 6, lambda row, signs: (row.state.name, _STATE_STYLES[row.state]), True),
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
        above = [_clip(self._heading(elapsed_seconds, height is not None), width, "bold"), Text()]
        below = [Text(), *self._totals(rows, totals, width), *self._legend(width)]
        if height is not None and len(above) + _HEAD_LINES + len(cells) + len(below) > height:
            # Prices before explanations, and then as many prices as there is room for.
            del above[1:]
            below = self._totals(rows, totals, width)
            room = max(height - len(above) - _HEAD_LINES - len(below), 2)
            if len(cells) > room:
                more = f"{self._signs.more} {len(cells) - room + 1} more in a taller terminal"
                below.insert(0, _clip(more, width, "dim"))
                del cells[room - 1 :]
        return Group(*above, *self._table(cells, width), *below)

    def _heading(self, elapsed_seconds: float, is_live: bool) -> str:
        minutes, seconds = divmod(int(elapsed_seconds), 60)
        hours, minutes = divmod(minutes, 60)
        clock = f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"
        pieces = [self._title, clock, "Ctrl-C ends"] if is_live else [self._title, clock]
        return f" {self._signs.dot} ".join(pieces)

    def _table(self, cells: Sequence[Sequence[tuple[str, str]]], width: int) -> list[Text]:
        # Lines of our own rather than rich's Table, which takes several times as long to find widths that are
        # known here, while the feed waits for the interpreter.
        shown, gap = self._choose(width)
        heads = (
            [(column.head, "dim") for column in _COLUMNS],
            [(column.subhead, "dim") for column in _COLUMNS],
        )
        return [self._line(line, shown, gap, width) for line in (*heads, *cells)]

    def _line(self, line: Sequence[tuple[str, str]], shown: Sequence[int], gap: int, width: int) -> Text:
        text = Text(no_wrap=True, overflow="crop")
        for index in shown:
            figure, style = line[index]
            blank = " " * (self._widths[index] - cell_len(figure))
            if _COLUMNS[index].is_left:
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
        for rank in sorted({column.rank for column in _COLUMNS}):
            group = [index for index, column in enumerate(_COLUMNS) if column.rank == rank]
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
        troubled = [f"{row.symbol} {row.state.name}" for row in rows if row.state is not RingState.LIVE]
        if troubled:
            lines.append(_clip(", ".join(troubled), width, "bold yellow"))
        return lines

    def _legend(self, width: int) -> list[Text]:
        signs = self._signs
        shown, _ = self._choose(width)
        heads = {_COLUMNS[index].head for index in shown} | {_COLUMNS[index].subhead for index in shown}
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
