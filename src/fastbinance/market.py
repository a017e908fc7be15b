"""Market data: one method per stream family, each returning the ring that the stream feeds."""

from abc import ABC, abstractmethod
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from fastbinance import streams
from fastbinance._core.ring import RingBase
from fastbinance._grammar import LEVELS
from fastbinance.errors import ConfigurationError
from fastbinance.keys import MARKETS, PARTS, Market, WsKey, key_for, market_of, parse_key
from fastbinance.streams import Stream

if TYPE_CHECKING:
    from fastbinance.rings import AnyRing

__all__ = ["A", "B", "D", "MarketStreams", "T"]

# The ring types of a client: of bookTicker, trades, aggTrades and depth.
B = TypeVar("B", bound="AnyRing[Any, Any]")
T = TypeVar("T", bound="AnyRing[Any, Any]")
A = TypeVar("A", bound="AnyRing[Any, Any]")
D = TypeVar("D", bound="AnyRing[Any, Any]")


class MarketStreams(ABC, Generic[B, T, A, D]):
    """The stream methods of a client.

    A method declares a wish and returns its ring at once; connecting, subscribing and retrying happen behind
    it. Asking again for the same stream returns the same ring.
    """

    def book_ticker(
        self, symbol: str | None = None, market: Market = "spot", *, capacity: int | None = None
    ) -> B:
        """Best bid and ask of a symbol, in real time.

        Parameters
        ----------
        symbol
            ``"btcusdt"``, in any case. None: all symbols of the market in one ring (USD-M and COIN-M, every 5
            s).
        market
            ``"spot"``, ``"usdm"`` or ``"coinm"``.
        capacity
            Slots of the ring, a power of two; by default 1,024, and 65,536 for all symbols.

        Raises
        ------
        ConfigurationError
            The symbol or market cannot be; the message names what can.

        Source: "Individual Symbol Book Ticker Streams" (``<symbol>@bookTicker``), "All Book Tickers Stream"
        (``!bookTicker``).
        """
        ring: B = self._want(streams.book_ticker(symbol, market), capacity)
        return ring

    def trades(self, symbol: str, market: Market = "spot", *, capacity: int | None = None) -> T:
        """Trades of a symbol, one record each, in real time.

        Raises
        ------
        ConfigurationError
            The symbol or market cannot be; the message names what can.

        Source: "Trade Streams" (``<symbol>@trade``); on futures the stream is not documented.
        """
        ring: T = self._want(streams.trades(symbol, market), capacity)
        return ring

    def agg_trades(self, symbol: str, market: Market = "spot", *, capacity: int | None = None) -> A:
        """Trades of a symbol, those of one taker order at one price together.

        Raises
        ------
        ConfigurationError
            The symbol or market cannot be; the message names what can.

        Source: "Aggregate Trade Streams" (``<symbol>@aggTrade``).
        """
        ring: A = self._want(streams.agg_trades(symbol, market), capacity)
        return ring

    def diff_depth(
        self,
        symbol: str,
        market: Market = "spot",
        *,
        speed_ms: int | None = None,
        capacity: int | None = None,
        level_capacity: int | None = None,
    ) -> D:
        """Return changed levels of a symbol's book since the previous message.

        Parameters
        ----------
        symbol, market
            As in `book_ticker`.
        speed_ms
            Milliseconds between messages: 100 (default) or 1000 on spot; 100 (default), 250 or 500 on
            futures.
        capacity, level_capacity
            Slots of the ring and levels of its arena, powers of two; by default 512 and 32,768.

        Raises
        ------
        ConfigurationError
            The symbol, market or speed cannot be; the message names what can.

        Source: "Diff. Depth Stream" (``<symbol>@depth``, ``@100ms``, ``@500ms``).
        """
        ring: D = self._want(streams.diff_depth(symbol, market, speed_ms), capacity, level_capacity)
        return ring

    def partial_depth(
        self,
        symbol: str,
        market: Market = "spot",
        *,
        levels: int = max(LEVELS),
        speed_ms: int | None = None,
        capacity: int | None = None,
        level_capacity: int | None = None,
    ) -> D:
        """Return the best levels of a symbol's book, whole every time.

        Parameters
        ----------
        symbol, market, speed_ms, capacity, level_capacity
            As in `diff_depth`.
        levels
            5, 10 or 20 a side.

        Raises
        ------
        ConfigurationError
            The symbol, market, levels or speed cannot be; the message names what can.

        Source: "Partial Book Depth Streams" (``<symbol>@depth<levels>``).
        """
        stream = streams.partial_depth(symbol, market, levels, speed_ms)
        ring: D = self._want(stream, capacity, level_capacity)
        return ring

    def subscribe(
        self, names: str | Iterable[str], ws_key: WsKey | str | None = None, *, strict: bool = True
    ) -> "dict[str, AnyRing[Any, Any]]":
        """Subscribe to streams by Binance's names.

        Parameters
        ----------
        names
            One name or several: ``"btcusdt@bookTicker"``. Those with a ring get one; the messages of the
            others arrive raw, as ``message`` events.
        ws_key
            The service, or a market whose service is meant; None is spot. USD-M and options names find their
            route by themselves.
        strict
            False takes names that our table of documented streams does not know, or knows on another route.
            Binance acknowledges any name, and stays silent when it does not exist there.

        Returns
        -------
        dict
            The rings, by stream name as Binance spells it.

        Raises
        ------
        ConfigurationError
            A name or the service cannot be; the message names what can. Nothing has been subscribed then.
        """
        key, market = _service(ws_key)
        wanted = [names] if isinstance(names, str) else _several("stream names", names)
        parsed = [streams.parse(name, market, strict) for name in wanted]
        for stream in parsed:
            routed = self._place(stream, key)
            if strict:
                _check_route(stream, routed)
        rings: dict[str, AnyRing[Any, Any]] = {}
        for stream in parsed:
            ring: AnyRing[Any, Any] | None = self._want(stream, named=key)
            if ring is not None:
                rings[stream.name] = ring
        return rings

    def unsubscribe(
        self,
        what: "str | AnyRing[Any, Any] | Iterable[str | AnyRing[Any, Any]]",
        ws_key: WsKey | str | None = None,
    ) -> None:
        """Give streams up, by name or by ring. Their rings end: readers finish, waits raise `StreamClosed`.

        Parameters
        ----------
        what
            One name or ring, or several.
        ws_key
            The service of the names, or a market whose service is meant; None is spot.

        Raises
        ------
        ConfigurationError
            Something in it is not subscribed; nothing has been given up then.
        """
        key, market = _service(ws_key)
        items: list[Any] = [what]
        if not isinstance(what, (str, RingBase)):
            items = _several("stream names or rings", what)
        found: list[tuple[Stream, WsKey] | AnyRing[Any, Any]] = []
        for item in items:
            ring = isinstance(item, RingBase)
            found.append(item if ring else (streams.parse(item, market, strict=False), key))
        self._give_up(found)

    # -- what a client provides

    @abstractmethod
    def _place(self, stream: Stream, named: WsKey) -> WsKey:
        """Return the service after routing; raise ConfigurationError when it cannot have the stream."""

    @abstractmethod
    def _want(
        self,
        stream: Stream,
        capacity: int | None = None,
        level_capacity: int | None = None,
        *,
        named: WsKey | None = None,
    ) -> Any:
        """Declare a wish; return its ring, of the class for its kind, or None for a stream without one."""

    @abstractmethod
    def _give_up(self, items: "list[tuple[Stream, WsKey] | AnyRing[Any, Any]]") -> None:
        """Give up rings, or streams of named services, after making sure that all are subscribed."""


def _service(ws_key: WsKey | str | None) -> tuple[WsKey, Market]:
    """Return the service that the caller named, and the market whose streams it carries."""
    if ws_key is None:
        ws_key = "spot"
    key = key_for(ws_key) if ws_key in MARKETS else parse_key(ws_key)
    market = market_of(key)
    if market is None:
        carriers = ", ".join(one.value for one in WsKey if market_of(one) is not None)
        raise ConfigurationError(f"{key.value} carries no market streams; these do: {carriers}")
    return key, market


def _several(what: str, items: Any) -> list[Any]:
    if not isinstance(items, Iterable):
        raise ConfigurationError(f"give one or several {what}, not {items!r}")
    return list(items)


def _check_route(stream: Stream, routed: WsKey) -> None:
    # Asked on the other route, Binance acknowledges the stream and never sends it.
    if stream.part is None:
        return
    for part in PARTS:
        word = part.capitalize()
        if routed.value.endswith(word) and part != stream.part:
            right = routed.value.removesuffix(word) + stream.part.capitalize()
            raise ConfigurationError(
                f"{stream.name} is served by {right} and would be silent on {routed.value}"
                " (strict=False subscribes to it all the same)"
            )
