"""What is said of positions: liquidations, open interest, and assets as collateral."""

from typing import TYPE_CHECKING, Any, Generic, TypeVar

from fastbinance import _builders as build
from fastbinance._market.base import Wanting
from fastbinance.keys import Market

if TYPE_CHECKING:
    from fastbinance.rings import AnyRing

__all__ = ["PositionStreams"]

F = TypeVar("F", bound="AnyRing[Any, Any]")
N = TypeVar("N", bound="AnyRing[Any, Any]")
X = TypeVar("X", bound="AnyRing[Any, Any]")


class PositionStreams(Wanting, Generic[F, N, X]):
    """Methods whose records are liquidation orders (F), open interest (N) and asset indices (X)."""

    def force_orders(
        self, symbol: str | None = None, market: Market = "usdm", *, capacity: int | None = None
    ) -> F:
        """Return liquidation orders of a symbol or of all: at most the newest one of a symbol each second.

        Parameters
        ----------
        symbol
            In any case. None: all symbols in one ring; USD-M and COIN-M bring those of both.
        market
            ``"usdm"`` or ``"coinm"``.
        capacity
            Slots of the ring, a power of two; by default 256, and 4,096 for all symbols.

        Returns
        -------
        ForceOrderRing or AsyncForceOrderRing
            Prices in quote asset, quantities in base asset (contracts on COIN-M); `side`, `order_type`,
            `time_in_force` and `order_status` are the numbers of `Side`, `OrderType`, `TimeInForce` and
            `OrderStatus`.

        Raises
        ------
        ConfigurationError
            The symbol or market cannot be; the message names what can.

        Source: "Liquidation Order Streams" (``<symbol>@forceOrder``), "All Market Liquidation Order Streams"
        (``!forceOrder@arr``).
        """
        ring: F = self._want(build.force_orders(symbol, market), capacity)
        return ring

    def open_interest(self, underlying: str, expiry: str, *, capacity: int | None = None) -> N:
        """Return open interest of an underlying's options of one expiry, in one ring; every minute.

        Parameters
        ----------
        underlying
            ``"btcusdt"``.
        expiry
            The day, ``"261225"`` (YYMMDD).
        capacity
            Slots of the ring, a power of two; by default 8,192.

        Returns
        -------
        OpenInterestRing or AsyncOpenInterestRing
            In contracts and in USDT.

        Raises
        ------
        ConfigurationError
            The underlying or expiry cannot be.

        Source: Options WebSocket Market Streams, "Open Interest" (``<underlying>@openInterest@<expiry>``).
        """
        ring: N = self._want(build.open_interest(underlying, expiry), capacity)
        return ring

    def asset_index(self, asset: str | None = None, *, capacity: int | None = None) -> X:
        """Return the index of an asset in USD-M's multi-assets mode, or of all in one ring; every second.

        Parameters
        ----------
        asset
            Binance's name of asset and USD, ``"adausd"``; None is all of them.
        capacity
            Slots of the ring, a power of two; by default 256, and 1,024 for all assets.

        Returns
        -------
        AssetIndexRing or AsyncAssetIndexRing
            Prices in USD, buffers as fractions.

        Raises
        ------
        ConfigurationError
            The asset cannot be.

        Source: USD-M WebSocket Market Streams, "Multi-Assets Mode Asset Index" (``!assetIndex@arr``,
        ``<asset>@assetIndex``).
        """
        ring: X = self._want(build.asset_index(asset), capacity)
        return ring
