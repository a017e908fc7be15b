"""What a user may change about connections, and the budget of attempts that all of them share."""

import copy
import ipaddress
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from ssl import SSLContext
from typing import Final

from fastbinance._io.proxy import Proxy
from fastbinance._io.sockets import is_loopback
from fastbinance._protocol.limits import Ban, attempts_bucket
from fastbinance._protocol.rollover import RolloverPlan

__all__ = ["CONNECTS", "PROCESS_BUDGET", "ConnectBudget", "ConnectionOptions", "budget_for"]

#: Attempts that Binance allows an address in five minutes.
CONNECTS: Final = 300

# Shorter texts are no secrets, and would be found everywhere.
_SHORTEST_SECRET: Final = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionOptions:
    """How connections are made and watched.

    Attributes
    ----------
    ssl_context
        For ``wss``; None is the system's trusted certificates.
    api_key
        Sent in the handshake of services that want one, SBE; never shown.
    proxy
        The HTTP or SOCKS proxy of every connection; None connects directly. Its credentials are never shown.
    headers
        Sent in each handshake, as pairs; see `read_headers`. Never shown.
    subprotocols
        Offered in each handshake, the wanted one first.
    source_address
        Address of this machine that each connection comes from, also the one to a proxy.
    connects
        Attempts in five minutes; another number than Binance's makes a budget of the client's own.
    handshake_timeout
        Seconds for each step of an attempt: TCP, TLS, WebSocket.
    close_timeout
        Seconds that the peer gets for its half of the close handshake.
    backoff_base, backoff_cap
        Seconds before the second retry, and the longest delay. The first retry is immediate.
    stable_after
        Seconds after which a connection counts as good: its loss is a new one, and the retry immediate.
    quiet_after
        Seconds without a record after which a ring is QUIET.
    sample_every
        Seconds between two looks at the rings.
    answer_timeout
        Seconds that Binance gets for the answer to a control message.
    ping_interval
        Seconds between PINGs of ours; None sends none.
    rollover
        When a connection is replaced for its age.
    lines
        How many connections carry each stream.
    hold_seconds
        How long a record is held back while another line may bring the ones before it.
    spread_load
        Messages a second, weighted by kind, above which the streams of a connection are shared out over two.
    spread_every
        Seconds between two looks at that.
    renew_key_every
        Seconds between renewals of a listen key, which Binance has live for twice as long.
    weight_a_minute
        What REST of each product allows in a minute, where it is not Binance's; None is Binance's.
    linger
        Seconds that a connection without streams is kept for the next one.
    read_buffer_bytes
        First size of the read buffer; it grows by itself. picows writes to all of it at the handshake, so a
        large one is resident although nothing comes.
    """

    ssl_context: SSLContext | None = None
    api_key: str | None = field(default=None, repr=False)
    proxy: Proxy | None = None
    headers: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    subprotocols: tuple[str, ...] = ()
    source_address: str | None = None
    connects: int = CONNECTS
    handshake_timeout: float = 5.0
    close_timeout: float = 0.5
    backoff_base: float = 0.25
    backoff_cap: float = 30.0
    stable_after: float = 1.0
    quiet_after: float = 5.0
    sample_every: float = 0.05
    answer_timeout: float = 10.0
    ping_interval: float | None = None
    rollover: RolloverPlan = field(default_factory=RolloverPlan)
    lines: int = 1
    hold_seconds: float = 0.020
    spread_load: float = 100_000.0
    spread_every: float = 5.0
    renew_key_every: float = 1800.0
    weight_a_minute: int | None = None
    linger: float = 2.0
    read_buffer_bytes: int = 64 * 1024

    @property
    def secrets(self) -> tuple[str, ...]:
        """What is sent in handshakes and shown nowhere: the key, and the words of header values."""
        key = () if self.api_key is None else (self.api_key,)
        words = [word for _, value in self.headers for word in value.split()]
        return (*key, *(word for word in words if len(word) >= _SHORTEST_SECRET))


class ConnectBudget:
    """Connection attempts of an address, and the bans it is under; shared by the threads of several clients.

    Binance bans an address and not a connection: after a 418 or 429 of one of its hosts all hosts of the same
    registered domain, such as ``binance.com``, are left alone until the ban is over.

    Parameters
    ----------
    attempts, seconds
        At most so many attempts in any so many seconds. Half may be made at once, the others come with time.
    count_loopback
        Whether hosts on this machine count. They are not Binance's, so by default they do not. Their bans
        always hold, for all of them together.
    clock
        Seconds, never going back.
    """

    def __init__(
        self,
        attempts: int = CONNECTS,
        seconds: float = 300.0,
        *,
        count_loopback: bool = False,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._attempts = attempts
        self._seconds = seconds
        self._bucket = attempts_bucket(attempts, seconds, clock())
        self._bans: dict[str, Ban] = {}
        self._loopback_ban = Ban()
        self._count_loopback = count_loopback
        self._clock = clock
        self._lock = threading.Lock()

    def of_client(self, attempts: int) -> "ConnectBudget":
        """Return what one client takes its attempts from: these, or as many of its own if it names a number.

        Bans are shared in any case, but for those of hosts on this machine: each client may have another
        exchange there.
        """
        made = copy.copy(self)
        made._loopback_ban = Ban()
        if attempts != self._attempts:
            made._attempts = attempts
            made._bucket = attempts_bucket(attempts, self._seconds, self._clock())
        return made

    def take(self, host: str) -> float:
        """Take one attempt and return 0.0, or return the seconds after which to ask again."""
        with self._lock:
            now = self._clock()
            left = self._ban_of(host).remaining(now)
            if left > 0.0:
                return max(left, 0.001)
            if (not self._count_loopback and is_loopback(host)) or self._bucket.take(now):
                return 0.0
            return max(self._bucket.next_at(now) - now, 0.001)

    def banned(self, host: str, seconds: float) -> None:
        """Take note that a host wants no attempt for so many seconds."""
        with self._lock:
            self._ban_of(host).lengthen(self._clock(), seconds)

    def _ban_of(self, host: str) -> Ban:
        if is_loopback(host):
            return self._loopback_ban
        return self._bans.setdefault(_domain_of(host), Ban())


def _domain_of(host: str) -> str:
    """Return the registered domain of a host, or its address."""
    host = host.lower().rstrip(".")
    try:
        return str(ipaddress.ip_address(host))
    except ValueError:
        # Of names under such as co.uk it is too much, which is on the safe side.
        return ".".join(host.split(".")[-2:])


#: Binance counts 300 attempts in five minutes per address, whatever client in this process makes them.
PROCESS_BUDGET = ConnectBudget()

_budgets: dict[tuple[str | None, Proxy | None], ConnectBudget] = {(None, None): PROCESS_BUDGET}
_budgets_lock = threading.Lock()


def budget_for(options: ConnectionOptions) -> ConnectBudget:
    """Return the budget of a client.

    It is that of the process; with a source address or a proxy, of all clients that have the same: to Binance
    they are another address.
    """
    place = options.source_address, options.proxy
    with _budgets_lock:
        shared = _budgets.get(place)
        if shared is None:
            shared = _budgets[place] = ConnectBudget()
    return shared.of_client(options.connects)
