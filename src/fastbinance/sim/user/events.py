"""User data events as they go out: times in the unit of a socket, and the events about the stream itself."""

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from fastbinance.sim.timeunit import MILLISECONDS, TimeUnit
from fastbinance.sim.user.keys import ListenKey
from fastbinance.sim.user.kinds import AccountKind

__all__ = ["Event", "key_expired", "spell_event", "stream_terminated"]

Event = Mapping[str, Any]

# Which fields are times depends on the event: u is one of these and the number of another order elsewhere.
_TIMES: Final[dict[str, frozenset[str]]] = {
    "executionReport": frozenset("ETWOD"),
    "outboundAccountPosition": frozenset("Eu"),
    "balanceUpdate": frozenset("ET"),
    "externalLockUpdate": frozenset("ET"),
    "listStatus": frozenset("ET"),
}
_EVENT_TIME: Final = frozenset("E")


def spell_event(event: Event, unit: TimeUnit) -> bytes:
    """Spell an event for a socket that wants its times in a unit. Only spot's sockets have a choice."""
    if unit is not MILLISECONDS:
        times = _TIMES.get(str(event.get("e")), _EVENT_TIME)
        event = {name: _at(value, unit) if name in times else value for name, value in event.items()}
    return msgspec.json.encode(event)


def key_expired(key: ListenKey, kind: AccountKind, now_ms: int) -> Event:
    """Tell the end of a listen key, which each product spells in its own way."""
    if kind in ("portfolio", "portfolio_pro"):
        return {"e": "listenKeyExpired", "E": now_ms}
    time: int | str = str(now_ms) if kind == "options" else now_ms
    return {"e": "listenKeyExpired", "E": time, "listenKey": key.text}


def stream_terminated(now_ms: int) -> Event:
    """Tell the end of a subscription to the WS API."""
    return {"e": "eventStreamTerminated", "E": now_ms}


def _at(value: Any, unit: TimeUnit) -> Any:
    # What says that there is no time (-1) stays.
    return unit.at(value) if isinstance(value, int) and value > 0 else value
