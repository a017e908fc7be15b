"""An order of either engine, its states, and where orders are found again."""

import random
from collections import deque
from collections.abc import Iterator
from enum import StrEnum
from typing import Final, Generic, Literal, TypeVar

from fastbinance.sim.trading.accounts import Account

__all__ = ["KEPT", "TERMINAL", "Order", "OrderRegistry", "Side", "Status", "client_ids"]

Side = Literal["BUY", "SELL"]


class Status(StrEnum):
    """State of an order, in Binance's words."""

    PENDING_NEW = "PENDING_NEW"
    NEW = "NEW"
    PARTIALLY_FILLED = "PARTIALLY_FILLED"
    FILLED = "FILLED"
    CANCELED = "CANCELED"
    EXPIRED = "EXPIRED"
    EXPIRED_IN_MATCH = "EXPIRED_IN_MATCH"


#   PENDING_NEW -> NEW --> PARTIALLY_FILLED (again and again) --> FILLED
#        |          |             |
#        +----------+-------------+--> CANCELED, EXPIRED, EXPIRED_IN_MATCH
_ENDS: Final = frozenset({Status.CANCELED, Status.EXPIRED, Status.EXPIRED_IN_MATCH})
_MOVES: Final[dict[Status, frozenset[Status]]] = {
    Status.PENDING_NEW: frozenset({Status.NEW}) | _ENDS,
    Status.NEW: frozenset({Status.PARTIALLY_FILLED, Status.FILLED}) | _ENDS,
    Status.PARTIALLY_FILLED: frozenset({Status.PARTIALLY_FILLED, Status.FILLED}) | _ENDS,
    Status.FILLED: frozenset(),
    Status.CANCELED: frozenset(),
    Status.EXPIRED: frozenset(),
    Status.EXPIRED_IN_MATCH: frozenset(),
}
#: States that an order never leaves.
TERMINAL: Final = frozenset(status for status, moves in _MOVES.items() if not moves)

#: What is remembered of an account on a symbol: so many ended orders, and so many trades.
KEPT: Final = 10_000

_CLIENT_ID_SIGNS: Final = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_CLIENT_ID_LENGTH: Final = 22


class Order:
    """What spot and futures orders have in common.

    Attributes
    ----------
    price
        Limit in hundred millionths; 0 for an order that takes any price.
    qty, executed, quote
        Wanted, filled, and paid for what is filled; hundred millionths.
    created_ms, updated_ms
        Times of placing and of the last change.
    """

    __slots__ = (
        "account", "client_id", "created_ms", "executed", "order_id", "price", "qty", "quote", "side",
        "status", "stp", "symbol", "tif", "type", "updated_ms",
    )  # fmt: skip

    def __init__(
        self,
        account: Account,
        symbol: str,
        side: Side,
        type: str,
        *,
        order_id: int,
        client_id: str,
        tif: str,
        price: int,
        qty: int,
        stp: str,
        now_ms: int,
    ) -> None:
        self.account = account
        self.symbol = symbol
        self.side = side
        self.type = type
        self.order_id = order_id
        self.client_id = client_id
        self.tif = tif
        self.price = price
        self.qty = qty
        self.stp = stp
        self.executed = 0
        self.quote = 0
        self.status = Status.NEW
        self.created_ms = self.updated_ms = now_ms

    def __repr__(self) -> str:
        return f"<{self.symbol} {self.side} {self.type} {self.order_id} {self.status}>"

    @property
    def is_buy(self) -> bool:
        """Whether it buys."""
        return self.side == "BUY"

    @property
    def is_open(self) -> bool:
        """Whether something may still happen to it."""
        return self.status not in TERMINAL

    @property
    def remaining(self) -> int:
        """What is not filled yet."""
        return self.qty - self.executed

    def move(self, to: Status, now_ms: int) -> None:
        """Change the state; a move that the table does not have is a fault of the engine."""
        if to not in _MOVES[self.status]:
            raise AssertionError(f"order {self.order_id} cannot go from {self.status} to {to}")
        self.status = to
        self.updated_ms = now_ms

    def fill(self, qty: int, quote: int, now_ms: int) -> None:
        """Count one execution."""
        if not 0 < qty <= self.remaining:
            raise AssertionError(f"order {self.order_id} has {self.remaining} left, not {qty}")
        self.executed += qty
        self.quote += quote
        self.move(Status.FILLED if not self.remaining else Status.PARTIALLY_FILLED, now_ms)


AnyOrder = TypeVar("AnyOrder", bound=Order)


class OrderRegistry(Generic[AnyOrder]):
    """All orders of one engine, found by id, by client id and by symbol."""

    def __init__(self) -> None:
        self._by_symbol: dict[tuple[Account, str], dict[int, AnyOrder]] = {}
        self._by_client_id: dict[tuple[Account, str, str], AnyOrder] = {}
        self._open: dict[Account, dict[int, AnyOrder]] = {}
        self._ended: dict[tuple[Account, str], deque[AnyOrder]] = {}

    def add(self, order: AnyOrder) -> None:
        """Remember a new order; the newest of a client id is the one that is found by it."""
        self._by_symbol.setdefault((order.account, order.symbol), {})[order.order_id] = order
        self._by_client_id[order.account, order.symbol, order.client_id] = order
        self._open.setdefault(order.account, {})[order.order_id] = order

    def rename(self, order: AnyOrder, client_id: str) -> None:
        """Give an order another client id, by which alone it is found from now on."""
        del self._by_client_id[order.account, order.symbol, order.client_id]
        order.client_id = client_id
        self._by_client_id[order.account, order.symbol, client_id] = order

    def close(self, order: AnyOrder) -> None:
        """Take an order that ended from the open ones; of those that ended, the newest are remembered."""
        del self._open[order.account][order.order_id]
        key = order.account, order.symbol
        ended = self._ended.setdefault(key, deque())
        ended.append(order)
        if len(ended) > KEPT:
            oldest = ended.popleft()
            del self._by_symbol[key][oldest.order_id]
            name = (*key, oldest.client_id)
            if self._by_client_id.get(name) is oldest:
                del self._by_client_id[name]

    def is_taken(self, account: Account, symbol: str, client_id: str) -> bool:
        """Tell whether an open order has this client id: only those must differ."""
        found = self._by_client_id.get((account, symbol, client_id))
        return found is not None and found.is_open

    def find(
        self, account: Account, symbol: str, order_id: int | None, client_id: str | None
    ) -> AnyOrder | None:
        """Find an order by id or client id; given both, they must belong to one order."""
        if order_id is None:
            return self._by_client_id.get((account, symbol, client_id or ""))
        found = self._by_symbol.get((account, symbol), {}).get(order_id)
        return found if found is None or client_id in (None, found.client_id) else None

    def of_symbol(self, account: Account, symbol: str) -> list[AnyOrder]:
        """Give every order of an account on a symbol, oldest first."""
        return list(self._by_symbol.get((account, symbol), {}).values())

    def open_of(self, account: Account, symbol: str | None = None) -> list[AnyOrder]:
        """Give the open orders of an account, oldest first."""
        orders = self._open.get(account, {}).values()
        return [order for order in orders if symbol is None or order.symbol == symbol]

    def all_open(self) -> Iterator[AnyOrder]:
        """Give every open order of everybody."""
        for orders in self._open.values():
            yield from orders.values()


def client_ids(seed: str) -> Iterator[str]:
    """Make the client ids of those who send none, the same ones for the same seed."""
    rng = random.Random(seed)
    while True:
        yield "".join(rng.choices(_CLIENT_ID_SIGNS, k=_CLIENT_ID_LENGTH))
