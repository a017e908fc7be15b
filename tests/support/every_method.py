"""A call of each method of the WebSocket APIs: what a case of it is, and the scene that it plays in."""

import types
import typing
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Final, Literal, TypeAlias

from fastbinance import Credentials
from fastbinance._api import METHODS
from fastbinance._protocol.method import Product
from fastbinance.sim import API_KEY, API_SECRET, RunningSimulator, SimAccount, run_in_thread
from support.api import ED25519
from support.faces import Face

__all__ = ["RESTING", "SYMBOLS", "Case", "Params", "Scene", "Who", "is_of", "number", "open_scene"]

Params: TypeAlias = Mapping[str, Any]

#: Who calls: the account of every simulator, one whose key logs on, one that may only ask, one that has
#: never done anything, somebody with the right key and a wrong secret, somebody whose key nobody knows, and
#: somebody whose address has used up what it may.
Who: TypeAlias = Literal["owner", "logged_on", "reader", "newcomer", "forger", "stranger", "crowd"]

SYMBOLS: Final[dict[Product, str]] = {"spot": "BTCUSDT", "usdm": "BTCUSDT", "coinm": "BTCUSD_PERP"}
#: Orders that no trade reaches.
RESTING: Final[dict[Product, Params]] = {
    product: {
        "symbol": symbol,
        "side": "BUY",
        "type": "LIMIT",
        "timeInForce": "GTC",
        "price": "50000",
        "quantity": quantity,
    }
    for (product, symbol), quantity in zip(SYMBOLS.items(), ("0.002", "0.002", 2), strict=True)
}

_SECRETS: Final[dict[Who, tuple[str, str]]] = {
    "owner": (API_KEY, API_SECRET),
    "reader": ("only-asks", "secret-of-the-reader"),
    "newcomer": ("has-done-nothing", "secret-of-the-newcomer"),
    "forger": (API_KEY, "not-the-secret"),
    "stranger": ("nobody-knows-it", "secret-of-the-stranger"),
    "crowd": (API_KEY, API_SECRET),
}
# Nothing moves between two calls: the crowd has done its trades before.
_STILL: Final = 0.000_001
_ACCOUNTS: Final = (
    ED25519.account,
    SimAccount("only-asks", "secret-of-the-reader", permissions=frozenset({"USER_DATA"})),
    SimAccount("has-done-nothing", "secret-of-the-newcomer"),
)


class Scene:
    """A simulator, a crowded one, and a client for each who calls."""

    face: Face

    def __init__(self, sim: RunningSimulator, crowded: RunningSimulator) -> None:
        self.sim = sim
        self._crowded = crowded
        self._clients: dict[Who, Any] = {}

    def call(self, product: Product, name: str, params: Params, who: Who = "owner") -> Any:
        """Call a method by our name of it, as a user does."""
        api = getattr(self._client(who), product)
        return self.face.do(getattr(api, METHODS[product, name].python_name), **params)

    def order(self, product: Product = "spot", **terms: Any) -> Any:
        """Place an order that stays open."""
        return self.call(product, "order.place", {**RESTING[product], **terms})

    def trade(self, product: Product, **terms: Any) -> Any:
        """Buy at the market."""
        order = {
            "symbol": SYMBOLS[product],
            "side": "BUY",
            "type": "MARKET",
            "quantity": RESTING[product]["quantity"],
        }
        return self.call(product, "order.place", {**order, **terms})

    def tidy(self) -> None:
        """Cancel what the owner has open on spot, where no more than five stops may be open."""
        if self.call("spot", "openOrders.status", {"symbol": "BTCUSDT"}):
            self.call("spot", "openOrders.cancelAll", {"symbol": "BTCUSDT"})

    def _client(self, who: Who) -> Any:
        if who == "crowd":
            # What it is refused it remembers, and would not ask again.
            return self._made(who, self._crowded)
        if who not in self._clients:
            self._clients[who] = self._made(who, self.sim)
        return self._clients[who]

    def _made(self, who: Who, sim: RunningSimulator) -> Any:
        if who == "logged_on":
            return self.face.client(urls=sim.urls, credentials=_ed25519())
        key, secret = _SECRETS[who]
        # Binance's time is known, so that nothing is asked before what a case is about.
        offset = 0.0 if who == "crowd" else None
        return self.face.client(urls=sim.urls, api_key=key, api_secret=secret, time_offset=offset)


def _ed25519() -> Credentials:
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import ed25519

    private = ed25519.Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
    return Credentials(
        ED25519.api_key,
        private.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        ),
    )


@contextmanager
def open_scene() -> Iterator[Scene]:
    """Give a scene that wants a face yet; clients end with the face."""
    plenty = {"weight": 10**6, "orders_10s": 10**6, "raw_requests": 10**6}
    with (
        run_in_thread(messages_per_second=_STILL, accounts=_ACCOUNTS, api_limits=plenty) as sim,
        # A handshake alone costs more.
        run_in_thread(api_limits={"weight": 1}) as crowded,
    ):
        yield Scene(sim, crowded)


@dataclass(frozen=True)
class Case:
    """One method, called as it should be and as Binance refuses it.

    Attributes
    ----------
    product, name
        Which.
    right
        Parameters that are taken, or what makes them once there is something to name.
    means
        Whether the answer to them means what it should.
    wrong
        Parameters that are refused.
    code
        Binance's code for that.
    who, refused
        Who calls with either.
    """

    product: Product
    name: str
    right: Params | Callable[[Scene], Params]
    means: Callable[[Any, Params], object]
    code: int
    wrong: Params | Callable[[Scene], Params] = field(default_factory=dict)
    who: Who = "owner"
    refused: Who = "owner"

    @property
    def title(self) -> str:
        """Name it in a report."""
        return f"{self.product} {self.name}"


def number(text: str | None) -> Decimal:
    """Read a decimal of an answer, which must be there and be a text."""
    assert isinstance(text, str)
    return Decimal(text)


def is_of(answer: Any, wanted: Any) -> bool:
    """Tell whether an answer is of a type of the table."""
    origin = typing.get_origin(wanted)
    if origin in (typing.Union, types.UnionType):
        return any(is_of(answer, each) for each in typing.get_args(wanted))
    if origin is list:
        (item,) = typing.get_args(wanted)
        return isinstance(answer, list) and all(is_of(each, item) for each in answer)
    return type(answer) is wanted
