"""How much of Binance's request weight and order counts is used, and who has to wait for how long.

Binance counts and tells: each answer carries its counters in ``rateLimits``. Weight is counted by address,
orders by account. So a full order counter holds back orders of its account and nothing else, above all no
cancel; a full weight counter, or a ban, holds back everything that leaves this address.
"""

from collections.abc import Iterable, MutableMapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from math import inf
from typing import Any, Final, TypeVar

import msgspec

from fastbinance._protocol.method import Lane
from fastbinance._rest_endpoints import RestProduct

__all__ = ["LimitUse", "LimitWarning", "RateLimit", "RequestLimits", "Use"]

_ORDER: Final = Lane.ORDER  # looked up once, not for each request
_ORDERS: Final = "ORDERS"
_OF_THE_ADDRESS: Final = frozenset(("REQUEST_WEIGHT", "RAW_REQUESTS"))
_UNITS: Final = {"SECOND": (1, "s"), "MINUTE": (60, "min"), "HOUR": (3_600, "h"), "DAY": (86_400, "d")}

_BANNED: Final = 418
_STATUSES: Final = (429, _BANNED)
_TOO_MANY_REQUESTS: Final = -1003
_TOO_MANY_ORDERS: Final = -1015
_CODES: Final = (_TOO_MANY_REQUESTS, _TOO_MANY_ORDERS)

# Seconds to wait where Binance does not say, or says what cannot be, and no counter is full: the window of
# the counter that it will have been, and the shortest of its bans.
_WAIT_FOR_WEIGHT: Final = 60.0
_WAIT_FOR_ORDERS: Final = 10.0
_WAIT_FOR_BAN: Final = 120.0
# The longest of its bans is three days; what is farther away is a mistake, ours or theirs.
_LONGEST: Final = 3 * 86_400.0 + 3_600.0
# A moment that has just passed: the answer was on its way. Longer ago, one of the clocks is wrong.
_JUST_PASSED: Final = 5.0
_SHORTEST: Final = 1.0
_ABSURD_MS: Final = 1e14  # later than the year 5000: microseconds
# Windows begin by Binance's clock, which we know a little less well than this.
_MARGIN: Final = 0.05
# For how long after a window has ended an answer may still tell its count.
_LATE: Final = 2.0


class RateLimit(msgspec.Struct, frozen=True, rename="camel", gc=False):
    """One counter as an answer tells it. What is left out or unknown makes it be passed over.

    Source: Spot WebSocket API, "Rate limits".
    """

    rate_limit_type: str = ""
    interval: str = ""
    interval_num: int = 0
    limit: int = 0
    count: int = 0


@dataclass(frozen=True, slots=True)
class LimitUse:
    """How much of a limit is used.

    Attributes
    ----------
    product
        Whose.
    kind
        Binance's name: ``REQUEST_WEIGHT``, ``RAW_REQUESTS`` or ``ORDERS``.
    interval
        What it is counted over, such as ``"10 s"`` or ``"1 min"``.
    limit, count
        How much Binance allows in that time, and how much it has counted.
    seconds_left
        After so long it begins anew.
    """

    product: RestProduct
    kind: str
    interval: str
    limit: int
    count: int
    seconds_left: float

    def __str__(self) -> str:
        return f"{self.product}: {self.count} of {self.limit} {self.kind} in {self.interval} are used"


class LimitWarning(LimitUse):
    """Four fifths of a limit are used. There is one for each interval in which that happens."""

    __slots__ = ()


Told = TypeVar("Told", bound=LimitUse)


class _Window:
    """One counter in its current interval."""

    __slots__ = ("ahead", "count", "ends", "interval", "kind", "limit", "seconds", "warned")

    def __init__(self, kind: str, seconds: int, interval: str) -> None:
        self.kind = kind
        self.seconds = seconds
        self.interval = interval
        self.limit = self.count = 0
        self.ends = -inf
        self.ahead: float | None = None  # what `ends` was made with
        self.warned = False

    def take(self, limit: int, count: int, now: float, ahead: float | None) -> None:
        """Take note of a count; `ahead` is the server's clock minus that of `now`, or None."""
        if now >= self.ends:
            if 0 < self.count <= count and now < self.ends + min(_LATE, self.seconds / 4.0):
                # More than the old window had, and so soon: this answer tells of the old one, which is over.
                # It must not fill the new one, least of all that of a day.
                return
            self.ends = now + self._left(now, ahead)
            self.warned = False
        elif ahead != self.ahead:
            # Sooner than was thought, where the server's clock has become known, or better known.
            self.ends = min(self.ends, now + self._left(now, ahead))
        self.ahead = ahead
        # The latest word counts, not the greatest: answers may overtake each other by a few, and a count that
        # was wrong must not last until the window ends.
        self.limit, self.count = limit, count

    def _left(self, now: float, ahead: float | None) -> float:
        return float(self.seconds) if ahead is None else self.seconds - (now + ahead) % self.seconds

    def full_until(self) -> float:
        """Return when it begins anew, if it is full; -inf if not."""
        return self.ends + _MARGIN if self.count >= self.limit else -inf

    def warns(self, now: float) -> bool:
        """Say whether a warning is due: once in each interval, and none about one that is over."""
        due, self.warned = not self.warned and now < self.ends, True
        return due

    def use(self, kind: type[Told], product: RestProduct, now: float) -> Told:
        """Return what is used, as whatever shall be told."""
        left = max(0.0, self.ends - now)
        count = self.count if left else 0
        return kind(product, self.kind, self.interval, self.limit, count, left)


