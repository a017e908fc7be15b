"""Order books on a terminal: levels side by side, and above them how far the book may be believed."""

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from rich.console import Group, RenderableType
from rich.text import Text

from fastbinance import BookNotReady, BookState, OrderBook
from fastbinance.cli.figures import NOTHING, Decimals, age_text, fixed_text, percent_text, quantity_text

__all__ = ["Ladder", "LadderView", "ladder_line"]

_STYLES: Final = {BookState.LIVE: "green", BookState.STALE: "yellow", BookState.EMPTY: "dim"}
_FULL, _ASCII_FULL = "█", "#"
_GAP: Final = "  "
_IMBALANCE_LEVELS: Final = 5
_LONGEST_BAR: Final = 40


@dataclass(frozen=True, slots=True)
class Ladder:
    """One book at one moment. `top` is None while there is neither a book nor a quote."""

    symbol: str
    state: BookState
    why: str
    top: Any
    bids: np.ndarray[Any, Any]
    asks: np.ndarray[Any, Any]
    imbalance: float
    proven_seconds: float
    known: str
    gaps: int
    snapshots: int

    @classmethod
    def of(cls, book: OrderBook, levels: int) -> "Ladder":
        """Look at a book."""
        none = np.empty((0, 2))
        state, reason = book.state, book.reason
        why = "" if state is BookState.LIVE else reason.sentence
        if book.trouble:
            why += f" ({book.trouble})"
        try:
            top = book.top()
        except BookNotReady:
            top = None
        try:
            bids, asks = book.levels(levels)
            imbalance = book.imbalance(_IMBALANCE_LEVELS)
            depth = book.known_depth
            known = f"{depth.bids:,} bids, {depth.asks:,} asks"
        except BookNotReady:
            bids, asks, imbalance, known = none, none, math.nan, NOTHING
        proven_ns = book.proven_since_ns
        proven = math.nan if not proven_ns else max(0.0, (time.time_ns() - proven_ns) / 1e9)
        stats = book.stats
        return cls(
            book.symbol, state, why, top, bids, asks, imbalance, proven, known, stats.gaps, stats.snapshots
        )


