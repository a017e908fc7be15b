"""From a stream name to what it asks for, by market."""

import re
from collections.abc import Callable
from typing import Final

from fastbinance.keys import Format, Market, Part
from fastbinance.sim.channels import alpha, futures, options, sbe, spot
from fastbinance.sim.channels.topic import Asked

__all__ = ["is_well_formed", "parse_channel", "part_of"]

_WELL_FORMED: Final = re.compile(r"!?[\w.\-]+(?:@[\w.\-+:]+)*")
_PARSERS: Final[dict[Market, Callable[[str, str, str], Asked | None]]] = {
    "spot": spot.parse,
    "usdm": futures.parse_usdm,
    "coinm": futures.parse_coinm,
    "options": options.parse,
    "alpha": alpha.parse,
}


def is_well_formed(name: str) -> bool:
    """Tell whether Binance would acknowledge this stream name; it does so without knowing the stream."""
    return _WELL_FORMED.fullmatch(name) is not None


def part_of(name: str, market: Market) -> Part:
    """Give the route that a stream name belongs to, on a market that has routes."""
    topic = name.partition("@")[2]
    if market == "options":
        return options.part_of(topic)
    return futures.part_of(name, topic)


def parse_channel(name: str, market: Market, format: Format = "json") -> Asked | None:
    """Find what a stream name asks for; SBE, which is of spot, has names of its own.

    Returns
    -------
    Asked or None
        None for a stream that this exchange does not have, which Binance acknowledges and never serves.
        Names are lower-case: `BTCUSDT@trade` is such a stream.
    """
    lower, _, topic = name.partition("@")
    if not lower or (_ascii_lower(lower) != lower and not lower.startswith("!") and topic):
        return None
    parse = sbe.parse if format == "sbe" else _PARSERS[market]
    return parse(lower, _ascii_upper(lower), topic)


_UPPER: Final = str.maketrans("abcdefghijklmnopqrstuvwxyz", "ABCDEFGHIJKLMNOPQRSTUVWXYZ")
_LOWER: Final = str.maketrans("ABCDEFGHIJKLMNOPQRSTUVWXYZ", "abcdefghijklmnopqrstuvwxyz")


def _ascii_upper(text: str) -> str:
    # Symbols may hold any letters; only the ASCII ones have cases as far as Binance is concerned.
    return text.translate(_UPPER)


def _ascii_lower(text: str) -> str:
    return text.translate(_LOWER)
