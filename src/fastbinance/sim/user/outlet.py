"""Where user data leaves: from the events of accounts to the sockets that want them. The clock is given."""

import heapq
import itertools
from collections.abc import Callable, Iterator
from typing import Any, Final, NamedTuple, Protocol

from fastbinance.sim.api.call import Product
from fastbinance.sim.api.session import Session, Subscription
from fastbinance.sim.timeunit import TimeUnit
from fastbinance.sim.trading import Account
from fastbinance.sim.user.events import Event, key_expired, spell_event, stream_terminated
from fastbinance.sim.user.faults import UserFaults
from fastbinance.sim.user.keys import KeyProduct, ListenKey, UserDataKeys
from fastbinance.sim.user.kinds import AccountKind

__all__ = ["ApiLink", "KeySocket", "Outlet"]

_KEY_PRODUCTS: Final[dict[AccountKind, KeyProduct]] = {
    "margin_risk": "margin_risk",
    "usdm": "usdm",
    "coinm": "coinm",
    "options": "options",
    # Both use the same key; the path of the socket tells them apart.
    "portfolio": "portfolio",
    "portfolio_pro": "portfolio",
}


class ApiLink(Protocol):
    """A connection to a WS API, whose session may have subscriptions."""

    session: Session
    time_unit: TimeUnit

    def notify(self, payload: bytes) -> None:
        """Send what is no answer."""


class KeySocket(Protocol):
    """A socket that was opened with listen keys."""

    @property
    def account_kind(self) -> AccountKind | None:
        """Whose user data its host sends."""

    @property
    def time_unit(self) -> TimeUnit:
        """How times are spelled to it."""

    def deliver(self, key: str, payload: bytes) -> None:
        """Send an event of a key, wrapped where that is asked for."""


class _Late(NamedTuple):
    due_ms: int
    number: int  # so that what is due at the same time keeps its order
    account: Account
    product: Product
    event: Event


class Outlet:
    """User data of one environment.

    Parameters
    ----------
    keys
        Listen keys and tokens, whose ends are told.
    faults
        What becomes of events.
    clock_ms
        The server's clock.
    """

    def __init__(self, keys: UserDataKeys, faults: UserFaults, clock_ms: Callable[[], int]) -> None:
        self._keys = keys
        self._faults = faults
        self._clock_ms = clock_ms
        self._links: dict[ApiLink, None] = {}
        self._sockets: dict[str, dict[KeySocket, frozenset[str] | None]] = {}
        self._late: list[_Late] = []
        self._numbers = itertools.count()
        keys.on_end.append(self._key_ended)

    @property
    def due_ms(self) -> int | None:
        """When `step` next has something to do."""
        # Subscriptions end with their tokens: there is no need to look at every connection.
        dues = (self._keys.due_ms, self._late[0].due_ms if self._late else None)
        return min((due for due in dues if due is not None), default=None)

    def attach(self, link: ApiLink) -> None:
        """Know a connection to the WS API from now on."""
        self._links[link] = None

    def detach(self, link: ApiLink) -> None:
        """Forget a connection to the WS API."""
        self._links.pop(link, None)

    def join(self, socket: KeySocket, key: str, events: frozenset[str] | None) -> None:
        """Send a key's events to a socket; a key that nobody has is accepted, and silent.

        Parameters
        ----------
        events
            The only events that are wanted; None wants all.
        """
        self._sockets.setdefault(key, {})[socket] = events

    def leave(self, socket: KeySocket, key: str) -> None:
        """Send a key's events to a socket no more."""
        sockets = self._sockets.get(key, {})
        sockets.pop(socket, None)
        if not sockets:
            self._sockets.pop(key, None)

    def hear(self, account: Account, product: Product, event: dict[str, Any]) -> None:
        """Take an event of the engines, which may be lost, doubled or late."""
        if self._faults.is_frozen:
            return
        for delay_ms in self._faults.fates():
            if delay_ms:
                due_ms = self._clock_ms() + delay_ms
                heapq.heappush(self._late, _Late(due_ms, next(self._numbers), account, product, event))
            else:
                self._spread(account, product, event)

    def send(self, kind: AccountKind, account: Account, event: Event, symbol: str | None = None) -> int:
        """Send an event of an account to whoever listens; gives their number.

        Parameters
        ----------
        symbol
            The isolated margin account that is meant; without it all of them.
        """
        if self._faults.is_frozen:
            return 0
        product = _KEY_PRODUCTS.get(kind)
        if product is not None:
            key = self._keys.find(product, account, self._clock_ms())
            return 0 if key is None else self._send_to_key(key, kind, event)
        told = 0
        # A slow reader is cut while it is written to, and is no link any more.
        for link, number, one in list(self._subscriptions()):
            if one.account is account and one.kind == kind and symbol in (None, one.symbol):
                _notify(link, number, event)
                told += 1
        return told

    def tell_ended(self, link: ApiLink, now_ms: int) -> None:
        """Tell a connection which of its subscriptions ended."""
        ended, link.session.ended = link.session.ended, []
        if not self._faults.is_frozen:
            for number in ended:
                _notify(link, number, stream_terminated(now_ms))

    def terminate(self, account: Account, now_ms: int) -> int:
        """End every subscription to an account, which is told; gives their number."""
        ended = [(link, number) for link, number, one in self._subscriptions() if one.account is account]
        for link, number in ended:
            link.session.unsubscribe(number)
            self.tell_ended(link, now_ms)
        return len(ended)

    def step(self, now_ms: int) -> None:
        """Send what was held back, and end what has expired."""
        while self._late and self._late[0].due_ms <= now_ms:
            late = heapq.heappop(self._late)
            self._spread(late.account, late.product, late.event)
        if not self._keys.step(now_ms):
            return
        for link, number, one in list(self._subscriptions()):
            if one.expires_ms is not None and one.expires_ms <= now_ms:
                link.session.unsubscribe(number)
                self.tell_ended(link, now_ms)

    def _spread(self, account: Account, product: Product, event: Event) -> None:
        if product != "spot":
            self.send(product, account, event)
            return
        self.send(account.wallet, account.owner, event, account.symbol)

    def _send_to_key(self, key: ListenKey, kind: AccountKind, event: Event) -> int:
        told = 0
        for socket, wanted in list(self._sockets.get(key.text, {}).items()):
            if socket.account_kind == kind and (wanted is None or event.get("e") in wanted):
                socket.deliver(key.text, spell_event(event, socket.time_unit))
                told += 1
        return told

    def _key_ended(self, key: ListenKey, now_ms: int) -> None:
        if not self._faults.is_frozen:
            for kind, product in _KEY_PRODUCTS.items():
                if product == key.product:
                    self._send_to_key(key, kind, key_expired(key, kind, now_ms))

    def _subscriptions(self) -> Iterator[tuple[ApiLink, int, Subscription]]:
        for link in self._links:
            for number, one in link.session.subscriptions.items():
                yield link, number, one


def _notify(link: ApiLink, number: int, event: Event) -> None:
    payload = spell_event(event, link.time_unit)
    link.notify(b'{"subscriptionId":%d,"event":%b}' % (number, payload))
