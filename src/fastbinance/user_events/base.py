"""What all user events have in common."""

from decimal import Decimal
from typing import Any, TypeVar

import msgspec

__all__ = ["Part", "UserEvent"]

P = TypeVar("P", bound="Part")


class Part(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """An object of Binance's: decimals are the text that came, so that nothing is rounded."""

    def decimal(self, name: str) -> Decimal:
        """Return a decimal exactly, by the name of its attribute.

        Raises
        ------
        ValueError
            There is no such attribute, or it holds no number.
        """
        text = self._text(name)
        try:
            return Decimal(text)
        except ArithmeticError:
            raise ValueError(f"{type(self).__name__}.{name} is {text!r}, no number") from None

    def number(self, name: str) -> float:
        """Return a decimal as the nearest float, by the name of its attribute; see `decimal`."""
        return float(self.decimal(name))

    def _text(self, name: str) -> str:
        if name not in self.__struct_fields__:
            raise ValueError(f"{type(self).__name__} has no attribute {name!r}")
        value = getattr(self, name)
        if not isinstance(value, str):
            raise ValueError(f"{type(self).__name__}.{name} is {value!r}, no decimal")
        return value


# Names that cannot come: what is ours is no key of Binance's, and is set after decoding all the same.
def _ours(name: str, default: Any) -> Any:
    return msgspec.field(default=default, name=f"({name})")


class UserEvent(Part, kw_only=True):
    """One event of an account.

    Attributes
    ----------
    event : str
        Binance's name of it; key ``e``.
    event_ms : int
        When Binance made it, in milliseconds since 1970 (microseconds where the connection asked for them);
        key ``E``.
    account : str
        Kind of account that it came for: ``"usdm"``.
    market : str
        Where it happened: ``"spot"`` (margin accounts trade there as well), ``"usdm"``, ``"coinm"``,
        ``"options"``; ``"portfolio"`` for what concerns a portfolio margin account as a whole.
    isolated_symbol : str or None
        Pair of an isolated margin account.
    recv_ns : int
        Our clock when it came, in nanoseconds since 1970.
    subscription_id : int or None
        Of the WebSocket API; None on listen keys.
    recovered : bool
        Made from an answer to a question, because the event itself was missed.
    payload : bytes or None
        As it came, without a wrapper, unknown fields included; None where nothing came.
    """

    event: str = msgspec.field(name="e")
    event_ms: int = msgspec.field(name="E", default=0)
    account: str = _ours("account", "")
    market: str = _ours("market", "")
    isolated_symbol: str | None = _ours("isolated_symbol", None)
    recv_ns: int = _ours("recv_ns", 0)
    subscription_id: int | None = _ours("subscription_id", None)
    recovered: bool = _ours("recovered", False)
    payload: bytes | None = _ours("payload", None)

    def __repr__(self) -> str:
        # A repr ends up in logs, and a payload may name a listen key.
        told = []
        for name in self.__struct_fields__:
            value = getattr(self, name)
            if isinstance(value, bytes):
                told.append(f"{name}=<{len(value)} bytes>")
            elif name == "listen_key" and value is not None:
                told.append(f"{name}=...")
            elif value is not None and value != "":
                told.append(f"{name}={value!r}")
        return f"{type(self).__name__}({', '.join(told)})"
