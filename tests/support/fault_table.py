"""What became of each fault in each place, kept for the summary of the run."""

from collections.abc import Mapping
from typing import Any

import pytest

__all__ = ["FAULT_TABLE", "Place", "table_lines"]

#: Fault, scheme and market.
Place = tuple[str, str, str]
FAULT_TABLE: pytest.StashKey[dict[Place, str]] = pytest.StashKey()


def table_lines(found: Mapping[Place, Any]) -> list[str]:
    """Return the table as text: a line for each fault, a column for each scheme and market."""
    columns = sorted({place[1:] for place in found})
    faults = list(dict.fromkeys(place[0] for place in found))
    rows = [["fault", *(f"{scheme} {market}" for scheme, market in columns)]]
    rows += [[fault, *(str(found.get((fault, *column), "")) for column in columns)] for fault in faults]
    widths = [max(map(len, cells)) for cells in zip(*rows, strict=True)]
    return [
        "  ".join(f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    ]
