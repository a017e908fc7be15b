"""Free and locked balances of spot, and where every coin went."""

from collections import Counter
from dataclasses import dataclass
from typing import Final

from fastbinance.sim.api.call import ApiError
from fastbinance.sim.trading.accounts import Account

__all__ = ["Hold", "Ledger"]

_INSUFFICIENT: Final = "Account has insufficient balance for requested action."


@dataclass(slots=True)
class Hold:
    """What is locked for an order, or once for all orders of a list.

    Attributes
    ----------
    asset
        What is locked.
    amount
        How much, in hundred millionths; 0 once it is released.
    """

    asset: str
    amount: int = 0


class Ledger:
    """Every movement of spot balances; coins only move, so the sum of an asset over everybody never changes.

    Attributes
    ----------
    crowd
        What the random markets got from accounts (negative: gave them), by asset.
    fees
        Commissions, by asset.
    """

    def __init__(self) -> None:
        self.crowd: Counter[str] = Counter()
        self.fees: Counter[str] = Counter()
        self._touched: dict[Account, dict[str, None]] = {}

    def free(self, account: Account, asset: str) -> int:
        """Give what an account may spend."""
        return account.balance("spot", asset).free

    def set_hold(self, account: Account, hold: Hold, amount: int) -> None:
        """Lock more or less for an order.

        Raises
        ------
        ApiError
            -2010: there is not so much.
        """
        more = amount - hold.amount
        balance = account.balance("spot", hold.asset)
        if more > balance.free:
            raise ApiError(-2010, _INSUFFICIENT)
        balance.free -= more
        balance.locked += more
        hold.amount = amount
        if more:
            self._touch(account, hold.asset)

    def spend(self, account: Account, hold: Hold, amount: int) -> None:
        """Take from what is locked."""
        if amount > hold.amount:
            raise AssertionError(f"{amount} of {hold.asset} is to be paid, and {hold.amount} is locked")
        hold.amount -= amount
        account.balance("spot", hold.asset).locked -= amount
        self._touch(account, hold.asset)

    def earn(self, account: Account, asset: str, amount: int, fee: int) -> None:
        """Give an account what it traded for, less the commission."""
        account.balance("spot", asset).free += amount - fee
        self.fees[asset] += fee
        self._touch(account, asset)

    def take_touched(self) -> dict[Account, dict[str, None]]:
        """Give the assets that changed since the last call, by account, and forget them."""
        touched, self._touched = self._touched, {}
        return touched

    def _touch(self, account: Account, asset: str) -> None:
        self._touched.setdefault(account, {})[asset] = None
