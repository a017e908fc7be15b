"""Methods that everybody may call."""

from typing import Any

from fastbinance.sim.api.call import Call, Handlers
from fastbinance.sim.exchange import Exchange

__all__ = ["general_handlers"]


def general_handlers(exchange: Exchange) -> Handlers:
    """Give what answers them from the markets of an exchange."""
    return {("spot", "ping"): _ping, ("spot", "time"): _time}


def _ping(call: Call) -> dict[str, Any]:
    return {}


def _time(call: Call) -> dict[str, Any]:
    return {"serverTime": call.now_ms}
