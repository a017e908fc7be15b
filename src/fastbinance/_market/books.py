"""Order books that are kept: the methods that give them."""

from typing import TYPE_CHECKING, Generic, TypeVar

from fastbinance import _builders as build
from fastbinance._market.base import Wanting
from fastbinance._protocol.snapshots import DEFAULT_LIMIT, SnapshotRequest, snapshot_request
from fastbinance.errors import ConfigurationError
from fastbinance.keys import Format, Market

if TYPE_CHECKING:
    from fastbinance.order_book import AnyOrderBook

__all__ = ["OrderBooks"]

B = TypeVar("B", bound="AnyOrderBook")


class OrderBooks(Wanting, Generic[B]):
    """The methods that give order books (B)."""

    def order_book(
        self,
        symbol: str,
        market: Market = "spot",
        *,
        limit: int | None = None,
        levels: int | None = None,
        speed_ms: int | None = None,
        format: Format = "json",
        book_ticker: bool = True,
        rpi: bool = False,
    ) -> B:
        """Return the order book of a symbol, kept from its diffs in native code.

        It is there at once, and empty until its snapshot has come and the diffs prove it: `ready`. Where a
        diff is missing, the old levels are served as STALE until a new snapshot is joined. Snapshots of many
        books wait for each other within Binance's request weight, the busiest first. Asking again returns the
        same book.

        Parameters
        ----------
        symbol
            In any case.
        market
            ``"spot"``, ``"usdm"``, ``"coinm"`` or ``"options"``; ``"alpha"`` with `levels`.
        limit
            Levels a side of a snapshot: up to 5,000 on spot; 5, 10, 20, 50, 100, 500 or 1,000 elsewhere; None
            is 1,000. What lies outside is unknown until it changes: `known_depth`.
        levels
            5, 10 or 20 makes a book of so many levels of the partial depth stream instead: no snapshot, and
            nothing to prove, because each message is all of it.
        speed_ms
            Milliseconds between messages; see `diff_depth` and `partial_depth`.
        format
            ``"sbe"``, on spot only: the binary stream, every 20 ms (50 ms with `levels`). It needs the
            client's ``api_key``.
        book_ticker
            Whether to subscribe to the symbol's quotes too: they are ahead of the diffs, and are the best
            levels where they are newer.
        rpi
            On USD-M: of the book with retail price improvement orders, every 500 ms; without quotes.

        Returns
        -------
        OrderBook or AsyncOrderBook
            Levels are ``[price, qty]``, in quote asset and base asset (contracts on COIN-M and options).

        Raises
        ------
        ConfigurationError
            Something cannot be; the message names what can. Or there is such a book with another `limit`.

        Source: "How to manage a local order book correctly" of each market.
        """
        if not isinstance(book_ticker, bool) or not isinstance(rpi, bool):
            raise ConfigurationError("book_ticker and rpi are True or False")
        request: SnapshotRequest | None = None
        if levels is not None:
            if limit is not None or rpi:
                raise ConfigurationError("a book of so many levels has no snapshot: leave limit and rpi out")
            stream = build.partial_depth(symbol, market, levels, speed_ms, format)
        else:
            limit = DEFAULT_LIMIT if limit is None else limit
            if rpi:
                _check_rpi(market, speed_ms, format)
                stream = build.rpi_depth(symbol)
            elif market == "alpha":
                stream = build.full_depth(symbol, speed_ms)
            else:
                stream = build.diff_depth(symbol, market, speed_ms, format)
            request = snapshot_request(market, str(stream.ring_symbol), limit, rpi=rpi)
        quotes = None
        if book_ticker and not rpi:
            quotes = build.book_ticker(symbol, market, format)
        book: B = self._want_book(stream, quotes, request)
        return book


def _check_rpi(market: Market, speed_ms: int | None, format: Format) -> None:
    if market != "usdm" or format != "json" or speed_ms not in (None, 500):
        raise ConfigurationError("rpi=True is for market='usdm', as JSON, every 500 ms")
