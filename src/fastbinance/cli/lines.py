"""Rows as plain lines of ``name=value`` in ASCII, for files, pipes and grep."""

import math
import sys
import time
from collections.abc import Sequence

from fastbinance.cli.figures import NOTHING, fixed_text
from fastbinance.cli.row import Extra, Row, Totals

__all__ = ["row_line", "row_lines", "totals_line", "write"]


def _microseconds(nanoseconds: float) -> str:
    return fixed_text(nanoseconds / 1e3, 1)


def _extra_fields(row: Row, extras: Extra) -> dict[str, str]:
    fields = {}
    if Extra.MARK in extras:
        fields["mark"] = fixed_text(row.mark, row.price_places)
    if Extra.VOLATILITY in extras:
        fields["mark_iv_pct"] = fixed_text(row.mark_volatility * 100, 1)
    if Extra.FUNDING in extras:
        fields["funding_pct"] = fixed_text(row.funding_rate * 100, 4)
        fields["funding_in_s"] = fixed_text(row.funding_seconds, 0)
    if Extra.DEPTH in extras:
        fields["imbalance"] = f"{row.imbalance:+.3f}" if math.isfinite(row.imbalance) else NOTHING
    return fields


def row_line(row: Row, extras: Extra) -> str:
    """Write one row, with its extras; what has not come yet is ``-``."""
    side = NOTHING if row.last_sold is None else "sell" if row.last_sold else "buy"
    fields = {
        "bid": fixed_text(row.bid, row.price_places),
        "bid_qty": fixed_text(row.bid_qty, row.qty_places),
        "ask": fixed_text(row.ask, row.price_places),
        "ask_qty": fixed_text(row.ask_qty, row.qty_places),
        "spread_ticks": fixed_text(row.spread_ticks, 0),
        "spread_bps": fixed_text(row.spread_bps, 3),
        "last": fixed_text(row.last, row.price_places),
        "last_qty": fixed_text(row.last_qty, row.qty_places),
        "last_side": side,
        "last_age_s": fixed_text(row.last_age_seconds, 2),
        **_extra_fields(row, extras),
        "msgs_per_s": fixed_text(row.messages_per_second, 1),
        "lag_p50_us": _microseconds(row.lag.p50),
        "lag_p99_us": _microseconds(row.lag.p99),
        "wire_p50_us": _microseconds(row.wire.p50),
        "wire_p99_us": _microseconds(row.wire.p99),
        "state": row.standing,
    }
    return f"{row.symbol} " + " ".join(f"{name}={value}" for name, value in fields.items())


def row_lines(rows: Sequence[Row], extras: Extra, at_seconds: float) -> list[str]:
    """Write rows, each with the UTC time in front."""
    stamp = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(at_seconds))
    return [f"{stamp} {row_line(row, extras)}" for row in rows]


def totals_line(totals: Totals) -> str:
    """Write the totals."""
    return (
        f"total messages={totals.messages} rejected={totals.rejected} lost={totals.lost} "
        f"connections={totals.live}/{totals.connections} reconnects={totals.reconnects} "
        f"scanner={totals.scanner} simdjson={totals.fallback}"
    )


def write(text: str) -> None:
    """Print a text at once, with escapes for what the encoding of a pipe does not know."""
    # A symbol may be in any script.
    encoding = sys.stdout.encoding or "ascii"
    print(text.encode(encoding, "backslashreplace").decode(encoding), flush=True)
