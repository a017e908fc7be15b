"""What requests cost: weights by address, orders by account, and what becomes of those who go on.

Intervals are those of the clock, as at Binance: a minute's count begins again when the minute does.
"""

from dataclasses import dataclass
from typing import Any, Final, Literal, TypedDict

from fastbinance.errors import ConfigurationError
from fastbinance.sim.api.call import ApiError, Product

__all__ = ["ApiLimits", "Budget", "Budgets", "make_budgets"]

Kind = Literal["REQUEST_WEIGHT", "ORDERS", "RAW_REQUESTS"]

_UNIT_MS: Final = {"SECOND": 1000, "MINUTE": 60_000, "DAY": 86_400_000}
_SHORTEST_BAN_MS: Final = 120_000
_LONGEST_BAN_MS: Final = 3 * 86_400_000
_REFUSALS_BEFORE_BAN: Final = 20


class ApiLimits(TypedDict, total=False):
    """Limits of one's own in place of Binance's, for every product."""

    weight: int  #: request weight a minute and address
    orders_10s: int  #: orders in ten seconds and account
    orders_long: int  #: orders a day and account on spot, a minute elsewhere
    weight_seconds: int  #: how long weight is counted before it begins anew, in place of a minute
    raw_requests: int  #: requests in five minutes and address, on spot
    refusals_before_ban: int  #: requests over the weight limit that are answered with 429 before it is 418


@dataclass(frozen=True, slots=True)
class Budget:
    """One limit: so many in so much time."""

    kind: Kind
    interval: Literal["SECOND", "MINUTE", "DAY"]
    interval_num: int
    limit: int
    seconds: int | None = None  #: that it takes in truth, whatever is said about it

    @property
    def length_ms(self) -> int:
        """Length of the interval."""
        if self.seconds is not None:
            return 1000 * self.seconds
        return _UNIT_MS[self.interval] * self.interval_num

    def spelled(self, count: int | None = None) -> dict[str, Any]:
        """Give it as an item of ``rateLimits``; without a count as in ``exchangeInfo``."""
        item: dict[str, Any] = {
            "rateLimitType": self.kind,
            "interval": self.interval,
            "intervalNum": self.interval_num,
            "limit": self.limit,
        }
        if count is not None:
            item["count"] = count
        return item


class _Counter:
    # What was used of one budget by one address or account.
    __slots__ = ("_start_ms", "_used", "budget")

    def __init__(self, budget: Budget) -> None:
        self.budget = budget
        self._start_ms = 0
        self._used = 0

    def used(self, now_ms: int) -> int:
        start_ms = now_ms - now_ms % self.budget.length_ms
        if start_ms != self._start_ms:
            self._start_ms, self._used = start_ms, 0
        return self._used

    def add(self, amount: int, now_ms: int) -> None:
        # What is given back after the interval has ended is no credit for the next one.
        self._used = max(0, self.used(now_ms) + amount)

    def ends_ms(self, now_ms: int) -> int:
        return now_ms - now_ms % self.budget.length_ms + self.budget.length_ms


@dataclass(slots=True)
class _Address:
    weight: _Counter
    raw: _Counter | None
    refusals: int = 0
    refused_ms: int = 0
    bans: int = 0
    banned_until_ms: int = 0


