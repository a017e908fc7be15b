"""What the URL of a connection to a WS API asks for."""

from dataclasses import dataclass
from http import HTTPStatus
from typing import Final

from fastbinance.sim.hosts import Host, Refusal, parse_time_unit, split_url
from fastbinance.sim.timeunit import MILLISECONDS, TimeUnit

__all__ = ["ApiTarget", "parse_api_target"]

_BOOLEANS: Final = {"true": True, "false": False}


@dataclass(frozen=True, slots=True)
class ApiTarget:
    """What the URL says.

    Attributes
    ----------
    returns_limits
        Answers carry ``rateLimits`` unless a request says otherwise.
    time_unit
        How times are spelled: spot has microseconds for those who ask.
    """

    returns_limits: bool = True
    time_unit: TimeUnit = MILLISECONDS


def parse_api_target(host: Host, path: str) -> ApiTarget | Refusal:
    """Read the path and query of a WebSocket URL as the WS API at ``host`` does."""
    steps, query = split_url(path)
    if tuple(steps) != host.prefix:
        return Refusal(HTTPStatus.NOT_FOUND, "404 Not Found")
    returns_limits = True
    for name, value in query:
        if name == "returnRateLimits":
            if value.lower() not in _BOOLEANS:
                return Refusal(HTTPStatus.BAD_REQUEST, "returnRateLimits is one of true, false")
            returns_limits = _BOOLEANS[value.lower()]
    if host.market != "spot":
        return ApiTarget(returns_limits)
    unit = parse_time_unit(query)
    return unit if isinstance(unit, Refusal) else ApiTarget(returns_limits, unit)
