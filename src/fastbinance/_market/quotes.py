"""Best prices and trades."""

from typing import TYPE_CHECKING, Any, Generic, TypeVar

from fastbinance import _builders as build
from fastbinance._market.base import Wanting
from fastbinance.keys import Format, Market

if TYPE_CHECKING:
    from fastbinance.rings import AnyRing

__all__ = ["QuoteStreams"]

B = TypeVar("B", bound="AnyRing[Any, Any]")
T = TypeVar("T", bound="AnyRing[Any, Any]")
A = TypeVar("A", bound="AnyRing[Any, Any]")


class QuoteStreams(Wanting, Generic[B, T, A]):
    """Methods whose records are quotes (B), trades (T) and aggregate trades (A)."""

    def book_ticker(
        self,
        symbol: str | None = None,
        market: Market = "spot",
        *,
        format: Format = "json",
        capacity: int | None = None,
    ) -> B:
        """Return best bid and ask of a symbol, in real time.

        Parameters
        ----------
        symbol
            ``"btcusdt"``, in any case. None: all symbols of the market in one ring (USD-M every 5 s, COIN-M
            and Alpha).
        market
            ``"spot"``, ``"usdm"``, ``"coinm"``, ``"options"`` or ``"alpha"``.
        format
            ``"sbe"``, on spot only: Binance's binary stream ``<symbol>@bestBidAsk``, which has times in
            microseconds and skips older quotes under load. It needs the client's ``api_key``.
        capacity
            Slots of the ring, a power of two; by default 1,024, and 65,536 for all symbols.

        Returns
        -------
        BookTickerRing or AsyncBookTickerRing
            Prices in quote asset, quantities in base asset (contracts on COIN-M and options).

        Raises
        ------
        ConfigurationError
            The symbol, market or format cannot be; the message names what can.

        Source: "Individual Symbol Book Ticker Streams" (``<symbol>@bookTicker``), "All Book Tickers Stream"
        (``!bookTicker``); SBE Market Data Streams, "Best Bid/Ask Streams".
        """
        ring: B = self._want(build.book_ticker(symbol, market, format), capacity)
        return ring

    def trades(
        self,
        symbol: str,
        market: Market = "spot",
        *,
        format: Format = "json",
        capacity: int | None = None,
    ) -> T:
        """Return trades of a symbol, one record each, in real time.

        Parameters
        ----------
        symbol
            In any case. On options also an underlying, ``"btcusdt"``: the trades of all its options in one
            ring.
        market, format
            As in `book_ticker`; as SBE one message may bring several trades, each a record.
        capacity
            Slots of the ring, a power of two; by default 1,024, and 16,384 of an underlying.

        Returns
        -------
        TradeRing or AsyncTradeRing
            Price in quote asset, quantity in base asset (contracts on COIN-M and options).

        Raises
        ------
        ConfigurationError
            The symbol, market or format cannot be; the message names what can.

        Source: "Trade Streams" (``<symbol>@trade``); on USD-M and COIN-M the stream is not documented;
        Options, "Trade Streams" (``<symbol>@optionTrade``, ``<underlying>@optionTrade``).
        """
        ring: T = self._want(build.trades(symbol, market, format), capacity)
        return ring

    def agg_trades(self, symbol: str, market: Market = "spot", *, capacity: int | None = None) -> A:
        """Return trades of a symbol, those of one taker order at one price together.

        Parameters
        ----------
        symbol
            In any case.
        market
            ``"spot"``, ``"usdm"``, ``"coinm"`` or ``"alpha"``. Futures: every 100 ms.
        capacity
            Slots of the ring, a power of two; by default 1,024.

        Returns
        -------
        AggTradeRing or AsyncAggTradeRing
            Price in quote asset, quantity in base asset (contracts on COIN-M).

        Raises
        ------
        ConfigurationError
            The symbol or market cannot be; the message names what can.

        Source: "Aggregate Trade Streams" (``<symbol>@aggTrade``).
        """
        ring: A = self._want(build.agg_trades(symbol, market), capacity)
        return ring

    def block_trades(self, symbol: str, *, capacity: int | None = None) -> T:
        """Return block trades of a spot symbol, in real time.

        Parameters
        ----------
        symbol
            In any case.
        capacity
            Slots of the ring, a power of two; by default 256.

        Returns
        -------
        TradeRing or AsyncTradeRing
            Price in quote asset, quantity in base asset; `trade_id` counts block trades.

        Raises
        ------
        ConfigurationError
            The symbol cannot be.

        Source: Spot WebSocket Streams, "Block Trade Streams" (``<symbol>@blockTrade``).
        """
        ring: T = self._want(build.block_trades(symbol), capacity)
        return ring
