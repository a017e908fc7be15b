"""Who is at the other end of a connection to a WS API, and what it subscribed to."""

from dataclasses import dataclass, field
from typing import Any, Final, Literal

from fastbinance.sim.api.call import ApiError
from fastbinance.sim.trading import Account
from fastbinance.sim.user.keys import ListenToken

__all__ = ["REVOKED", "Session", "Subscription", "check_logon"]

_MOST_SUBSCRIPTIONS: Final = 1000
_MOST_SUBSCRIPTION_IDS: Final = 65_535
#: What a session is told whose key is taken away.
REVOKED: Final = ApiError(-2015, "Invalid API-key, IP, or permissions for action.", status=401)


@dataclass(frozen=True, slots=True)
class Subscription:
    """One subscription to the user data of an account.

    Attributes
    ----------
    account
        Whose events they are.
    is_sessions
        Ends when the session is logged out; others end with the connection.
    token
        What it was made with, where it is one to margin.
    """

    account: Account
    is_sessions: bool
    token: ListenToken | None = None

    @property
    def kind(self) -> Literal["spot", "margin", "isolated"]:
        """Which of the account's user data it gets."""
        if self.token is None:
            return "spot"
        return "margin" if self.token.symbol is None else "isolated"

    @property
    def symbol(self) -> str | None:
        """Of the isolated account."""
        return None if self.token is None else self.token.symbol

    @property
    def expires_ms(self) -> int | None:
        """When it ends by itself; None where it lasts as long as the connection."""
        return None if self.token is None else self.token.expires_ms


@dataclass(slots=True)
class Session:
    """State of one connection.

    Attributes
    ----------
    connected_ms
        Since when it is open.
    returns_limits
        Answers carry ``rateLimits`` unless a request says otherwise.
    address
        Where it comes from: limits are by address.
    account
        Who is logged on.
    authorized_ms
        Since when.
    subscriptions
        Subscriptions to user data by their ids.
    ended
        Ids of those that ended and were not told of it yet.
    """

    connected_ms: int
    returns_limits: bool = True
    address: str = ""
    account: Account | None = None
    authorized_ms: int | None = None
    subscriptions: dict[int, Subscription] = field(default_factory=dict)
    ended: list[int] = field(default_factory=list)
    _next_subscription: int = 0

    def log_on(self, account: Account, now_ms: int) -> None:
        """Know from now on who asks. Another key takes the place of the one before."""
        if account is not self.account:
            self._end_subscriptions()
        self.account, self.authorized_ms = account, now_ms

    def log_out(self) -> None:
        """Forget who asks."""
        self._end_subscriptions()
        self.account = self.authorized_ms = None

    def status(self, now_ms: int, *, is_spot: bool) -> dict[str, Any]:
        """Give what ``session.*`` answer."""
        found = {
            "apiKey": None if self.account is None else self.account.api_key,
            "authorizedSince": self.authorized_ms,
            "connectedSince": self.connected_ms,
            "returnRateLimits": self.returns_limits,
            "serverTime": now_ms,
        }
        if is_spot:
            found["userDataStream"] = bool(self.subscriptions)
        return found

    def subscribe(self, account: Account, *, is_sessions: bool, token: ListenToken | None = None) -> int:
        """Subscribe to an account's events; gives the subscription's id.

        A margin account that is subscribed to with another token may be subscribed to once more, so that
        nothing is missed when the token before expires.

        Raises
        ------
        ApiError
            It is subscribed to already, or there are too many subscriptions.
        """
        if any(one.account is account and one.token is token for one in self.subscriptions.values()):
            raise ApiError(-2035, "User Data Stream subscription already active.")
        if len(self.subscriptions) >= _MOST_SUBSCRIPTIONS:
            raise ApiError(
                -1191,
                "Too many subscriptions. Connection may create up to "
                f"'{_MOST_SUBSCRIPTIONS}' subscriptions at a time.",
            )
        if self._next_subscription >= _MOST_SUBSCRIPTION_IDS:
            raise ApiError(-2042, "Too many subscriptions were made on this connection.")
        number = self._next_subscription
        self._next_subscription += 1
        self.subscriptions[number] = Subscription(account, is_sessions, token)
        return number

    def unsubscribe(self, number: int | None) -> None:
        """End one subscription, or all of them.

        Raises
        ------
        ApiError
            There is none.
        """
        if not self.subscriptions or (number is not None and number not in self.subscriptions):
            raise ApiError(-2036, "User Data Stream subscription not active.")
        self._end([number] if number is not None else list(self.subscriptions))

    def _end_subscriptions(self) -> None:
        self._end([number for number, one in self.subscriptions.items() if one.is_sessions])

    def _end(self, numbers: list[int]) -> None:
        for number in numbers:
            del self.subscriptions[number]
        self.ended += numbers


def check_logon(account: Account, *, is_spot: bool) -> None:
    """Find out whether an account may log a session on: only Ed25519 keys may.

    Raises
    ------
    ApiError
        FIELD: -2028 on spot and -4056 on futures, in no table of errors.
    """
    if account.algorithm == "Ed25519":
        return
    name = {"HMAC": "HMAC-SHA-256"}.get(account.algorithm, account.algorithm)
    if is_spot:
        raise ApiError(-2028, f"{name} API key is not supported.")
    raise ApiError(-4056, f"{name.replace('-', '_').replace('SHA_256', 'SHA256')} API key is not supported.")
