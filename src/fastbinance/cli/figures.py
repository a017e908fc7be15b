"""How figures are written: with the market's decimals, in a fitting unit, in a width that stands still."""

import math
from collections.abc import Iterable
from typing import Final

__all__ = [
    "NOTHING", "Decimals", "age_text", "countdown_text", "duration_text", "fixed_text", "percent_text",
    "quantity_text", "rate_text",
]  # fmt: skip

#: Stands where there is no figure yet.
NOTHING: Final = "-"

_MOST_DECIMALS: Final = 10
_QUANTITY_WIDTH: Final = 7
_THOUSANDS: Final = ((1e12, "T"), (1e9, "B"), (1e6, "M"))
_UNITS: Final = ((1e9, "s"), (1e6, "ms"), (1e3, "µs"))


class Decimals:
    """How many decimals the figures of one kind have, such as the prices of a symbol.

    Binance's text is gone when we see a price, but the float is the nearest one, so its shortest spelling has
    the same decimals less zeros at the end. The most that was ever seen is the market's grid, and it never
    shrinks, so that columns stand still.
    """

    def __init__(self) -> None:
        #: Most decimals seen.
        self.places = 0

    @property
    def step(self) -> float:
        """Smallest difference on this grid: the tick size, as Binance's are powers of ten."""
        return float(10.0**-self.places)

    def see(self, values: Iterable[float]) -> None:
        """Look at some figures."""
        for value in values:
            self.places = max(self.places, min(_decimals(value), _MOST_DECIMALS))


def _decimals(value: float) -> int:
    if not math.isfinite(value):
        return 0
    digits, _, exponent = repr(value).partition("e")
    part = digits.partition(".")[2]
    shown = 0 if part == "0" else len(part)
    return max(shown - int(exponent or 0), 0)


def fixed_text(value: float, places: int) -> str:
    """Spell a figure with so many decimals."""
    return f"{value:z.{places}f}" if math.isfinite(value) else NOTHING


def quantity_text(value: float, places: int) -> str:
    """Spell a quantity in at most seven signs: fewer decimals when large, millions from a million on."""
    if not math.isfinite(value):
        return NOTHING
    for scale, unit in _THOUSANDS:
        if value >= scale:
            return f"{value / scale:.2f}{unit}"
    whole = len(str(int(value)))
    return f"{value:.{max(min(places, _QUANTITY_WIDTH - 1 - whole), 0)}f}"


def rate_text(per_second: float) -> str:
    """Spell a rate: a decimal below ten, thousands from ten thousand on."""
    if not math.isfinite(per_second):
        return NOTHING
    if per_second >= 9_999.5:
        return f"{per_second / 1e3:.1f}k"
    return f"{per_second:.1f}" if per_second < 9.95 else f"{per_second:.0f}"


def duration_text(nanoseconds: float) -> str:
    """Spell a short time in two or three figures: ``850ns``, ``8.5µs``, ``85µs``, ``1.2ms``."""
    if not math.isfinite(nanoseconds):
        return NOTHING
    size = abs(nanoseconds)
    for scale, unit in _UNITS:
        if size >= 0.9995 * scale:
            return f"{nanoseconds / scale:.{1 if size < 9.95 * scale else 0}f}{unit}"
    return f"{nanoseconds:.0f}ns"


def age_text(seconds: float) -> str:
    """Spell an age: ``0.3s``, ``12s``, ``5m``, ``2h``, ``3d``."""
    if not math.isfinite(seconds):
        return NOTHING
    if seconds < 99.5:
        return f"{max(seconds, 0.0):.{1 if seconds < 9.95 else 0}f}s"
    for scale, unit in ((86_400, "d"), (3_600, "h")):
        if seconds >= scale:
            return f"{seconds / scale:.0f}{unit}"
    return f"{seconds / 60:.0f}m"


def countdown_text(seconds: float) -> str:
    """Spell the time that is left: ``3h 12m``, ``12m``, ``45s``."""
    if not math.isfinite(seconds):
        return NOTHING
    left = max(int(seconds), 0)
    if left < 60:
        return f"{left}s"
    hours, minutes = divmod(left // 60, 60)
    return f"{hours}h {minutes:02}m" if hours else f"{minutes}m"


def percent_text(share: float, places: int, *, signed: bool = False) -> str:
    """Spell a share as a percentage with so many decimals."""
    if not math.isfinite(share):
        return NOTHING
    # z: what rounds to nothing has no minus.
    return f"{share * 100:{'+' if signed else ''}z.{places}f}%"
