"""What the simulator knows of a method: its parameters, who may call it, and what it costs.

This is a reading of Binance's documentation of its own, not the client's table: two readings that agree are
worth more than one.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Any

from fastbinance.sim.api.call import ApiError
from fastbinance.sim.api.kinds import Kind

__all__ = ["COMMON", "Method", "Security", "either", "unsigned"]

Params = Mapping[str, Any]

#: Parameters that are not a method's own.
COMMON = frozenset({"apiKey", "signature", "timestamp", "recvWindow", "returnRateLimits"})


class Security(Enum):
    """Who may call a method."""

    NONE = auto()
    KEY = auto()  #: any key, without a signature
    TRADE = auto()
    USER_DATA = auto()
    SUBSCRIBE = auto()  #: a session that is logged on
    SIGNED = auto()  #: a signature of its own, even in a session that is logged on

    @property
    def is_signed(self) -> bool:
        """Wants a timestamp, and a signature unless the session is logged on."""
        return self in (Security.TRADE, Security.USER_DATA, Security.SIGNED)


@dataclass(frozen=True, slots=True)
class Method:
    """One method of one product.

    Attributes
    ----------
    security
        Who may call it.
    weight
        What it costs, by its parameters.
    parameters
        Every parameter of its own, and how it is read.
    required
        Those that must be there, in the order in which Binance misses them.
    either
        Groups of which one member must be there.
    check
        What else must hold between parameters.
    orders
        Orders that it counts for.
    free_when_it_works
        Costs weight only when it is refused.
    """

    security: Security
    weight: int | Callable[[Params], int]
    parameters: Mapping[str, Kind]
    required: tuple[str, ...] = ()
    either: tuple[tuple[str, ...], ...] = ()
    check: Callable[[Params], None] | None = None
    orders: int = 0
    free_when_it_works: bool = False
    most_parameters: int = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "most_parameters", len(self.parameters) + len(COMMON))

    def weight_of(self, params: Params) -> int:
        """Give what a call costs; parameters are as they came, and may be wrong."""
        return self.weight if isinstance(self.weight, int) else self.weight(params)

    def read(self, sent: Params) -> dict[str, Any]:
        """Check parameters, and give those of the method's own as handlers get them.

        Raises
        ------
        ApiError
            One is missing, unknown, empty, malformed or not wanted together with another.
        """
        params: dict[str, Any] = {}
        for name in self.required:
            if sent.get(name) is None or sent[name] == "":
                raise missing(name)
        for names in self.either:
            if all(sent.get(name) is None for name in names):
                raise either(*names)
        unread = 0
        for name, value in sent.items():
            kind = self.parameters.get(name)
            if kind is None:
                unread += name not in COMMON
            elif value is None or value == "":
                raise ApiError(-1105, f"Parameter '{name}' was empty.")
            else:
                params[name] = kind.read(name, value)
        if unread:
            self._refuse_unread(len(sent), unread)
        if self.check is not None:
            self.check(params)
        return params

    def _refuse_unread(self, sent: int, unread: int) -> None:
        if sent > self.most_parameters:
            raise ApiError(
                -1101, f"Too many parameters; expected '{self.most_parameters}' and received '{sent}'."
            )
        raise ApiError(
            -1104,
            f"Not all sent parameters were read; read '{sent - unread}' parameter(s) but was sent '{sent}'.",
        )


def missing(name: str) -> ApiError:
    """Refuse for want of a parameter."""
    return ApiError(-1102, f"Mandatory parameter '{name}' was not sent, was empty/null, or malformed.")


def either(*names: str) -> ApiError:
    """Refuse for want of one of some parameters."""
    listed = " or ".join(f"'{name}'" for name in names)
    return ApiError(-1102, f"Param {listed} must be sent, but both were empty/null!")


def unsigned(weight: int | Callable[[Params], int], parameters: Mapping[str, Kind], *required: str) -> Method:
    """Make a method for everybody."""
    return Method(Security.NONE, weight, parameters, required)
