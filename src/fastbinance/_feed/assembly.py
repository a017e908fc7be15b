"""A pool as a client's options want it, in whatever process and on whatever thread it runs."""

from collections.abc import Callable, Mapping
from typing import Any

from fastbinance._api import METHODS
from fastbinance._client_options import Settings
from fastbinance._core.feed import Feed
from fastbinance._core.ring import Bell
from fastbinance._io.api_pool import ApiServices
from fastbinance._io.options import ConnectBudget, ConnectionOptions
from fastbinance._io.pool import Pool
from fastbinance._io.telling import Emit
from fastbinance._io.user_pool import UserStreams
from fastbinance._protocol.method import Method, Product
from fastbinance.events import EventKind
from fastbinance.keys import format_of

__all__ = ["make_pool"]


def make_pool(
    settings: Settings,
    *,
    bell: Bell,
    emit: Emit,
    hears: Callable[[EventKind], bool],
    on_sample: Callable[[float], object],
    methods: Mapping[tuple[Product, str], Method] = METHODS,
) -> Pool:
    """Return a pool; called on the thread of the running loop that it is to live on.

    Parameters
    ----------
    settings
        The client's options.
    bell
        Rung after socket reads.
    emit, hears
        Takes events, and tells whether anybody wants those of a kind.
    on_sample
        See `Pool`.
    methods
        The table of requests.
    """

    def make_feed(handler: Any, ws_key: str, line: int) -> Feed:
        return Feed(handler, ws_key, bell, sbe=format_of(ws_key) == "sbe", line=line)

    def make_apis(options: ConnectionOptions, budget: ConnectBudget) -> ApiServices:
        return ApiServices(
            feed_factory=make_feed,
            emit=emit,
            options=options,
            budget=budget,
            lookup=methods,
            env=settings.env,
            market_maker=settings.market_maker,
            urls=settings.urls,
            rest_urls=settings.rest_urls,
            credentials=settings.credentials,
            recv_window=settings.recv_window,
            timeout=settings.request_timeout,
            time_offset=settings.time_offset,
            hears=hears,
        )

    def make_users(options: ConnectionOptions, budget: ConnectBudget, apis: ApiServices) -> UserStreams:
        return UserStreams(
            apis=apis,
            rest=apis.rest,
            lookup=methods,
            feed_factory=make_feed,
            emit=emit,
            budget=budget,
            options=options,
            env=settings.env,
            market_maker=settings.market_maker,
            urls=settings.urls,
        )

    return Pool(
        feed_factory=make_feed,
        emit=emit,
        env=settings.env,
        market_maker=settings.market_maker,
        urls=settings.urls,
        time_unit=settings.time_unit,
        options=settings.connection,
        on_sample=on_sample,
        make_apis=make_apis,
        make_users=make_users,
    )
