"""The options of a simulator, for those who pass them on."""

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import TypedDict

from fastbinance.keys import Market
from fastbinance.sim.api.limits import ApiLimits
from fastbinance.sim.replay import Replay
from fastbinance.sim.trading import SimAccount

__all__ = ["SimulatorOptions"]


class SimulatorOptions(TypedDict, total=False):
    """Keyword arguments of `Simulator`, for those who pass them on."""

    seed: int
    host: str
    ports: int | Mapping[str, int] | None
    tls: bool
    messages_per_second: float | None
    replay: Mapping[Market, Replay] | None
    ping_interval: float | None
    pong_timeout: float | None
    flat_errors: bool
    announce_stop: bool
    api_keys: Collection[str] | None
    clock: Callable[[], int] | None
    lifetime: float | None
    message_limit: int | None
    connects_limit: tuple[int, float] | None
    clock_offset_ms: int
    accounts: Sequence[SimAccount]
    api_limits: ApiLimits | None
    listen_key_seconds: float
    listen_token_seconds: float
    book_levels: int
