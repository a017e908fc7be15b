"""The WS API of one environment: from a request to its answer. Without sockets; the clock is given."""

from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any, Final, NamedTuple, Protocol

from fastbinance.keys import Environment
from fastbinance.sim.api.call import ApiError, Call, Handlers, Product
from fastbinance.sim.api.cancel_only import cancel_only
from fastbinance.sim.api.envelope import BadEnvelope, Request, encode_answer
from fastbinance.sim.api.futures_methods import COINM_METHODS, USDM_METHODS
from fastbinance.sim.api.kinds import BOOLEAN
from fastbinance.sim.api.limits import Budgets
from fastbinance.sim.api.method import Method
from fastbinance.sim.api.security import KeyRing
from fastbinance.sim.api.session import REVOKED, Session
from fastbinance.sim.api.session_methods import session_handlers
from fastbinance.sim.api.spot_methods import SPOT_METHODS
from fastbinance.sim.api.times import in_unit
from fastbinance.sim.hosts import Host
from fastbinance.sim.timeunit import MILLISECONDS, TimeUnit
from fastbinance.sim.trading import Trading
from fastbinance.sim.user.keys import UserDataKeys
from fastbinance.sim.user.outlet import Outlet

__all__ = ["Answered", "ApiService", "Link"]

_METHODS: Final[dict[Product, Mapping[str, Method]]] = {
    "spot": SPOT_METHODS,
    "usdm": USDM_METHODS,
    "coinm": COINM_METHODS,
}
_HANDSHAKE_WEIGHT: Final[dict[Product, int]] = {"spot": 2, "usdm": 5, "coinm": 5}
_SPOT_PREFIX: Final = "v3/"
_TIMEOUT: Final = (
    "Timeout waiting for response from backend server. Send status unknown; execution status unknown."
)


class Link(Protocol):
    """A connection, as the service sees it."""

    host: Host
    session: Session
    time_unit: TimeUnit

    def notify(self, payload: bytes) -> None:
        """Send what is no answer."""

    def hang_up(self) -> None:
        """End the connection of an address that is banned, behind what was sent."""


class Answered(NamedTuple):
    """What a request is answered with."""

    text: bytes
    status: int
    late: float = 0.0  #: seconds that it waits, on purpose