class Use:
    """What one address, or one account, has used of its limits, and until when it has to wait."""

    __slots__ = ("_full_until", "_stopped_until", "until", "windows")

    def __init__(self) -> None:
        self.windows: dict[tuple[str, str, int], _Window] = {}
        self._full_until = self._stopped_until = -inf
        #: When it may go on. One number, so that it can be read while another thread changes it.
        self.until = -inf

    def take(self, told: RateLimit, now: float, ahead: float | None) -> _Window | None:
        """Take note of a counter and return its window; None where it says nothing."""
        key = (told.rate_limit_type, told.interval, told.interval_num)
        window = self.windows.get(key)
        if window is None:
            unit = _UNITS.get(told.interval)
            if unit is None or told.interval_num <= 0 or told.limit <= 0:
                return None
            seconds, sign = unit
            window = _Window(told.rate_limit_type, seconds * told.interval_num, f"{told.interval_num} {sign}")
            self.windows[key] = window
        elif told.limit <= 0:
            return None
        window.take(told.limit, told.count, now, ahead)
        if window.count >= window.limit or self._full_until > now:
            self._full_until = max(window.full_until() for window in self.windows.values())
            self.until = max(self._full_until, self._stopped_until)
        return window

    def stop(self, until: float) -> None:
        """Take note that Binance wants nothing before some time. A shorter word after a longer one is old."""
        self._stopped_until = max(self._stopped_until, until)
        self.until = max(self._full_until, self._stopped_until)

    def full_for(self, now: float) -> float:
        """Return the seconds until its full counters begin anew, 0.0 if none is full."""
        return max(0.0, self._full_until - now)


