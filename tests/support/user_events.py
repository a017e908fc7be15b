"""Vectors of user events, and what is compared with them."""

import json
from pathlib import Path
from typing import Any, Final

from fastbinance.user_events import EventReader, Part, UserEvent

__all__ = ["OURS", "RECV_NS", "VECTORS", "agreed", "read", "vector_of", "written"]

VECTORS: Final[list[dict[str, Any]]] = [
    json.loads(line)
    for line in (Path(__file__).parents[1] / "vectors" / "user_events.jsonl").read_text().splitlines()
]
RECV_NS: Final = 1_790_000_000_020_000_000

#: Attributes that do not come from Binance.
OURS: Final = tuple(name for name in UserEvent.__struct_fields__ if name not in ("event", "event_ms"))


def vector_of(event: str, source_part: str = "") -> dict[str, Any]:
    """Return the first vector of a class whose source has some words."""
    return next(one for one in VECTORS if one["event"] == event and source_part in one["source"])


def read(vector: dict[str, Any], account: str | None = None) -> UserEvent:
    """Read a vector as the first account that has it, or as another one."""
    return EventReader(account or vector["accounts"][0]).read(vector["payload"].encode(), RECV_NS)


def written(part: Part) -> dict[str, Any]:
    """Turn an event or a part of one back into an object with Binance's keys, without what is None."""
    found = {}
    for name, key in zip(part.__struct_fields__, part.__struct_encode_fields__, strict=True):
        value = getattr(part, name)
        if value is None or (isinstance(part, UserEvent) and name in OURS):
            continue
        if isinstance(value, tuple):
            value = [written(one) for one in value]
        found[key] = written(value) if isinstance(value, Part) else value
    return found


def agreed(value: Any, says: Any) -> Any:
    """Return of a value what a vector says something about, in the vector's shape."""
    if isinstance(says, dict):
        return {name: agreed(getattr(value, name), inner) for name, inner in says.items()}
    if isinstance(says, list):
        return [agreed(one, inner) for one, inner in zip(value, says, strict=False)]
    return value
