"""Seeds of the decode target: every vector and template, as it is and in the guises that lead into other
code.

Also the routes that the target needs: one for every stream that a seed names.
"""

import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Final

from fastbinance import keys, streams
from fastbinance.errors import ConfigurationError
from fastbinance.streams import Kind
from fuzz import reference
from fuzz.templates import TEMPLATES

VECTORS: Final = Path(__file__).parents[1] / "vectors" / "market_data.jsonl"


@cache
def kind_of_stream(stream: str, market: str) -> int:
    """Return the number of the kind that a stream's records have in a market; 0 when it has no ring."""
    if len(stream.encode()) > 126:
        return 0
    try:
        kind = streams.parse(stream, market, strict=False).kind
    except ConfigurationError:
        return 0
    return 0 if kind is None else int(kind)


def text_of(value: object) -> bytes:
    """Return JSON as Binance prints it."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()


def combined(stream: str, data: bytes) -> bytes:
    """Return a payload in its wrapper."""
    return b'{"stream":"%s","data":%s}' % (stream.encode(), data)


def messages() -> Iterator[tuple[str, str, bytes]]:
    """Yield market, stream and data of every message with a wrapper."""
    for template in TEMPLATES:
        yield template.market, template.stream, text_of(template.event)
    for line in VECTORS.read_text(encoding="utf-8").splitlines():
        vector = json.loads(line)
        message = json.loads(vector["payload"])
        market = keys.market_of(keys.parse_key(vector["ws_key"]))
        if isinstance(message, dict) and "stream" in message and market is not None:
            # As it was written: white space is part of the shape. Where "data" stands first, the stream is
            # behind it.
            head, _, data = vector["payload"].partition('"data":')
            data = data if '"stream"' in head else data.rpartition(',"stream"')[0] + "}"
            yield market, message["stream"], data.strip()[:-1].encode()


def build(directory: Path) -> list[str]:
    """Write the seeds to a directory, and return the rows of the table of routes.

    Each row is ``{kind, "stream", "symbol"},``; the symbol is empty where the stream carries many.
    """
    routes: dict[str, str] = {}
    directory.mkdir(parents=True, exist_ok=True)
    seeds: set[bytes] = set()
    for market, stream, data in messages():
        kind = kind_of_stream(stream, market)
        if kind == 0:
            continue
        said = reference.decode(combined(stream, data), lambda _, kind=kind: kind)
        symbols = {one.symbol for one in said}
        named = symbols.pop() if len(symbols) == 1 and not stream.startswith("!") else None
        symbol = named if named is not None and not data.startswith(b"[") else ""
        if not symbol and kind == Kind.PARTIAL_DEPTH:
            symbol = stream.partition("@")[0].upper()
        routes.setdefault(stream, f'{{static_cast<fb::Kind>({kind}), "{stream}", "{symbol}"}},')
        many = f"many@{Kind(kind).name.lower()}"
        elements = data if data.startswith(b"[") else b"[" + data + b"]"
        seeds |= {combined(stream, data), combined(many, data), data, combined(many, elements)}
    for number, seed in enumerate(sorted(seeds)):
        (directory / f"{number:04}").write_bytes(seed)
    return list(routes.values())
