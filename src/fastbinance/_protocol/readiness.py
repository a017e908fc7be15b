"""What a link goes through before it carries requests: Binance's time, and a logon where the key is for that.

::

    opened --> time known? --no--> ask --> key logs on? --yes--> logon --answered--> ready
                    | yes                    ^ | no                 |
                    +------------------------+ +--> ready           +-- wrong time, once: ask again
"""

from collections.abc import Callable, Mapping
from typing import Any, Final, Protocol

from fastbinance._protocol.method import Method, Product
from fastbinance._protocol.requests import Link, LinkState, Request, Settle
from fastbinance._protocol.server_clock import ServerClock
from fastbinance._protocol.signing import Signer
from fastbinance._protocol.verdicts import WRONG_TIME
from fastbinance.request_errors import (
    NotSent,
    RateLimited,
    RequestError,
    RequestOrphaned,
    RequestRejected,
    RequestTimeout,
)

__all__ = ["SESSION_METHODS", "Readiness"]

#: Methods that change who a link speaks for.
SESSION_METHODS: Final = frozenset({"session.logon", "session.logout"})

# The key is wrong, unknown or not allowed, or the signature is: signing each request would not help.
_WRONG_KEY: Final = frozenset({-2014, -2015, -1022})
_STEP_TIMEOUT: Final = 5.0
_REFRESH_SECONDS: Final = 30.0


class LinkKeeper(Protocol):
    """The desk, as far as its links are made ready."""

    @property
    def ws_key(self) -> str:
        """Name of the service."""

    def ask(
        self,
        method: Method,
        params: dict[str, Any],
        settle: Settle,
        now: float,
        timeout: float,
        decoder: Any = None,
        /,
        *,
        link: Link | None = None,
    ) -> bool:
        """Send a request of our own at once."""

    def ready(self, link: Link, now: float) -> None:
        """Send on this link from now on."""

    def hold(self, link: Link) -> None:
        """Send nothing on this link before it is ready again."""

    def fail_waiting(self, error: Callable[[Request], RequestError]) -> None:
        """Settle what waits for a logon that has failed."""

    def hang_up(self, link: Link, reason: str) -> None:
        """End a link that is of no use."""

    def authenticated(self, link: Link) -> None:
        """Tell that a link is logged on."""


