"""What a futures contract is worth: linear on USD-M, inverse on COIN-M."""

from typing import Final

from fastbinance.sim.instrument import Instrument
from fastbinance.sim.trading.amounts import UNIT

__all__ = ["LEVERAGE", "Contract"]

#: Of every position; there is no method to change it.
LEVERAGE: Final = 20

_MAINTENANCE_RATE: Final = UNIT * 4 // 1000


class Contract:
    """Money of one symbol of USD-M or COIN-M.

    Parameters
    ----------
    instrument
        The symbol.

    Attributes
    ----------
    margin_asset
        What profit, loss and commission are paid in.
    """

    __slots__ = ("_dollars", "instrument", "is_inverse", "margin_asset")

    def __init__(self, instrument: Instrument) -> None:
        self.instrument = instrument
        self.is_inverse = instrument.market == "coinm"
        self._dollars = instrument.contract_dollars
        self.margin_asset = instrument.base_asset if self.is_inverse else instrument.quote_asset

    def cost(self, price: int, qty: int) -> int:
        """Give what a quantity is worth at a price, in the margin asset, of which one is ``UNIT ** 2``."""
        return qty * self._dollars * UNIT**2 // price if self.is_inverse else price * qty

    def value(self, price: int, qty: int) -> int:
        """Give what a quantity is worth at a price, in hundred millionths of the margin asset."""
        return self.cost(price, qty) // UNIT

    def price(self, cost: int, qty: int) -> int:
        """Give the price at which a quantity is worth this: the mean of several."""
        if not qty or not cost:
            return 0
        return qty * self._dollars * UNIT**2 // cost if self.is_inverse else cost // qty

    def profit(self, entry_cost: int, exit_cost: int, is_long: bool) -> int:
        """Give the profit of what was worth one thing and is worth another, rounded down."""
        # An inverse contract is worth less of the asset when the price rises.
        grew = exit_cost - entry_cost if is_long != self.is_inverse else entry_cost - exit_cost
        return grew // UNIT

    def initial_margin(self, price: int, qty: int) -> int:
        """Give what must be there to hold a quantity, rounded up."""
        return -(-self.value(price, qty) // LEVERAGE)

    def maintenance_margin(self, price: int, qty: int) -> int:
        """Give what must remain to hold a quantity, rounded up."""
        return -(-self.value(price, qty) * _MAINTENANCE_RATE // UNIT)