class ApiService:
    """Answers the requests of one environment.

    Parameters
    ----------
    environment
        Which.
    clock_ms
        The server's clock, in Unix milliseconds.
    trading
        Accounts and their orders.
    general
        What carries out the methods that everybody may call.
    budgets
        What may be used, and what is, by product.
    user_data
        Listen keys and tokens.
    outlet
        Where subscriptions get their events from.
    """

    def __init__(
        self,
        environment: Environment,
        *,
        clock_ms: Callable[[], int],
        trading: Trading,
        general: Handlers,
        budgets: Mapping[Product, Budgets],
        user_data: UserDataKeys,
        outlet: Outlet,
    ) -> None:
        self._environment: Environment = environment
        self._clock_ms = clock_ms
        self._handlers = {**trading.handlers, **general}
        #: The keys that are let in.
        self.keys = KeyRing(trading.account)
        #: Listen keys and tokens.
        self.user_data = user_data
        self._outlet = outlet
        self._budgets = budgets
        self._session_handlers = session_handlers(self.user_data)
        self._links: dict[Link, None] = {}

    def join(self, link: Link) -> None:
        """Count a handshake. An address over its limits learns of it with its first request."""
        self._links[link] = None
        self._outlet.attach(link)
        product, now_ms = _product(link.host), self._clock_ms()
        self._budgets[product].count(link.session.address, _HANDSHAKE_WEIGHT[product], now_ms)

    def leave(self, link: Link) -> None:
        """Forget a connection."""
        self._links.pop(link, None)
        self._outlet.detach(link)

    def hang_up(self, host: Host, address: str) -> None:
        """End every connection of a banned address to a product."""
        for link in list(self._links):
            if link.host.market == host.market and link.session.address == address:
                link.hang_up()

    def revoke(self, api_key: str) -> int:
        """Let a key in no more, and tell the sessions that are logged on with it; gives their number."""
        self.keys.revoke(api_key)
        told = [
            link
            for link in self._links
            if link.session.account is not None and link.session.account.api_key == api_key
        ]
        for link in told:
            link.session.log_out()
            link.notify(encode_answer(None, REVOKED.status, error=REVOKED))
            self.tell_ended(link)
        return len(told)

    def tell_ended(self, link: Link) -> None:
        """Tell a connection which subscriptions its last request has ended."""
        if link.session.ended:
            self._outlet.tell_ended(link, self._clock_ms())

    def refuse(self, bad: BadEnvelope) -> bytes:
        """Answer a message that is no request."""
        return encode_answer(bad.request_id, bad.status, error=bad)

    def unknown_outcome(self, request: Request, status: int) -> bytes:
        """Answer that nobody knows what became of a request."""
        return encode_answer(request.id, status, error=ApiError(-1007, _TIMEOUT, status=status))

    def answer(self, host: Host, session: Session, request: Request, time_unit: TimeUnit) -> Answered:
        """Carry a request out, or find out why not."""
        product, now_ms = _product(host), self._clock_ms()
        budgets = self._budgets[product]
        shows_limits = session.returns_limits
        method: Method | None = None
        call = Call(product, self._environment, request.method, {}, None, now_ms, time_unit=time_unit)
        result: Any = None
        error: ApiError | None = None
        try:
            shows_limits = _shows_limits(request.params, session)
            method = self._find(product, call)
            weight = method.weight_of(request.params) if method else 1
            budgets.charge(session.address, weight, now_ms)
            if method is None:
                raise _unknown_method(product, request.method)
            result = self._read_and_do(method, call, request, session)
            if method.free_when_it_works:
                budgets.count(session.address, -weight, now_ms)
        except ApiError as found:
            error = found
        limits = None
        if shows_limits:
            counts_orders = method is not None and method.orders > 0
            account = call.api_key if counts_orders else None
            limits = budgets.report(session.address, account, now_ms)
        if error is not None:
            text = encode_answer(request.id, error.status, error=error, rate_limits=limits)
            return Answered(text, error.status, call.late)
        if time_unit is not MILLISECONDS:
            result = in_unit(result, time_unit)
        text = encode_answer(request.id, HTTPStatus.OK, result=result, rate_limits=limits)
        return Answered(text, HTTPStatus.OK, call.late)

    def _find(self, product: Product, call: Call) -> Method | None:
        if product == "spot":
            call.method = call.method.removeprefix(_SPOT_PREFIX)
        return _METHODS[product].get(call.method)

    def _read_and_do(self, method: Method, call: Call, request: Request, session: Session) -> Any:
        call.params = method.read(request.params)
        account = self.keys.admit(method, request.params, session, call.now_ms)
        call.account = account
        call.api_key = None if account is None else account.api_key
        about_session = self._session_handlers.get(call.method)
        if about_session is not None:
            return about_session(session, call)
        return self.carry_out(method, call)

    def carry_out(self, method: Method, call: Call) -> Any:
        """Do what a call asks for that is let in, within its account's limits of orders.

        Raises
        ------
        ApiError
            It cannot be done, or there were too many orders.
        """
        if not method.orders or call.api_key is None:
            return self._handle(call)
        budgets = self._budgets[call.product]
        try:
            budgets.check_orders(call.api_key, method.orders, call.now_ms)
        except ApiError as error:
            if call.params.get("orderRateLimitExceededMode") == "CANCEL_ONLY":
                raise cancel_only(call, error, self._handle) from None
            raise
        result = self._handle(call)
        budgets.count_orders(call.api_key, method.orders, call.now_ms)
        return result

    def _handle(self, call: Call) -> Any:
        handler = self._handlers.get((call.product, call.method))
        if handler is None:
            raise ApiError(-1000, f"{call.method} is not simulated.")
        return handler(call)


def _product(host: Host) -> Product:
    if host.market in ("spot", "usdm", "coinm"):
        return host.market
    raise AssertionError(f"{host.name} has no WS API")


def _shows_limits(params: Mapping[str, Any], session: Session) -> bool:
    wanted = params.get("returnRateLimits")
    return session.returns_limits if wanted is None else BOOLEAN.read("returnRateLimits", wanted)


def _unknown_method(product: Product, name: str) -> ApiError:
    # FIELD on futures; on spot nobody has written down what comes.
    name = name.encode("ascii", "backslashreplace").decode()
    if product == "spot":
        return ApiError(-1020, f"Unknown method '{name}'.")
    return ApiError(-5000, f"Method {name} is invalid")