class Readiness:
    """Makes the links of one desk ready, and keeps Binance's time.

    Parameters
    ----------
    desk
        Whose links they are.
    product
        Decides which method tells the time.
    credentials
        None where there are none: nothing is signed, and a link is ready at once.
    clock
        Binance's time, as far as it is known.
    wall_ms
        Ours, in milliseconds since 1970.
    lookup
        The table of methods.
    """

    def __init__(
        self,
        desk: LinkKeeper,
        product: Product,
        credentials: Signer | None,
        clock: ServerClock,
        wall_ms: Callable[[], float],
        lookup: Mapping[tuple[Product, str], Method],
    ) -> None:
        #: When `tick` looks at the clock again; None: never, because nothing is signed.
        self.refresh_at: float | None = None
        self._desk = desk
        self._clock = clock
        self._wall_ms = wall_ms
        self._signs = credentials is not None
        self._logs_on = credentials is not None and credentials.can_log_on
        # Futures have no method for the time alone.
        self._time: Final = lookup[product, "time" if product == "spot" else "session.status"]
        self._logon: Final = lookup[product, "session.logon"]
        #: When what is heard was heard: steps are taken in answers.
        self.now = 0.0
        self._is_measuring = False

    def begin(self, link: Link, now: float) -> None:
        """Take a new link through what comes before the first request."""
        self.now = now
        self._is_measuring = False  # what was asked on a link before is not answered any more
        if not self._signs:
            self._desk.ready(link, now)
            return
        self.refresh_at = now + _REFRESH_SECONDS
        if self._clock.wants_refresh(self._wall_ms()):
            self._ask_time(link, now, lambda: self._log_on(link, is_first=True))
        else:
            self._log_on(link, is_first=True)

    def answered(self, link: Link, request: Request) -> None:
        """Take note that a logon or logout of the caller's own was carried out."""
        self._logs_on = link.is_logged_on = request.method.name == "session.logon"

    def wrong_time(self, link: Link | None, now: float) -> None:
        """Measure again: Binance has refused a time of ours."""
        self.now = now
        self._clock.distrust()
        # A link that is being made ready asks by itself before it logs on again. One that is ready holds back
        # what would be signed with a time that is not known; a time that was set by hand is known.
        if link is not None and link.state is LinkState.READY and not self._clock.by_hand:
            self._desk.hold(link)
            self.begin(link, now)

    def tick(self, link: Link, now: float) -> None:
        """Look at the clock when it is time."""
        self.now = now
        if self.refresh_at is None or now < self.refresh_at:
            return
        self.refresh_at = now + _REFRESH_SECONDS
        self.measure_if_wanted(link, now)

    def measure_if_wanted(self, link: Link, now: float, *, certainly: bool = False) -> None:
        """Ask for the time if too little is known of it; `certainly`: also where it was set by hand."""
        if self._is_measuring or not self._signs:
            return
        if (certainly and not self._clock.measured) or self._clock.wants_refresh(self._wall_ms()):
            self._is_measuring = True
            self._ask_time(link, now, lambda: None)

    # -- the steps

    def _ask_time(self, link: Link, now: float, then: Callable[[], object]) -> None:
        sent_ms = self._wall_ms()

        def settle(result: Any, error: RequestError | None) -> None:
            self._is_measuring = False  # whatever came of it
            if error is None and result is not None:
                self._clock.observe(sent_ms, self._wall_ms(), result.server_time)
            elif isinstance(error, RequestTimeout):
                self._desk.hang_up(link, "the question for the time was not answered")
                return
            elif isinstance(error, RequestOrphaned) and error.status is None:
                return  # the link is gone
            # Refused: what is signed with our own time may still be taken.
            then()

        self._desk.ask(self._time, {}, settle, now, _STEP_TIMEOUT, link=link)

    def _log_on(self, link: Link, *, is_first: bool) -> None:
        if not self._logs_on or link.is_logged_on:
            self._desk.ready(link, self.now)
            return
        sent_ms = self._wall_ms()

        def settle(result: Any, error: RequestError | None) -> None:
            if error is None:
                link.is_logged_on = True
                if result is not None and result.server_time is not None:
                    self._clock.observe(sent_ms, self._wall_ms(), result.server_time)
                self._desk.authenticated(link)
                self._desk.ready(link, self.now)
            else:
                self._not_logged_on(link, error, is_first=is_first)

        self._desk.ask(self._logon, {}, settle, self.now, _STEP_TIMEOUT, link=link)

    def _not_logged_on(self, link: Link, error: RequestError, *, is_first: bool) -> None:
        if isinstance(error, RequestTimeout) or (
            isinstance(error, RequestOrphaned) and error.status is not None
        ):
            self._fail_waiting(error)
            self._desk.hang_up(link, "the logon was not answered")
            return
        if isinstance(error, RequestOrphaned):
            return  # the link is gone; the next one logs on
        if isinstance(error, RequestRejected):
            if error.code == WRONG_TIME and is_first:
                self._ask_time(link, self.now, lambda: self._log_on(link, is_first=False))
                return
            if isinstance(error, RateLimited) or error.code in _WRONG_KEY or error.code == WRONG_TIME:
                self._fail_waiting(error)
            else:
                # Whatever it says: this key, or this server, has no sessions. Each request is signed.
                self._logs_on = False
        self._desk.ready(link, self.now)

    def _fail_waiting(self, error: RequestError) -> None:
        def told(request: Request) -> RequestError:
            facts = (self._desk.ws_key, request.method.name, None, request.client_order_id)
            if isinstance(error, RateLimited):
                return RateLimited(
                    *facts,
                    status=error.status,
                    code=error.code,
                    reason=f"logon: {error.reason}",
                    retry_after=error.retry_after,
                )
            if isinstance(error, RequestRejected):
                return RequestRejected(
                    *facts, status=error.status, code=error.code, reason=f"logon: {error.reason}"
                )
            return NotSent(*facts, reason=f"the logon failed: {error}")

        self._desk.fail_waiting(told)
