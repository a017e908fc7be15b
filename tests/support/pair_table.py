"""What became of each pair of faults, kept for the summary of the run."""

from collections.abc import Iterable, Mapping
from typing import Any

import pytest

__all__ = ["PAIR_TABLE", "pair_lines"]

#: By the names of both faults; None for a pair that failed.
PAIR_TABLE: pytest.StashKey[dict[tuple[str, str], Any]] = pytest.StashKey()


def pair_lines(found: Mapping[tuple[str, str], Any]) -> list[str]:
    """Return the table as Markdown: for each fault the sums over the pairs that it is in, first or second."""
    titles = ("fault", "pairs", "recovered", "reconnects", "rollovers", "ids missing, all told", "seconds")
    lines = [f"| {' | '.join(titles)} |", f"|{'---|' * len(titles)}"]
    for name in dict.fromkeys(name for pair in found for name in pair):
        lines.append(_line(name, [played for pair, played in found.items() if name in pair]))
    lines.append(_line("all", found.values()))
    return lines


def _line(name: str, pairs: Iterable[Any]) -> str:
    pairs = list(pairs)
    well = [played for played in pairs if played is not None]
    outcomes = [played.outcome for played in well]
    cells = [
        len(pairs),
        len(well),
        sum(outcome.reconnects for outcome in outcomes),
        sum(outcome.rollovers for outcome in outcomes),
        f"{sum(outcome.missing for outcome in outcomes):,}",
        f"at most {max((played.seconds for played in well), default=0.0):.0f}",
    ]
    return f"| {name} | {' | '.join(map(str, cells))} |"
