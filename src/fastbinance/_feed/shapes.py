"""How large the ring of a stream is, where nobody says otherwise."""

from collections.abc import Mapping
from typing import Final, NamedTuple

from fastbinance._client_options import MOST_SLOTS, check_size
from fastbinance._core.ring import ring_bytes
from fastbinance.errors import ConfigurationError
from fastbinance.streams import Kind, Stream

__all__ = ["RingShape", "check_sizes", "shape_of"]

# Slots by kind, powers of two: of one symbol, and of many, because each symbol wants a history. What is
# pushed once a second needs fewer than what is pushed with each change; options of one underlying may be a
# thousand.
_CAPACITY: Final[Mapping[Kind, tuple[int, int]]] = {
    Kind.BOOK_TICKER: (1_024, 65_536),
    Kind.TRADE: (1_024, 16_384),
    Kind.AGG_TRADE: (1_024, 16_384),
    Kind.BLOCK_TRADE: (256, 256),
    Kind.DIFF_DEPTH: (512, 512),
    Kind.PARTIAL_DEPTH: (512, 512),
    Kind.KLINE: (1_024, 1_024),
    Kind.CONTINUOUS_KLINE: (1_024, 1_024),
    Kind.INDEX_PRICE_KLINE: (1_024, 1_024),
    Kind.MARK_PRICE_KLINE: (1_024, 1_024),
    Kind.CONTRACT_KLINE: (1_024, 1_024),
    Kind.TICKER: (256, 16_384),
    Kind.ROLLING_TICKER: (256, 16_384),
    Kind.MINI_TICKER: (256, 16_384),
    Kind.AVERAGE_PRICE: (256, 256),
    Kind.REFERENCE_PRICE: (256, 256),
    Kind.MARK_PRICE: (256, 16_384),
    Kind.OPTION_MARK_PRICE: (32_768, 32_768),
    Kind.INDEX_PRICE: (256, 1_024),
    Kind.FORCE_ORDER: (256, 4_096),
    Kind.OPEN_INTEREST: (8_192, 8_192),
    Kind.ASSET_INDEX: (256, 1_024),
}
_MANY_SYMBOLS_ROWS: Final = 16_384
_LEVEL_CAPACITY: Final = 32_768
_MOST_LEVELS: Final = 1 << 26


class RingShape(NamedTuple):
    """Slots, levels, rows of the symbol table, and bytes of a ring."""

    capacity: int
    level_capacity: int
    symbol_capacity: int
    size: int


def check_sizes(capacity: int | None, level_capacity: int | None) -> None:
    """Refuse sizes that no ring can have.

    Raises
    ------
    ConfigurationError
        The message names what can be.
    """
    check_size("capacity", capacity, 2, MOST_SLOTS)
    check_size("level_capacity", level_capacity, 2, _MOST_LEVELS)


def shape_of(
    stream: Stream, capacity: int | None, level_capacity: int | None, default: int | None = None
) -> RingShape:
    """Return the shape of a stream's ring.

    Parameters
    ----------
    stream
        Which one.
    capacity, level_capacity
        As the caller of the stream says; None takes the client's default, and then that of the kind.
    default
        The client's.

    Raises
    ------
    ConfigurationError
        It has no ring.
    """
    kind = stream.kind
    if kind is None:
        raise ConfigurationError(f"{stream.name} has no ring: its messages are events")
    many = stream.many_symbols
    # One symbol that only its payloads spell is a table of one row.
    rows = _MANY_SYMBOLS_ROWS if many and kind is not Kind.CONTRACT_KLINE else 1
    if capacity is None:
        capacity = _CAPACITY[kind][many] if default is None else default
    levels = _LEVEL_CAPACITY if level_capacity is None else level_capacity
    return RingShape(capacity, levels, rows, ring_bytes(int(kind), capacity, levels, rows))
