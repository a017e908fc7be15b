"""The connections behind the streams, by the service that they belong to."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from fastbinance._feed.any_pool import AnyPool
from fastbinance._io.wishes import Wish
from fastbinance.keys import WsKey, service

__all__ = ["Services"]

X = TypeVar("X")


class Services(ABC):
    """Connect ahead of need, look, replace and close.

    A service is a `WsKey`, its name, or a market whose service is meant. ``"usdm"`` and ``"eoptions"`` are
    two services in one, each route with a connection of its own: what is done to them is done to both, and a
    rollover or a close to user data that come over a route of their own too.
    """

    def connect(self, ws_key: WsKey | str) -> None:
        """Connect to a service ahead of need; return at once.

        The connection stays up without streams too, until it is closed. `is_connected` and the event ``open``
        tell when it is there.

        Raises
        ------
        ConfigurationError
            There is no such service, it carries no market streams, or the client is closed.
        """
        key = service(ws_key)
        self._on_pool(lambda pool: pool.connect(key))

    def is_connected(self, ws_key: WsKey | str) -> bool:
        """Whether a connection to a service is open now, to each of its routes where it has several.

        Of a service of user data, such as ``"usdmPrivate"``, whether one of an account is.

        Raises
        ------
        ConfigurationError
            There is no such service, or not in this environment; or the client is closed.
        """
        key = service(ws_key)
        return self._on_pool(lambda pool: pool.is_connected(key))

    def url(self, ws_key: WsKey | str) -> str:
        """Return the URL that a service connects to: of quotes and depth where it has two, of the first line.

        Never with a listen key.

        Raises
        ------
        ConfigurationError
            See `is_connected`.
        """
        key = service(ws_key)
        return self._on_pool(lambda pool: pool.url(key))

    def rollover(self, ws_key: WsKey | str | None = None) -> int:
        """Replace the connections of a service, or all, by new ones, without a hole; return how many that is.

        Returns at once. A new connection delivers before the old one goes; the event ``rollover`` tells when
        it has taken its place.

        Raises
        ------
        ConfigurationError
            See `is_connected`.
        """
        key = None if ws_key is None else service(ws_key)
        return self._on_pool(lambda pool: pool.replace(key))

    def _close_service(self, ws_key: WsKey | str) -> None:
        """Close the connections of a service; their streams are given up, their rings and handles end."""
        key = service(ws_key)
        self._given_up(self._on_pool(lambda pool: pool.end(key)))

    # -- what a client provides

    @abstractmethod
    def _on_pool(self, call: Callable[[AnyPool], X]) -> X:
        """Run something with the pool on the loop's thread and return what it returns."""

    @abstractmethod
    def _given_up(self, wishes: Iterable[Wish]) -> Any:
        """Forget wishes that the pool has given up; their rings and queues end."""
