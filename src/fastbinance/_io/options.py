"""What a user may change about connections, and the budget of attempts that all of them share."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from ssl import SSLContext

from fastbinance._io.proxy import Proxy
from fastbinance._io.sockets import is_loopback
from fastbinance._protocol.limits import attempts_bucket
from fastbinance._protocol.rollover import RolloverPlan

__all__ = ["PROCESS_BUDGET", "ConnectBudget", "ConnectionOptions"]


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
    rollover
        When a connection is replaced for its age.
    lines
        How many connections carry each stream.
    hold_seconds
        How long a record is held back while another line may bring the ones before it.
    linger
        Seconds that a connection without streams is kept for the next one.
    read_buffer_bytes
        First size of the read buffer; it grows by itself.
    """

    ssl_context: SSLContext | None = None
    api_key: str | None = field(default=None, repr=False)
    proxy: Proxy | None = None
    handshake_timeout: float = 5.0
    close_timeout: float = 0.5
    backoff_base: float = 0.25
    backoff_cap: float = 30.0
    stable_after: float = 1.0
    quiet_after: float = 5.0
    sample_every: float = 0.05
    answer_timeout: float = 10.0
    rollover: RolloverPlan = field(default_factory=RolloverPlan)
    lines: int = 1
    hold_seconds: float = 0.020
    linger: float = 2.0
    read_buffer_bytes: int = 256 * 1024

    @property
    def secrets(self) -> tuple[str, ...]:
        """What is sent in handshakes and shown nowhere."""
        return () if self.api_key is None else (self.api_key,)


class ConnectBudget:
    """Connection attempts of a whole process; may be shared by the threads of several clients.

    Parameters
    ----------
    attempts, seconds
        At most so many attempts in any so many seconds. Half may be made at once, the others come with time.
    count_loopback
        Whether hosts on this machine count. They are not Binance's, so by default they do not.
    clock
        Seconds, never going back.
    """

    def __init__(
        self,
        attempts: int = 300,
        seconds: float = 300.0,
        *,
        count_loopback: bool = False,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._bucket = attempts_bucket(attempts, seconds, clock())
        self._count_loopback = count_loopback
        self._clock = clock
        self._lock = threading.Lock()

    def take(self, host: str) -> float:
        """Take one attempt and return 0.0, or return the seconds after which to ask again."""
        if not self._count_loopback and is_loopback(host):
            return 0.0
        with self._lock:
            now = self._clock()
            if self._bucket.take(now):
                return 0.0
            return max(self._bucket.next_at(now) - now, 0.001)


#: Binance counts 300 attempts in five minutes per address, whatever client in this process makes them.
PROCESS_BUDGET = ConnectBudget()
