"""One method of the WebSocket API as data: what it takes, what it costs, how a lost outcome is found out.

The tables are in `fastbinance._api`. Parameters that a caller gives are checked here before anything is sent;
``apiKey``, ``signature`` and ``timestamp`` are never among them: they are added where requests are signed.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, Final, TypeAlias

from fastbinance._protocol.parameter_checks import Check, Kind, checks_for
from fastbinance.answers import Product
from fastbinance.errors import ConfigurationError

__all__ = [
    "PRODUCTS", "Exclusive", "Kind", "Lane", "Method", "Needs", "OneOf", "Parameter", "Product", "Resolve",
    "Rule", "Security",
]  # fmt: skip

PRODUCTS: Final[tuple[Product, ...]] = ("spot", "usdm", "coinm")


class Security(Enum):
    """What a request has to prove."""

    NONE = "none"  # nothing
    TRADE = "trade"  # signed, or on a session that is logged on; the key may trade
    USER_DATA = "user data"  # signed, or on a session that is logged on
    KEY = "key"  # apiKey without signature: the listen keys of futures
    LOGON = "logon"  # apiKey, timestamp and signature in the request itself, logged on or not


class Lane(Enum):
    """Which limits hold a request back, besides its weight."""

    READ = "read"  # none
    ORDER = "order"  # it counts as an order
    CANCEL = "cancel"  # none, ever: what is in the book is taken back or made less


class Resolve(Enum):
    """How to find out what became of a request whose answer never came."""

    ORDER = "order"  # order.status by the client order id that it carried
    LIST = "list"  # orderList.status by the client order id of the list
    CANCEL = "cancel"  # order.status of the order that was to be cancelled


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter of a method.

    Attributes
    ----------
    name
        Binance's, which is also Python's.
    kind
        What it takes and what is sent.
    required
        Whether it must always be given; what depends on others is in `Method.rules`.
    values
        Known values of a choice; the texts for True and False of a flag.
    doc
        What it means, with its unit.
    """

    name: str
    kind: Kind
    required: bool = False
    values: tuple[str, ...] = ()
    doc: str = ""


# -- what parameters ask of each other


def _listed(names: tuple[str, ...]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} or {names[-1]}"


@dataclass(frozen=True, slots=True)
class OneOf:
    """At least one of some parameters has to be given."""

    names: tuple[str, ...]

    def broken(self, params: Mapping[str, Any]) -> str | None:
        """Return what is wrong with the parameters, or None."""
        for name in self.names:
            if name in params:
                return None
        return f"{_listed(self.names)} is missing"

    def __str__(self) -> str:
        return f"{_listed(self.names)} is required"


@dataclass(frozen=True, slots=True)
class Exclusive:
    """At most one of some parameters may be given."""

    names: tuple[str, ...]

    def broken(self, params: Mapping[str, Any]) -> str | None:
        """Return what is wrong with the parameters, or None."""
        given = tuple(name for name in self.names if name in params)
        return f"{' and '.join(given)} exclude each other: give one of them" if len(given) > 1 else None

    def __str__(self) -> str:
        return f"at most one of {_listed(self.names)}"


@dataclass(frozen=True, slots=True)
class Needs:
    """What has to be given besides, for a value of one parameter.

    Attributes
    ----------
    name
        The parameter that decides. Where it is not given, or its value is not listed, nothing is asked.
    by_value
        For each value, groups of parameters: of each group, at least one has to be given.
    """

    name: str
    by_value: Mapping[str, tuple[tuple[str, ...], ...]]

    def broken(self, params: Mapping[str, Any]) -> str | None:
        """Return what is wrong with the parameters, or None."""
        value = params.get(self.name)
        for group in self.by_value.get(value, ()) if value is not None else ():
            for name in group:
                if name in params:
                    break
            else:
                return f"{_listed(group)} is missing, which {self.name}={value!r} needs"
        return None

    def __str__(self) -> str:
        parts = (
            f"{value} needs {', '.join(_listed(group) for group in groups)}"
            for value, groups in self.by_value.items()
            if groups
        )
        return f"by {self.name}: {'; '.join(parts)}"


Rule: TypeAlias = OneOf | Exclusive | Needs

