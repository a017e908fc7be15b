"""Prices that are computed and not traded: averages, references, marks and indices."""

from typing import TYPE_CHECKING, Any, Generic, TypeVar

from fastbinance import _builders as build
from fastbinance import streams
from fastbinance._market.base import Wanting
from fastbinance.keys import Market

if TYPE_CHECKING:
    from fastbinance.rings import AnyRing

__all__ = ["PriceStreams"]

V = TypeVar("V", bound="AnyRing[Any, Any]")
R = TypeVar("R", bound="AnyRing[Any, Any]")
P = TypeVar("P", bound="AnyRing[Any, Any]")
O = TypeVar("O", bound="AnyRing[Any, Any]")  # noqa: E741
I = TypeVar("I", bound="AnyRing[Any, Any]")  # noqa: E741


class PriceStreams(Wanting, Generic[V, R, P, O, I]):
    """Methods whose records are average (V), reference (R), mark (P), option mark (O), index (I) prices."""

    def average_price(self, symbol: str, *, capacity: int | None = None) -> V:
        """Return the average price of a spot symbol over the last minutes; every second.

        Parameters
        ----------
        symbol
            In any case.
        capacity
            Slots of the ring, a power of two; by default 256.

        Returns
        -------
        AveragePriceRing or AsyncAveragePriceRing
            In quote asset.

        Raises
        ------
        ConfigurationError
            The symbol cannot be.

        Source: Spot WebSocket Streams, "Average Price" (``<symbol>@avgPrice``).
        """
        ring: V = self._want(build.average_price(symbol), capacity)
        return ring

    def reference_price(self, symbol: str, *, capacity: int | None = None) -> R:
        """Return the reference price of a spot symbol; every second.

        Parameters
        ----------
        symbol, capacity
            As in `average_price`.

        Returns
        -------
        ReferencePriceRing or AsyncReferencePriceRing
            In quote asset; NaN while there is none.

        Raises
        ------
        ConfigurationError
            The symbol cannot be.

        Source: Spot WebSocket Streams, "Reference Price" (``<symbol>@referencePrice``).
        """
        ring: R = self._want(build.reference_price(symbol), capacity)
        return ring

    def mark_price(
        self,
        symbol: str | None = None,
        market: Market = "usdm",
        *,
        speed_ms: int = 1000,
        capacity: int | None = None,
    ) -> P:
        """Return mark price and funding of a symbol, or of all symbols of USD-M.

        Parameters
        ----------
        symbol
            In any case. None: all symbols in one ring, on USD-M; `pair_mark_prices` has those of a COIN-M
            pair.
        market
            ``"usdm"`` or ``"coinm"``.
        speed_ms
            Milliseconds between messages: 1000 or 3000.
        capacity
            Slots of the ring, a power of two; by default 256, and 16,384 for all symbols.

        Returns
        -------
        MarkPriceRing or AsyncMarkPriceRing
            Prices in quote asset, the funding rate a fraction.

        Raises
        ------
        ConfigurationError
            The symbol, market or speed cannot be; the message names what can.

        Source: "Mark Price Stream" (``<symbol>@markPrice``, ``@1s``), "Mark Price Stream for All market"
        (``!markPrice@arr``, ``@1s``).
        """
        ring: P = self._want(build.mark_price(symbol, market, speed_ms), capacity)
        return ring

    def pair_mark_prices(self, pair: str, *, speed_ms: int = 1000, capacity: int | None = None) -> P:
        """Return mark price and funding of all symbols of a COIN-M pair, in one ring.

        Parameters
        ----------
        pair
            ``"btcusd"``.
        speed_ms
            Milliseconds between messages: 1000 or 3000.
        capacity
            Slots of the ring, a power of two; by default 16,384.

        Returns
        -------
        MarkPriceRing or AsyncMarkPriceRing
            As `mark_price`.

        Raises
        ------
        ConfigurationError
            The pair or speed cannot be; the message names what can.

        Source: COIN-M WebSocket Market Streams, "Mark Price of All Symbols of a Pair" (``<pair>@markPrice``,
        ``@1s``).
        """
        ring: P = self._want(build.pair_mark_prices(pair, speed_ms), capacity)
        return ring

    def option_mark_prices(self, underlying: str, *, capacity: int | None = None) -> O:
        """Return mark prices and greeks of all options on an underlying, in one ring; every second.

        Parameters
        ----------
        underlying
            ``"btcusdt"``.
        capacity
            Slots of the ring, a power of two; by default 32,768.

        Returns
        -------
        OptionMarkPriceRing or AsyncOptionMarkPriceRing
            Prices in quote asset.

        Raises
        ------
        ConfigurationError
            The underlying cannot be.

        Source: Options WebSocket Market Streams, "Mark Price" (``<underlying>@optionMarkPrice``).
        """
        ring: O = self._want(build.option_mark_prices(underlying), capacity)
        return ring

    def index_price(self, pair: str, *, speed_ms: int = 3000, capacity: int | None = None) -> I:
        """Return the index price of a COIN-M pair.

        Parameters
        ----------
        pair
            ``"btcusd"``.
        speed_ms
            Milliseconds between messages: 3000, or 1000, which not every source says to be served still.
        capacity
            Slots of the ring, a power of two; by default 256.

        Returns
        -------
        IndexPriceRing or AsyncIndexPriceRing
            In quote asset; its symbol is the pair.

        Raises
        ------
        ConfigurationError
            The pair or speed cannot be; the message names what can.

        Source: COIN-M WebSocket Market Streams, "Index Price Stream" (``<pair>@indexPrice``, ``@1s``).
        """
        ring: I = self._want(build.index_price(pair, speed_ms), capacity)
        return ring

    def index_prices(self, *, capacity: int | None = None) -> I:
        """Return the index prices of all underlyings of options, in one ring; every second.

        Parameters
        ----------
        capacity
            Slots of the ring, a power of two; by default 1,024.

        Returns
        -------
        IndexPriceRing or AsyncIndexPriceRing
            In quote asset; its symbols are the underlyings.

        Raises
        ------
        ConfigurationError
            The capacity cannot be.

        Source: Options WebSocket Market Streams, "Index Price Streams" (``!index@arr``).
        """
        ring: I = self._want(streams.parse("!index@arr", "options"), capacity)
        return ring
