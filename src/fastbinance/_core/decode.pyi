"""One payload to its records, for tests, tools and replay: the same code that a feed runs."""

from typing import Final, Literal, NamedTuple

from typing_extensions import Buffer

from fastbinance._core.record import Record
from fastbinance.keys import WsKey

#: What `decode` takes as `scanner`.
SCANNERS: Final[tuple[str, ...]]
#: How much of a payload a `DecodeError` keeps.
HEAD_BYTES: Final[int]

class Implementation(NamedTuple):
    """Instruction sets in use, for figures and bug reports."""

    fast: str
    fallback: str

def implementation() -> Implementation:
    """Return which instruction sets are in use.

    Returns
    -------
    Implementation
        `fast`: ``"avx2"`` or ``"scalar"``, which the environment variable FASTBINANCE_NO_AVX2, set before the
        import, asks for. `fallback`: simdjson's name of its On-Demand implementation.
    """

def decode(
    payload: Buffer | str,
    ws_key: WsKey | str,
    stream: str | None = None,
    scanner: Literal["auto", "fast", "fallback"] = "auto",
) -> list[Record]:
    """Return the records that a feed would publish for one payload.

    Parameters
    ----------
    payload : bytes-like or str
        One message as on the wire, with or without the ``{"stream": ..., "data": ...}`` wrapper.
    ws_key : WsKey or str
        The service it came from, its name, or a market. It never refuses by route: a USD-M payload decodes
        under each USD-M key.
    stream : str, optional
        Stream name of a payload without wrapper. Without it the content tells; a raw futures ``depthUpdate``
        is then a diff, because nothing in it tells a partial depth apart.
    scanner : {"auto", "fast", "fallback"}
        Which code decodes: the fast path with the fallback behind it, or one of the two alone.

    Returns
    -------
    list of Record
        Each readable as ``record["bid_price"]`` and ``record.bid_price``; depth records have `bids` and
        `asks`. One for each element of an array. Empty for what has no record: answers and errors, fillers
        (trade ``"X":"NA"``), streams without a ring. `sequence` counts from 0, `recv_ns` is 0. Prices in
        quote asset, quantities in base asset (contracts on COIN-M), times in UTC nanoseconds.

    Raises
    ------
    DecodeError
        The payload is not what Binance documents; its `code` says how. With ``scanner="fast"`` also what the
        fast path leaves to the fallback: code ``declined``.
    ConfigurationError
        No such key or scanner, a key that carries no market data, or a `stream` that the wrapper contradicts.
    TypeError
        The payload is neither bytes-like nor text.
    """