class LadderView:
    """Draws books. Remembers how many decimals each has had, so that columns stand still.

    Parameters
    ----------
    title
        What is shown, and where it comes from.
    unicode
        Whether the terminal can show more than ASCII.
    """

    def __init__(self, title: str, *, unicode: bool = True) -> None:
        self._title = title
        self._full = _FULL if unicode else _ASCII_FULL
        self._decimals: dict[str, tuple[Decimals, Decimals]] = {}

    def render(
        self, ladders: Sequence[Ladder], *, levels: int, width: int, height: int | None = None
    ) -> RenderableType:
        """Draw one moment, in so many columns and, unless it is None, lines."""
        lines: list[Text] = [_clipped(Text(self._title, style="bold"), width)]
        room = levels
        if height is not None:
            # Each book has four lines besides its levels; prices go before complete books.
            room = max(1, min(levels, (height - 1) // len(ladders) - 4))
        for ladder in ladders:
            lines += [Text(), *(_clipped(line, width) for line in self._head(ladder))]
            lines += [_clipped(line, width) for line in self._levels(ladder, room, width)]
        if height is not None and len(lines) > height:
            del lines[max(height - 1, 1) :]
            lines.append(_clipped(Text("more in a taller terminal", style="dim"), width))
        return Group(*lines)

    def _head(self, ladder: Ladder) -> list[Text]:
        price, _ = self._seen(ladder)
        first = Text.assemble(
            (ladder.symbol, "bold"),
            _GAP,
            (ladder.state.name, _STYLES[ladder.state]),
            (f": {ladder.why}" if ladder.why else ""),
        )
        top = ladder.top
        if top is None:
            return [first, Text("no quote yet", style="dim"), Text()]
        facts = [
            f"spread {fixed_text(top.spread, price.places)}",
            f"mid {fixed_text(top.mid, price.places + 1)}",
            f"imbalance({_IMBALANCE_LEVELS}) {percent_text(ladder.imbalance, 0, signed=True)}",
            f"top from {top.source}",
            f"age {age_text(top.age_ns / 1e9)}",
        ]
        life = [
            f"id {top.update_id}",
            f"proved for {age_text(ladder.proven_seconds)}",
            f"gaps {ladder.gaps}",
            f"snapshots {ladder.snapshots}",
            f"known {ladder.known}",
        ]
        return [first, Text(_GAP.join(facts)), Text(_GAP.join(life), style="dim")]

    def _levels(self, ladder: Ladder, room: int, width: int) -> list[Text]:
        price, qty = self._seen(ladder)
        sides = [ladder.bids[:room], ladder.asks[:room]]
        spelled = [
            [
                (quantity_text(float(size), qty.places), fixed_text(float(at), price.places))
                for at, size in side
            ]
            for side in sides
        ]
        sizes = max((len(size) for side in spelled for size, _ in side), default=1)
        prices = max((len(at) for side in spelled for _, at in side), default=1)
        bar = max(0, min(_LONGEST_BAR, (width - 2 * (sizes + prices + len(_GAP)) - 3) // 2 - 1))
        most = max((float(side[:, 1].sum()) for side in sides if len(side)), default=1.0) or 1.0
        sums = [np.cumsum(side[:, 1]) for side in sides]
        lines = []
        for row in range(max(len(side) for side in sides)):
            line = Text()
            for side in (0, 1):
                if row >= len(spelled[side]):
                    cells = [" " * bar, " " * sizes, " " * prices]
                else:
                    size, at = spelled[side][row]
                    # How much there is as far as this level: what an order of this limit would find.
                    filled = round(bar * float(sums[side][row]) / most)
                    cells = [self._full * filled, size.rjust(sizes), at.rjust(prices)]
                    cells[0] = cells[0].ljust(bar) if side else cells[0].rjust(bar)
                style = "red" if side else "green"
                parts = [(cells[0], style), (" ", ""), (cells[1], "dim"), (_GAP, ""), (cells[2], style)]
                line.append_text(Text.assemble(*(reversed(parts) if side else parts)))
                if not side:
                    line.append(" | ", "dim")
            lines.append(line)
        return lines

    def _seen(self, ladder: Ladder) -> tuple[Decimals, Decimals]:
        price, qty = self._decimals.setdefault(ladder.symbol, (Decimals(), Decimals()))
        for side in (ladder.bids, ladder.asks):
            price.see(side[:, 0].tolist())
            qty.see(side[:, 1].tolist())
        if ladder.top is not None:
            price.see(value for value in (ladder.top.bid_price, ladder.top.ask_price) if math.isfinite(value))
        return price, qty


def ladder_line(ladder: Ladder, at_seconds: float) -> str:
    """Write one book as a line of ``name=value`` in ASCII, with the UTC time in front."""
    stamp = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(at_seconds))
    top = ladder.top
    fields: dict[str, object] = {"state": ladder.state.name}
    if top is not None:
        fields |= {
            "bid": repr(top.bid_price), "bid_qty": repr(top.bid_qty), "ask": repr(top.ask_price),
            "ask_qty": repr(top.ask_qty), "source": top.source, "update_id": top.update_id,
        }  # fmt: skip
    imbalance = f"{ladder.imbalance:+.3f}" if math.isfinite(ladder.imbalance) else NOTHING
    fields |= {"imbalance": imbalance, "gaps": ladder.gaps, "snapshots": ladder.snapshots}
    if ladder.why:
        fields["why"] = ladder.why.replace(" ", "_")
    return f"{stamp} {ladder.symbol} " + " ".join(f"{name}={value}" for name, value in fields.items())


def _clipped(text: Text, width: int) -> Text:
    text.truncate(width)
    return text
