"""Order books: changes of them, and their top levels."""

from typing import TYPE_CHECKING, Any, Generic, TypeVar

from fastbinance import _builders as build
from fastbinance._grammar import LEVELS
from fastbinance._market.base import Wanting
from fastbinance.keys import Format, Market

if TYPE_CHECKING:
    from fastbinance.rings import AnyRing

__all__ = ["DepthStreams"]

D = TypeVar("D", bound="AnyRing[Any, Any]")


class DepthStreams(Wanting, Generic[D]):
    """Methods whose records are depth messages (D)."""

    def diff_depth(
        self,
        symbol: str,
        market: Market = "spot",
        *,
        speed_ms: int | None = None,
        format: Format = "json",
        capacity: int | None = None,
        level_capacity: int | None = None,
    ) -> D:
        """Return changed levels of a symbol's book since the previous message.

        Parameters
        ----------
        symbol
            In any case.
        market
            ``"spot"``, ``"usdm"``, ``"coinm"`` or ``"options"``; for Alpha see `full_depth`.
        speed_ms
            Milliseconds between messages: 100 (default) or 1000 on spot; 100 (default), 250 or 500 on USD-M
            and COIN-M; 100 (default) or 500 on options.
        format
            ``"sbe"``, on spot only: Binance's binary stream, every 20 ms. It needs the client's ``api_key``.
        capacity, level_capacity
            Slots of the ring and levels of its arena, powers of two; by default 512 and 32,768.

        Returns
        -------
        DepthRing or AsyncDepthRing
            Levels are ``[price, qty]``, in quote asset and base asset (contracts on COIN-M and options).

        Raises
        ------
        ConfigurationError
            The symbol, market, speed or format cannot be; the message names what can.

        Source: "Diff. Depth Stream" (``<symbol>@depth``, ``@100ms``, ``@500ms``).
        """
        stream = build.diff_depth(symbol, market, speed_ms, format)
        ring: D = self._want(stream, capacity, level_capacity)
        return ring

    def partial_depth(
        self,
        symbol: str,
        market: Market = "spot",
        *,
        levels: int = max(LEVELS),
        speed_ms: int | None = None,
        format: Format = "json",
        capacity: int | None = None,
        level_capacity: int | None = None,
    ) -> D:
        """Return the best levels of a symbol's book, whole every time.

        Parameters
        ----------
        symbol, capacity, level_capacity
            As in `diff_depth`.
        market
            ``"spot"``, ``"usdm"``, ``"coinm"``, ``"options"`` or ``"alpha"``.
        levels
            5, 10 or 20 a side; 20 as SBE.
        speed_ms
            As in `diff_depth`; 0 (default: at once), 100 or 500 on Alpha; 50 as SBE.
        format
            ``"sbe"``, on spot only: Binance's binary stream ``<symbol>@depth20``, every 50 ms. It needs the
            client's ``api_key``.

        Returns
        -------
        DepthRing or AsyncDepthRing
            Levels are ``[price, qty]``, best first.

        Raises
        ------
        ConfigurationError
            The symbol, market, levels, speed or format cannot be; the message names what can.

        Source: "Partial Book Depth Streams" (``<symbol>@depth<levels>``).
        """
        stream = build.partial_depth(symbol, market, levels, speed_ms, format)
        ring: D = self._want(stream, capacity, level_capacity)
        return ring

    def rpi_depth(self, symbol: str, *, capacity: int | None = None, level_capacity: int | None = None) -> D:
        """Return changed levels of a USD-M symbol's book with retail price improvement orders; every 500 ms.

        A level of quantity 0 is gone, or hidden because it crosses.

        Parameters
        ----------
        symbol, capacity, level_capacity
            As in `diff_depth`.

        Returns
        -------
        DepthRing or AsyncDepthRing
            Levels are ``[price, qty]``, in quote and base asset.

        Raises
        ------
        ConfigurationError
            The symbol cannot be.

        Source: USD-M WebSocket Market Streams, "RPI Diff. Book Depth Streams" (``<symbol>@rpiDepth@500ms``).
        """
        ring: D = self._want(build.rpi_depth(symbol), capacity, level_capacity)
        return ring

    def full_depth(
        self,
        symbol: str,
        *,
        speed_ms: int | None = None,
        capacity: int | None = None,
        level_capacity: int | None = None,
    ) -> D:
        """Return changed levels of an Alpha symbol's book, of all orders and not only those of the app.

        Parameters
        ----------
        symbol, capacity, level_capacity
            As in `diff_depth`; Alpha's symbols are like ``"alpha_474usdt"``.
        speed_ms
            Milliseconds between messages: 0 (default: at once), 100 or 500.

        Returns
        -------
        DepthRing or AsyncDepthRing
            Levels are ``[price, qty]``, in quote and base asset.

        Raises
        ------
        ConfigurationError
            The symbol or speed cannot be.

        Source: Alpha WebSocket Streams, "Full Depth Streams" (``<symbol>@fulldepth@<speed>ms``).
        """
        ring: D = self._want(build.full_depth(symbol, speed_ms), capacity, level_capacity)
        return ring