_BEFORE_UPPER: Final = re.compile(r"(?<=[a-z])(?=[A-Z])")


def _python_name(name: str) -> str:
    return _BEFORE_UPPER.sub("_", name).replace(".", "_").replace("/", "_").lower()


@dataclass(frozen=True, slots=True, eq=False)
class Method:
    """One method of the WebSocket API of one product.

    Two methods are equal if they are the same object: there is one for each line of the table.

    Attributes
    ----------
    product
        Whose API.
    name
        Binance's, such as ``"order.place"``.
    security
        What its requests have to prove.
    weight
        What one call may cost at most, whatever its parameters.
    parameters
        What it takes, required ones first.
    answer
        What ``result`` decodes to: a type for `msgspec.json.Decoder`.
    summary
        What it does, in a sentence.
    source
        Where Binance documents it.
    lane
        Which limits hold it back.
    resolve
        How a lost outcome is found out; None where it is not.
    client_id
        The parameter that carries the client order id of what is placed; None where nothing is.
    rules
        What parameters ask of each other.
    weigh
        What a call with given parameters costs; None where it is always `weight`.
    python_name
        Ours, such as ``"order_place"``.
    """

    product: Product
    name: str
    security: Security
    weight: int
    parameters: tuple[Parameter, ...]
    answer: Any
    summary: str
    source: str
    lane: Lane = Lane.READ
    resolve: Resolve | None = None
    client_id: str | None = None
    rules: tuple[Rule, ...] = ()
    weigh: Callable[[Mapping[str, Any]], int] | None = None
    python_name: str = field(init=False)
    _fast: dict[str, Check] = field(init=False, repr=False)
    _full: dict[str, Check] = field(init=False, repr=False)
    _required: tuple[str, ...] = field(init=False, repr=False)
    _broken: tuple[Callable[[Mapping[str, Any]], str | None], ...] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        checks = {
            each.name: checks_for(each.kind, f"{self.product} {self.name}: {each.name}", each.values)
            for each in self.parameters
        }
        derived = {
            "python_name": _python_name(self.name),
            "_fast": {name: each.fast for name, each in checks.items()},
            "_full": {name: each.full for name, each in checks.items()},
            "_required": tuple(each.name for each in self.parameters if each.required),
            "_broken": tuple(rule.broken for rule in self.rules),
        }
        for name, value in derived.items():
            object.__setattr__(self, name, value)  # the class is frozen

    def weight_of(self, params: Mapping[str, Any]) -> int:
        """Return what a call costs, given parameters as `check` returned them."""
        return self.weight if self.weigh is None else self.weigh(params)

    def check(self, params: Mapping[str, Any]) -> dict[str, Any]:
        """Return the parameters as they are sent, or say what is wrong with them.

        Parameters
        ----------
        params
            By Binance's names. What is None is left out.

        Returns
        -------
        dict
            In the order in which they were given: texts, integers, booleans and lists of texts. Decimals are
            text without exponent, symbols in upper case if they are ASCII.

        Raises
        ------
        ConfigurationError
            A parameter is unknown, missing, empty, of another type (floats are), or not a finite number; or
            parameters do not go together. The message names method, parameter, and what is allowed.

        Warns
        -----
        UserWarning
            A value that is not among the known ones of a choice. It is sent.
        """
        fast = self._fast
        checked = {}
        for name, value in params.items():
            if value is not None:
                try:
                    checked[name] = fast[name](value)
                except (KeyError, TypeError):  # a name that there is not, or a value not seen before
                    checked[name] = self._check_one(name, value)
        for name in self._required:
            if name not in checked:
                raise ConfigurationError(f"{self.product} {self.name}: {name} is missing")
        for broken in self._broken:
            problem = broken(checked)
            if problem is not None:
                raise ConfigurationError(f"{self.product} {self.name}: {problem}")
        return checked

    def _check_one(self, name: str, value: object) -> Any:
        check = self._full.get(name)
        if check is not None:
            return check(value)
        takes = f"takes {', '.join(self._full)}" if self._full else "takes none"
        ours = " (fastbinance adds it)" if name in ("apiKey", "signature", "timestamp") else ""
        raise ConfigurationError(f"{self.product} {self.name} has no parameter {name!r}{ours}; it {takes}")
