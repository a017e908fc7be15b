"""Market data: every stream by Binance's name. The methods by noun are in `_market`."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from fastbinance import streams
from fastbinance._core.book import BookBase
from fastbinance._core.ring import RingBase
from fastbinance._io.dispatch import EventQueue
from fastbinance._market.base import Wanting
from fastbinance.errors import ConfigurationError
from fastbinance.keys import PARTS, Market, WsKey, format_of, market_of, service
from fastbinance.reader import ManyReader, Reader
from fastbinance.streams import Stream

if TYPE_CHECKING:
    from fastbinance.rings import AnyRing

__all__ = ["ENDLESS", "NamedStreams"]

#: What can be iterated, but not until its end: that comes when the client closes.
ENDLESS = (EventQueue, Reader, ManyReader)


class NamedStreams(Wanting):
    """The methods that take stream names.

    A method declares a wish and returns its ring at once; connecting, subscribing and retrying happen behind
    it. Asking again for the same stream returns the same ring.
    """

    def subscribe(
        self, names: str | Iterable[str], ws_key: WsKey | str | None = None, *, strict: bool = True
    ) -> "dict[str, AnyRing[Any, Any]]":
        """Subscribe to streams by Binance's names.

        Parameters
        ----------
        names
            One name or several: ``"btcusdt@bookTicker"``. Those with a record get a ring; the messages of the
            others arrive as events, typed where there is a struct and else raw, as ``message``.
        ws_key
            The service, or a market whose service is meant; None is spot. USD-M and options names find their
            route by themselves. The services of binary streams (``"mainSBE"``) have names of their own.
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
        parsed = [streams.parse(name, market, strict, format_of(key)) for name in wanted]
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
        what: "str | AnyRing[Any, Any] | BookBase | Iterable[str | AnyRing[Any, Any] | BookBase]",
        ws_key: WsKey | str | None = None,
    ) -> None:
        """Give streams up, by name or by ring. Their rings end: readers finish, waits raise `StreamClosed`.

        Of an order book, the streams are given up that were subscribed for it.

        Parameters
        ----------
        what
            One name, ring or order book, or several.
        ws_key
            The service of the names, or a market whose service is meant; None is spot.

        Raises
        ------
        ConfigurationError
            Something in it is not subscribed; nothing has been given up then.
        """
        self._give_up(_items(what, ws_key, books=True))

    def raw_messages(
        self,
        what: "str | AnyRing[Any, Any] | Iterable[str | AnyRing[Any, Any]]",
        ws_key: WsKey | str | None = None,
        *,
        enabled: bool = True,
    ) -> None:
        """Have the messages of subscribed streams as ``message`` events too, whatever else they become.

        For recording, and for what a record leaves out. Messages of a ring then take the slower of its two
        parsers, and each costs an event: meant for few streams.

        Parameters
        ----------
        what
            One name or ring, or several.
        ws_key
            The service of the names, or a market whose service is meant; None is spot.
        enabled
            False ends it.

        Raises
        ------
        ConfigurationError
            Something in it is not subscribed; nothing has been changed then.
        """
        self._set_raw(_items(what, ws_key), bool(enabled))


def _items(what: Any, ws_key: WsKey | str | None, *, books: bool = False) -> list[Any]:
    """Return names as streams with their service, and rings (and order books) as they are."""
    key, market = _service(ws_key)
    given: list[Any] = [what]
    as_it_is = (RingBase, BookBase) if books else (RingBase,)
    if not isinstance(what, (str, *as_it_is)):
        given = _several("stream names or rings", what)
    found: list[Any] = []
    for item in given:
        found.append(
            item if isinstance(item, as_it_is) else (streams.parse(item, market, False, format_of(key)), key)
        )
    return found


def _service(ws_key: WsKey | str | None) -> tuple[WsKey, Market]:
    """Return the service that the caller named, and the market whose streams it carries."""
    key = service("spot" if ws_key is None else ws_key)
    market = market_of(key)
    if market is None:
        carriers = ", ".join(one.value for one in WsKey if market_of(one) is not None)
        raise ConfigurationError(f"{key.value} carries no market streams; these do: {carriers}")
    return key, market


def _several(what: str, items: Any) -> list[Any]:
    if not isinstance(items, Iterable) or isinstance(items, ENDLESS):
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
