"""Stream names as the exchange sees them: what they ask for, how often, and on which route.

`fastbinance.streams` is not used here on purpose: the simulator is the peer that our client is tested
against, and a mistake in a shared table would be agreed upon by both sides.
"""

from fastbinance.sim.channels.names import is_well_formed, parse_channel, part_of
from fastbinance.sim.channels.topic import (
    REAL_TIME,
    ArrayOf,
    Asked,
    Channel,
    OfIndex,
    OfMany,
    OfSymbol,
    Topic,
)

__all__ = [
    "REAL_TIME",
    "ArrayOf",
    "Asked",
    "Channel",
    "OfIndex",
    "OfMany",
    "OfSymbol",
    "Topic",
    "is_well_formed",
    "parse_channel",
    "part_of",
]