class Budgets:
    """The limits of one product in one environment, and what is used of them.

    Parameters
    ----------
    product
        Whose limits.
    limits
        Figures in place of Binance's.
    """

    def __init__(self, product: Product, limits: ApiLimits) -> None:
        for name, figure in limits.items():
            if not isinstance(figure, int) or figure < 1:
                raise ConfigurationError(f"api_limits: {name} is {figure!r}: it must be a number from 1")
        is_spot = product == "spot"
        self.weight = Budget(
            "REQUEST_WEIGHT", "MINUTE", 1, limits.get("weight", 6000 if is_spot else 2400),
            limits.get("weight_seconds"),
        )  # fmt: skip
        self.orders = (
            Budget("ORDERS", "SECOND", 10, limits.get("orders_10s", 100 if is_spot else 300)),
            Budget("ORDERS", "DAY", 1, limits.get("orders_long", 200_000))
            if is_spot
            else Budget("ORDERS", "MINUTE", 1, limits.get("orders_long", 1200)),
        )
        self.raw = (
            Budget("RAW_REQUESTS", "MINUTE", 5, limits.get("raw_requests", 300_000)) if is_spot else None
        )
        #: All of them.
        self.all = (self.weight, *self.orders, *(() if self.raw is None else (self.raw,)))
        self._refusals_before_ban = limits.get("refusals_before_ban", _REFUSALS_BEFORE_BAN)
        self._addresses: dict[str, _Address] = {}
        self._orders: dict[str, tuple[_Counter, ...]] = {}

    def charge(self, address: str, weight: int, now_ms: int) -> None:
        """Count a request against the limits of its address.

        Raises
        ------
        ApiError
            429 over a limit, 418 for those who go on.
        """
        found = self._address(address)
        if now_ms < found.banned_until_ms:
            raise _banned(found.banned_until_ms, now_ms)
        for counter, amount in ((found.weight, weight), (found.raw, 1)):
            if counter is None:
                continue
            counter.add(amount, now_ms)
            if counter.used(now_ms) > counter.budget.limit:
                self._count_refusal(found, now_ms)
                raise _too_many_requests(counter.budget, counter.ends_ms(now_ms), now_ms)

    def count(self, address: str, weight: int, now_ms: int) -> None:
        """Count weight that nobody is refused for; negative for that of a request that was free after all."""
        self._address(address).weight.add(weight, now_ms)

    def check_orders(self, account: str, orders: int, now_ms: int) -> None:
        """Find out whether an account may place so many more orders.

        Raises
        ------
        ApiError
            429: it may not.
        """
        for counter in self._account(account):
            if counter.used(now_ms) + orders > counter.budget.limit:
                raise _too_many_orders(counter.budget, counter.ends_ms(now_ms), now_ms)

    def count_orders(self, account: str, orders: int, now_ms: int) -> None:
        """Count orders that were placed."""
        for counter in self._account(account):
            counter.add(orders, now_ms)

    def order_counts(self, account: str, now_ms: int) -> list[dict[str, Any]]:
        """Give an account's order limits and what it used of them."""
        return [counter.budget.spelled(counter.used(now_ms)) for counter in self._account(account)]

    def report(self, address: str, account: str | None, now_ms: int) -> list[dict[str, Any]]:
        """Give the ``rateLimits`` of an answer; with those of orders where an account is named."""
        weight = self._address(address).weight
        orders = [] if account is None else self.order_counts(account, now_ms)
        return [*orders, weight.budget.spelled(weight.used(now_ms))]

    def _count_refusal(self, address: _Address, now_ms: int) -> None:
        start_ms = now_ms - now_ms % self.weight.length_ms
        if start_ms != address.refused_ms:
            address.refused_ms, address.refusals = start_ms, 0
        address.refusals += 1
        if address.refusals > self._refusals_before_ban:
            length_ms = min(_LONGEST_BAN_MS, _SHORTEST_BAN_MS * 2**address.bans)
            address.bans += 1
            address.refusals = 0
            address.banned_until_ms = now_ms + length_ms
            raise _banned(address.banned_until_ms, now_ms)

    def _address(self, name: str) -> _Address:
        found = self._addresses.get(name)
        if found is None:
            raw = None if self.raw is None else _Counter(self.raw)
            found = self._addresses[name] = _Address(_Counter(self.weight), raw)
        return found

    def _account(self, name: str) -> tuple[_Counter, ...]:
        found = self._orders.get(name)
        if found is None:
            found = self._orders[name] = tuple(_Counter(budget) for budget in self.orders)
        return found

    def share_orders(self, other: "Budgets") -> None:
        """Count orders together with another product: an account of futures has one budget for both."""
        self._orders = other._orders


def make_budgets(limits: ApiLimits) -> dict[Product, Budgets]:
    """Make the limits of every product of an environment."""
    budgets: dict[Product, Budgets] = {
        "spot": Budgets("spot", limits),
        "usdm": Budgets("usdm", limits),
        "coinm": Budgets("coinm", limits),
    }
    # Since 2026 one account has one budget of orders for both.
    budgets["coinm"].share_orders(budgets["usdm"])
    return budgets


def _too_many_requests(budget: Budget, retry_ms: int, now_ms: int) -> ApiError:
    what = "request weight used" if budget.kind == "REQUEST_WEIGHT" else "requests"
    unit = "request weight" if budget.kind == "REQUEST_WEIGHT" else "requests"
    return ApiError(
        -1003,
        f"Too much {what}; current limit is {budget.limit} {unit} per {budget.interval_num} "
        f"{budget.interval}. Please use WebSocket Streams for live updates to avoid polling the API.",
        status=429,
        data=_retry(retry_ms, now_ms),
    )


def _too_many_orders(budget: Budget, retry_ms: int, now_ms: int) -> ApiError:
    return ApiError(
        -1015,
        f"Too many new orders; current limit is {budget.limit} orders per {budget.interval_num} "
        f"{budget.interval}.",
        status=429,
        data=_retry(retry_ms, now_ms),
    )


def _banned(until_ms: int, now_ms: int) -> ApiError:
    return ApiError(
        -1003,
        f"Way too much request weight used; IP banned until {until_ms}. "
        "Please use WebSocket Streams for live updates to avoid bans.",
        status=418,
        data=_retry(until_ms, now_ms),
    )


def _retry(at_ms: int, now_ms: int) -> dict[str, Any]:
    return {"serverTime": now_ms, "retryAfter": at_ms}
