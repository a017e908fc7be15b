"""A method that is called by its name: what is given is sent, and what comes is returned as it is."""

import decimal
from collections.abc import Mapping
from typing import Any, Final

from fastbinance._protocol.method import Lane, Method, Product, Security
from fastbinance._protocol.parameter_checks import Kind, checks_for
from fastbinance.errors import ConfigurationError

__all__ = ["raw_method"]

# What the table does not know may cost this much; limits are learned from the answers anyway.
_WEIGHT: Final = 1
_OURS: Final = frozenset({"apiKey", "signature", "timestamp"})


class _RawMethod(Method):
    """A method whose parameters are the caller's, checked for what cannot be sent or signed."""

    __slots__ = ()

    def check(self, params: Mapping[str, Any]) -> dict[str, Any]:
        """Return the parameters as they are sent, or say what is wrong with them."""
        if not isinstance(params, Mapping):
            raise ConfigurationError(
                f"{self.name}: parameters are a dict of names and values, not {type(params).__name__}"
            )
        checked: dict[str, Any] = {}
        for name, value in params.items():
            if not isinstance(name, str) or not name.isascii() or not name.isidentifier():
                raise ConfigurationError(f"{self.name}: names of parameters are words, not {name!r}")
            if name in _OURS:
                raise ConfigurationError(f"{self.name}: {name} is added by fastbinance")
            if value is not None:
                checked[name] = self._window(value) if name == "recvWindow" else self._plain(name, value)
        return checked

    def _window(self, value: Any) -> Any:
        return checks_for(Kind.MILLISECONDS, f"{self.name}: recvWindow").full(value)

    def _plain(self, name: str, value: Any) -> Any:
        if isinstance(value, decimal.Decimal):
            if not value.is_finite():
                raise ConfigurationError(f"{self.name}: {name} is {value}, which is not a finite number")
            return f"{value:f}"
        if isinstance(value, (list, tuple)):
            return [self._plain(name, item) for item in value]
        # What is given back can be encoded and signed: nothing that fails later may come to the desk.
        where = f"{self.name}: {name}"
        if isinstance(value, bool):
            return value
        if isinstance(value, str):
            return checks_for(Kind.TEXT, where).full(value) if value else ""
        if isinstance(value, int):
            return checks_for(Kind.INTEGER, where).full(value)
        raise ConfigurationError(
            f"{where} is a str, int, bool, Decimal or a list of them, not"
            f" {type(value).__name__}: write decimals as text or Decimal"
        )


def raw_method(product: Product, name: str, known: Method | None, *, signed: bool) -> Method:
    """Return what calls a method by its name.

    Parameters
    ----------
    product, name
        Which one, in Binance's words.
    known
        The method of the table, where there is one: it decides security and lane.
    signed
        Whether a method that is not known is signed.
    """
    unknown = Security.USER_DATA if signed else Security.NONE
    return _RawMethod(
        product=product,
        name=name,
        security=unknown if known is None else known.security,
        weight=_WEIGHT if known is None else known.weight,
        parameters=(),
        answer=Any,
        summary="",
        source="",
        lane=Lane.READ if known is None else known.lane,
    )
