"""`Client`: the front door for scripts and threads."""

from typing import Literal, Unpack

from fastbinance._blocking_client import BlockingClient
from fastbinance._client_options import ClientOptions
from fastbinance._core.ring import Bell
from fastbinance._core.segment import SharedBell
from fastbinance._feed.shared import check_tuning, share
from fastbinance.errors import ConfigurationError
from fastbinance.user_data import BlockingUserStreams
from fastbinance.ws_api import BlockingRequests

__all__ = ["Client"]


class Client(BlockingClient, BlockingRequests, BlockingUserStreams):
    """Binance's streams for synchronous code: the feed runs on a background thread.

    Parameters
    ----------
    feed
        Where the feed runs: on a ``"thread"`` of this process, or in a ``"process"`` of its own, where a
        caller that keeps Python busy cannot slow it; on Linux and macOS.
    cpu
        Number of the processor that a feed in a process of its own stays on; None leaves it to the system.
    spin
        Whether such a feed looks at its sockets all the time instead of sleeping: faster by a wake-up, and it
        takes a whole processor.
    **options
        ``env``, ``market_maker``, ``urls``, ``ssl_context``, ``capacity``, ``time_unit``, ``api_key``,
        ``proxy``: see `ClientOptions`.

    Raises
    ------
    ConfigurationError
        An option cannot be; the message names what can. Nothing has been connected then.

    Examples
    --------
    >>> with fastbinance.Client() as fb:
    ...     buf = fb.book_ticker("btcusdt")
    ...     buf.ready(timeout=5)
    ...     print(buf.last().bid_price)
    """

    def __init__(
        self,
        *,
        feed: Literal["thread", "process"] = "thread",
        cpu: int | None = None,
        spin: bool = False,
        **options: Unpack[ClientOptions],
    ) -> None:
        if feed not in ("thread", "process"):
            raise ConfigurationError(
                f"the feed of a Client runs in a 'thread' or a 'process', not {feed!r};"
                " AsyncClient has 'inline'"
            )
        check_tuning(feed, cpu, spin)
        if feed == "process":
            bell = SharedBell()
            super().__init__(bell, share(bell, cpu, spin), **options)
        else:
            super().__init__(Bell(), **options)
