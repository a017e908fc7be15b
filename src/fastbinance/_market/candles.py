"""Candles, of symbols, pairs, indices and contracts."""

from typing import TYPE_CHECKING, Any, Generic, TypeVar

from fastbinance import _builders as build
from fastbinance._market.base import Wanting
from fastbinance.keys import Market

if TYPE_CHECKING:
    from fastbinance.rings import AnyRing

__all__ = ["CandleStreams"]

K = TypeVar("K", bound="AnyRing[Any, Any]")


class CandleStreams(Wanting, Generic[K]):
    """Methods whose records are candles (K). Each message is the newest candle as far as it has come."""

    def klines(
        self,
        symbol: str,
        interval: str,
        market: Market = "spot",
        *,
        timezone: str | None = None,
        capacity: int | None = None,
    ) -> K:
        """Return candles of a symbol, each message the newest one as far as it has come.

        Spot sends every 2 s (candles of 1 s every second), futures every 250 ms, options every second.

        Parameters
        ----------
        symbol
            In any case.
        interval
            ``"1m"``, ``"3m"``, ``"5m"``, ``"15m"``, ``"30m"``, ``"1h"``, ``"2h"``, ``"4h"``, ``"6h"``,
            ``"8h"``, ``"12h"``, ``"1d"``, ``"3d"``, ``"1w"``, ``"1M"``; spot also ``"1s"``; options have no
            ``"8h"`` and ``"1M"``. ``1m`` is a minute and ``1M`` a month.
        market
            ``"spot"``, ``"usdm"``, ``"coinm"``, ``"options"`` or ``"alpha"``.
        timezone
            ``"+08:00"``, on spot only: candles begin by that clock, and their times stay UTC. None is UTC.
        capacity
            Slots of the ring, a power of two; by default 1,024.

        Returns
        -------
        KlineRing or AsyncKlineRing
            Prices in quote asset, volumes in base and quote asset (contracts and base asset on COIN-M).

        Raises
        ------
        ConfigurationError
            The symbol, interval, market or timezone cannot be; the message names what can.

        Source: "Kline/Candlestick Streams" (``<symbol>@kline_<interval>``, on spot also ``@+08:00``).
        """
        ring: K = self._want(build.klines(symbol, interval, market, timezone), capacity)
        return ring

    def continuous_klines(
        self,
        pair: str,
        contract_type: str,
        interval: str,
        market: Market = "usdm",
        *,
        capacity: int | None = None,
    ) -> K:
        """Return candles of a pair's contracts of one type, one contract after the other; every 250 ms.

        Parameters
        ----------
        pair
            ``"btcusdt"`` on USD-M, ``"btcusd"`` on COIN-M.
        contract_type
            ``"perpetual"``, ``"current_quarter"``, ``"next_quarter"``; USD-M also ``"tradifi_perpetual"``.
        interval
            As in `klines` of futures, and ``"1s"``.
        market
            ``"usdm"`` or ``"coinm"``.
        capacity
            Slots of the ring, a power of two; by default 1,024.

        Returns
        -------
        KlineRing or AsyncKlineRing
            Its symbol is pair and type, ``BTCUSDT_PERPETUAL``.

        Raises
        ------
        ConfigurationError
            The pair, type, interval or market cannot be; the message names what can.

        Source: "Continuous Contract Kline/Candlestick Streams"
        (``<pair>_<type>@continuousKline_<interval>``).
        """
        ring: K = self._want(build.continuous_klines(pair, contract_type, interval, market), capacity)
        return ring

    def index_price_klines(self, pair: str, interval: str, *, capacity: int | None = None) -> K:
        """Return candles of the index price of a COIN-M pair; every 250 ms. Their volumes mean nothing.

        Parameters
        ----------
        pair
            ``"btcusd"``.
        interval, capacity
            As in `klines` of futures.

        Returns
        -------
        KlineRing or AsyncKlineRing
            Its symbol is the pair.

        Raises
        ------
        ConfigurationError
            The pair or interval cannot be; the message names what can.

        Source: COIN-M WebSocket Market Streams, "Index Kline/Candlestick Streams"
        (``<pair>@indexPriceKline_<interval>``).
        """
        ring: K = self._want(build.index_price_klines(pair, interval), capacity)
        return ring

    def mark_price_klines(self, symbol: str, interval: str, *, capacity: int | None = None) -> K:
        """Return candles of the mark price of a COIN-M symbol; every 250 ms. Their volumes mean nothing.

        Parameters
        ----------
        symbol
            ``"btcusd_perp"``.
        interval, capacity
            As in `klines` of futures.

        Returns
        -------
        KlineRing or AsyncKlineRing
            Prices in quote asset.

        Raises
        ------
        ConfigurationError
            The symbol or interval cannot be; the message names what can.

        Source: COIN-M WebSocket Market Streams, "Mark Price Kline/Candlestick Streams"
        (``<symbol>@markPriceKline_<interval>``).
        """
        ring: K = self._want(build.mark_price_klines(symbol, interval), capacity)
        return ring

    def contract_klines(
        self, contract_address: str, chain_id: str | int, interval: str, *, capacity: int | None = None
    ) -> K:
        """Return candles of an Alpha token by its contract.

        Parameters
        ----------
        contract_address
            As Binance spells it: the case of its letters matters.
        chain_id
            ``56``, ``"CT_501"``.
        interval
            ``"1s"``, ``"1m"``, ``"5m"``, ``"15m"``, ``"1h"``, ``"4h"`` or ``"1d"``.
        capacity
            As in `klines`.

        Returns
        -------
        KlineRing or AsyncKlineRing
            The one of its `symbols`, known with the first record, is the address; `symbol` is None. Has no
            event time, trade ids, quote volume and taker volumes, and does not say whether a candle is
            complete.

        Raises
        ------
        ConfigurationError
            The address, chain or interval cannot be; the message names what can.

        Source: Alpha WebSocket Streams, "Kline Streams by contract"
        (``came@<address>@<chain>@kline_<interval>``).
        """
        ring: K = self._want(build.contract_klines(contract_address, chain_id, interval), capacity)
        return ring
