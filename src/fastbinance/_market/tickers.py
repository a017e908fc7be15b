"""Statistics of windows."""

from typing import TYPE_CHECKING, Any, Generic, TypeVar

from fastbinance import _builders as build
from fastbinance._market.base import Wanting
from fastbinance.keys import Market

if TYPE_CHECKING:
    from fastbinance.rings import AnyRing

__all__ = ["TickerStreams"]

S = TypeVar("S", bound="AnyRing[Any, Any]")
M = TypeVar("M", bound="AnyRing[Any, Any]")


class TickerStreams(Wanting, Generic[S, M]):
    """Methods whose records are statistics (S) and short statistics (M)."""

    def ticker(
        self,
        symbol: str | None = None,
        market: Market = "spot",
        *,
        window: str | None = None,
        capacity: int | None = None,
    ) -> S:
        """Return statistics of the last 24 hours, or of a rolling window, of a symbol or of all.

        Parameters
        ----------
        symbol
            In any case. None: all symbols that changed, in one ring (USD-M, COIN-M and Alpha; spot only with
            a window). USD-M and COIN-M bring the symbols of both: the records' flags tell which.
        market
            ``"spot"``, ``"usdm"``, ``"coinm"``, ``"options"`` or ``"alpha"``.
        window
            ``"1h"``, ``"4h"`` or ``"1d"``, on spot only; None is 24 hours.
        capacity
            Slots of the ring, a power of two; by default 256, and 16,384 for all symbols.

        Returns
        -------
        TickerRing or AsyncTickerRing
            Prices in quote asset, volumes in base and quote asset (contracts and base asset on COIN-M). What
            a stream lacks is NaN: best bid and ask outside spot, the last quantity in rolling windows.

        Raises
        ------
        ConfigurationError
            The symbol, market or window cannot be; the message names what can.

        Source: "Individual Symbol Ticker Streams" (``<symbol>@ticker``), "All Market Tickers Streams"
        (``!ticker@arr``), "Individual Symbol Rolling Window Statistics Streams"
        (``<symbol>@ticker_<window>``, ``!ticker_<window>@arr``); Options, "24-hour Ticker"
        (``<symbol>@optionTicker``).
        """
        ring: S = self._want(build.ticker(symbol, market, window), capacity)
        return ring

    def option_tickers(self, underlying: str, expiry: str, *, capacity: int | None = None) -> S:
        """Return statistics of the last 24 hours of an underlying's options of one expiry, in one ring.

        Parameters
        ----------
        underlying
            ``"btcusdt"``.
        expiry
            The day, ``"261225"`` (YYMMDD).
        capacity
            Slots of the ring, a power of two; by default 16,384.

        Returns
        -------
        TickerRing or AsyncTickerRing
            Prices in quote asset, volumes in contracts and quote asset.

        Raises
        ------
        ConfigurationError
            The underlying or expiry cannot be.

        Source: Options WebSocket Market Streams, "24-hour Ticker by underlying and expiration date"
        (``<underlying>@optionTicker@<expiry>``).
        """
        ring: S = self._want(build.option_tickers(underlying, expiry), capacity)
        return ring

    def mini_ticker(
        self, symbol: str | None = None, market: Market = "spot", *, capacity: int | None = None
    ) -> M:
        """Return short statistics of the last 24 hours, of a symbol or of all.

        Parameters
        ----------
        symbol
            In any case. None: all symbols that changed, in one ring; USD-M and COIN-M bring those of both.
        market
            ``"spot"``, ``"usdm"``, ``"coinm"`` or ``"alpha"``.
        capacity
            Slots of the ring, a power of two; by default 256, and 16,384 for all symbols.

        Returns
        -------
        MiniTickerRing or AsyncMiniTickerRing
            Prices in quote asset, volumes in base and quote asset (contracts and base asset on COIN-M).

        Raises
        ------
        ConfigurationError
            The symbol or market cannot be; the message names what can.

        Source: "Individual Symbol Mini Ticker Stream" (``<symbol>@miniTicker``), "All Market Mini Tickers
        Stream" (``!miniTicker@arr``).
        """
        ring: M = self._want(build.mini_ticker(symbol, market), capacity)
        return ring