class RequestLimits:
    """The limits of one product of one environment, for one address of ours.

    All clients of a process that share the address share this, from their threads; `limits_for` in `_io`
    makes it with a lock. `now` is the same for all of them: seconds on a clock that never goes back.

    Parameters
    ----------
    product
        Whose WebSocket API.
    orders
        What the accounts have used, by account; shared between products that count orders together.
    lock
        Held while anything is changed. Whether something may be sent is read without it: a number at a time.
    """

    __slots__ = ("_address", "_ahead", "_lock", "_orders", "product")

    def __init__(
        self,
        product: RestProduct,
        orders: MutableMapping[str, Use] | None = None,
        lock: AbstractContextManager[Any] | None = None,
    ) -> None:
        self.product: Final[RestProduct] = product
        self._orders = {} if orders is None else orders
        self._lock = nullcontext() if lock is None else lock
        self._address = Use()
        self._ahead: float | None = None

    def refusal(self, lane: Lane, account: str, now: float) -> float:
        """Return the seconds until something may be sent, 0.0 if it may now.

        Orders wait for the counters of their account and of the address; all else for those of the address.
        """
        until = self._address.until
        if lane is _ORDER and (use := self._orders.get(account)) is not None and use.until > until:
            until = use.until
        return until - now if until > now else 0.0

    def learn(
        self, rate_limits: Iterable[RateLimit], account: str, now: float, server_now_ms: float | None = None
    ) -> list[LimitWarning]:
        """Learn from the counters of an answer; return those that have passed four fifths, once per interval.

        Parameters
        ----------
        rate_limits
            As the answer has them.
        account
            The key of the request; an empty text where it had none, and orders are then nobody's.
        now
            Seconds.
        server_now_ms
            What Binance's clock shows now: its windows begin by that. As long as it was never told, a window
            is taken to begin with the first count in it, so that none is believed to end too early.
        """
        warnings: list[LimitWarning] = []
        with self._lock:
            self._follow(now, server_now_ms)
            for told in rate_limits:
                window = self._take(told, account, now)
                if window is not None and window.count * 5 >= window.limit * 4 and window.warns(now):
                    warnings.append(window.use(LimitWarning, self.product, now))
        return warnings

    def learn_weight(
        self, count: int, assumed_limit: int, now: float, server_now_ms: float | None = None
    ) -> list[LimitWarning]:
        """Learn how much weight was used in this minute, from an answer that tells no limit beside it.

        A limit that another answer has told is kept; until then it is the assumed one.
        """
        kind, unit = "REQUEST_WEIGHT", "MINUTE"
        with self._lock:
            known = self._address.windows.get((kind, unit, 1))
            limit = assumed_limit if known is None else known.limit
        return self.learn([RateLimit(kind, unit, 1, limit, count)], "", now, server_now_ms)

    def wait_for(self, weight: int, now: float) -> float:
        """Return the seconds until a request of some weight has room, 0.0 if it has now.

        What is heavier than a whole window waits for an empty one, as far as it is known.
        """
        with self._lock:
            return max(
                (
                    window.ends - now
                    for window in self._address.windows.values()
                    if window.kind == "REQUEST_WEIGHT"
                    and now < window.ends
                    and window.count > 0
                    and window.count + weight > window.limit
                ),
                default=0.0,
            )

    def refused(
        self,
        status: int,
        code: int | None,
        retry_after_ms: int | None,
        rate_limits: Iterable[RateLimit],
        account: str,
        now: float,
        server_now_ms: float,
    ) -> float:
        """Learn from an answer that says "too many"; return the seconds in which it would say so again.

        A 418 bans the address. Too many orders, which is -1015, or a 429 beside a full order counter, stop
        the orders of the account. Any other 429, or -1003, stops the address. All else is none of this: 0.0.

        Parameters
        ----------
        status, code
            Of the answer.
        retry_after_ms
            When Binance wants to hear from us again, by its clock; None where it did not say. What is long
            over, or farther away than its longest ban, is not believed.
        rate_limits, account, now
            As for `learn`, which warns; this one does not.
        server_now_ms
            What Binance's clock shows now.
        """
        if status not in _STATUSES and code not in _CODES:
            return 0.0
        with self._lock:
            self._follow(now, server_now_ms)
            for told in rate_limits:
                self._take(told, account, now)
            use, otherwise = self._meant(status, code, account, now)
            seconds = _seconds_told(retry_after_ms, server_now_ms)
            if seconds is None:
                seconds = otherwise if status == _BANNED else use.full_for(now) or otherwise
            use.stop(now + seconds)
            return use.until - now

    def usage(self, account: str, now: float) -> tuple[LimitUse, ...]:
        """Return what is known of the address and of an account, in the order in which it became known."""
        with self._lock:
            uses = [self._address, *([self._orders[account]] if account in self._orders else [])]
            return tuple(
                window.use(LimitUse, self.product, now) for use in uses for window in use.windows.values()
            )

    # -- inside, with the lock held

    def _follow(self, now: float, server_now_ms: float | None) -> None:
        if server_now_ms is not None:
            self._ahead = server_now_ms / 1e3 - now

    def _take(self, told: RateLimit, account: str, now: float) -> _Window | None:
        if told.rate_limit_type == _ORDERS:
            return self._of(account).take(told, now, self._ahead) if account else None
        if told.rate_limit_type in _OF_THE_ADDRESS:
            return self._address.take(told, now, self._ahead)
        return None

    def _of(self, account: str) -> Use:
        use = self._orders.get(account)
        if use is None:
            use = self._orders[account] = Use()
        return use

    def _meant(self, status: int, code: int | None, account: str, now: float) -> tuple[Use, float]:
        """Return who is refused, and the seconds to wait where nothing says how long."""
        if status == _BANNED:
            return self._address, _WAIT_FOR_BAN
        if code == _TOO_MANY_ORDERS or self._only_orders_are_full(code, account, now):
            return self._of(account), _WAIT_FOR_ORDERS
        return self._address, _WAIT_FOR_WEIGHT

    def _only_orders_are_full(self, code: int | None, account: str, now: float) -> bool:
        use = self._orders.get(account)
        if code == _TOO_MANY_REQUESTS or use is None or self._address.full_for(now) > 0.0:
            return False
        return use.full_for(now) > 0.0


def _seconds_told(retry_after_ms: int | None, server_now_ms: float) -> float | None:
    if retry_after_ms is None:
        return None
    if retry_after_ms >= _ABSURD_MS:
        retry_after_ms //= 1_000
    seconds = (retry_after_ms - server_now_ms) / 1e3
    if not -_JUST_PASSED <= seconds <= _LONGEST:
        return None
    return max(_SHORTEST, seconds + _MARGIN)
