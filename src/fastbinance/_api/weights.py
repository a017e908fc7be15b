"""What a call costs where that depends on its parameters; the table has what it costs at most."""

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

__all__ = ["Weigh", "by_limit", "by_symbols", "with_given"]

#: From parameters, as they are sent, to a weight.
Weigh: TypeAlias = Callable[[Mapping[str, Any]], int]


def by_limit(steps: tuple[tuple[int, int], ...], default: int) -> Weigh:
    """Return the weight of an order book, which depends on how many levels are asked for.

    Parameters
    ----------
    steps
        Largest limit and its weight, in rising order; the last one also covers what is beyond.
    default
        The limit where none is given.
    """

    def weigh(params: Mapping[str, Any]) -> int:
        limit = params.get("limit", default)
        return next((weight for most, weight in steps if limit <= most), steps[-1][1])

    return weigh


def by_symbols(one: int, *, each: int = 0, steps: tuple[tuple[int, int], ...] = (), whole: int) -> Weigh:
    """Return the weight of what is asked about one symbol, several, or all of them.

    Parameters
    ----------
    one
        With ``symbol``.
    each
        For each of ``symbols``, `whole` at most; or 0 where `steps` tell.
    steps
        Largest number of ``symbols`` and its weight, in rising order.
    whole
        Without symbols, and where there are more of them.
    """

    def weigh(params: Mapping[str, Any]) -> int:
        if "symbol" in params:
            return one
        symbols = params.get("symbols")
        if symbols is None:
            return whole
        if each:
            return min(each * len(symbols), whole)
        return next((weight for most, weight in steps if len(symbols) <= most), whole)

    return weigh


def with_given(name: str, given: int, otherwise: int) -> Weigh:
    """Return the weight of what costs `given` with a parameter that is not False, and else `otherwise`."""

    def weigh(params: Mapping[str, Any]) -> int:
        return given if params.get(name, False) is not False else otherwise

    return weigh
