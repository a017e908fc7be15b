"""Positions of futures, and what they bind of a wallet."""

from collections.abc import Callable, Iterable, Iterator
from typing import Final, NamedTuple

from fastbinance.sim.api.call import Product
from fastbinance.sim.trading.accounts import Account
from fastbinance.sim.trading.contracts import Contract
from fastbinance.sim.trading.futures_order import FuturesOrder, PositionSide

__all__ = ["Margin", "Portfolio", "Position"]

#: Gives the mark price of a symbol.
Marks = Callable[[str], int]

_ONE_WAY: Final[tuple[PositionSide, ...]] = ("BOTH",)
_HEDGED: Final[tuple[PositionSide, ...]] = ("LONG", "SHORT")


class Position:
    """What an account holds of a contract on one side.

    Attributes
    ----------
    amount
        Hundred millionths of a contract or coin; negative when it is short.
    cost
        What the amount was worth when it was entered; see `Contract.cost`.
    realised
        Profits so far, before commissions.
    """

    __slots__ = ("amount", "contract", "cost", "realised", "side", "symbol", "updated_ms")

    def __init__(self, contract: Contract, side: PositionSide) -> None:
        self.contract = contract
        self.symbol = contract.instrument.symbol
        self.side = side
        self.amount = 0
        self.cost = 0
        self.realised = 0
        self.updated_ms = 0

    @property
    def entry_price(self) -> int:
        """Mean price of what is held, 0 for nothing."""
        return self.contract.price(self.cost, abs(self.amount))

    def profit_at(self, price: int) -> int:
        """Give the profit that is not realised."""
        exit_cost = self.contract.cost(price, abs(self.amount))
        return self.contract.profit(self.cost, exit_cost, self.amount > 0)

    def exposure(self, orders: Iterable[FuturesOrder]) -> int:
        """Give the largest position that open orders could make of this one."""
        bought = sold = 0
        for order in orders:
            if order.symbol != self.symbol or order.position_side != self.side or order.reduces:
                continue
            if order.is_buy:
                bought += order.remaining
            else:
                sold += order.remaining
        if self.side == "LONG":
            return self.amount + bought
        if self.side == "SHORT":
            return sold - self.amount
        return max(abs(self.amount), abs(self.amount + bought), abs(self.amount - sold))

    def trade(self, signed_qty: int, price: int, now_ms: int) -> int:
        """Buy (or with a negative quantity sell) at a price, and give the profit that this realises."""
        held = abs(self.amount)
        closing = min(held, abs(signed_qty)) if self.amount * signed_qty < 0 else 0
        profit = 0
        if closing:
            # The same share of what was paid leaves with the same share of what is held.
            entry_cost = self.cost * closing // held
            exit_cost = self.contract.cost(price, closing)
            profit = self.contract.profit(entry_cost, exit_cost, self.amount > 0)
            self.cost -= entry_cost
        self.cost += self.contract.cost(price, abs(signed_qty) - closing)
        self.amount += signed_qty
        self.realised += profit
        self.updated_ms = now_ms
        return profit


class Margin(NamedTuple):
    """What positions and orders make of a wallet, in hundred millionths of its asset."""

    wallet: int
    unrealised: int
    position_initial: int
    order_initial: int
    maintenance: int

    @property
    def initial(self) -> int:
        """Bound by positions and orders."""
        return self.position_initial + self.order_initial

    @property
    def balance(self) -> int:
        """Wallet and profits."""
        return self.wallet + self.unrealised

    @property
    def available(self) -> int:
        """What new orders may bind."""
        return max(0, self.balance - self.initial)


class Portfolio:
    """Positions of an account on one product.

    Parameters
    ----------
    account
        Whose they are.
    product
        ``usdm`` or ``coinm``.
    """

    def __init__(self, account: Account, product: Product) -> None:
        self.account = account
        self._product: Product = product
        self._positions: dict[tuple[str, PositionSide], Position] = {}

    @property
    def sides(self) -> tuple[PositionSide, ...]:
        """The positions that a symbol may have."""
        return _HEDGED if self.account.hedge_mode else _ONE_WAY

    def positions(self) -> Iterator[Position]:
        """Give every position that there ever was."""
        yield from self._positions.values()

    def position(self, contract: Contract, side: PositionSide) -> Position:
        """Give a position, which may be empty."""
        key = (contract.instrument.symbol, side)
        found = self._positions.get(key)
        if found is None:
            found = self._positions[key] = Position(contract, side)
        return found

    def margin(self, asset: str, orders: list[FuturesOrder], marks: Marks) -> Margin:
        """Reckon what positions and open orders make of the wallet of an asset."""
        unrealised = held_margin = whole_margin = maintenance = 0
        for order in orders:
            self.position(order.contract, order.position_side)
        for position in self._positions.values():
            contract = position.contract
            if contract.margin_asset != asset:
                continue
            exposure = position.exposure(orders)
            if not exposure:
                continue
            mark = marks(position.symbol)
            held = abs(position.amount)
            unrealised += position.profit_at(mark) if held else 0
            held_margin += contract.initial_margin(mark, held)
            whole_margin += contract.initial_margin(mark, exposure)
            maintenance += contract.maintenance_margin(mark, held)
        wallet = self.account.balance(self._product, asset).free
        return Margin(wallet, unrealised, held_margin, whole_margin - held_margin, maintenance)
