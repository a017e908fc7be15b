"""Binance market data in NumPy rings: C-level WebSocket transport, native parser, honest about loss."""

import logging

from fastbinance._client_base import ClientStats
from fastbinance._core.decode import decode, implementation
from fastbinance._core.ring import Window
from fastbinance._io.dispatch import EventQueue
from fastbinance._io.stats import ConnectionStats
from fastbinance._io.wishes import RingState
from fastbinance.async_client import AsyncClient
from fastbinance.client import Client
from fastbinance.errors import (
    ConfigurationError,
    ConnectFailed,
    ConnectionLost,
    DecodeError,
    FastBinanceError,
    Lapped,
    NoData,
    StaleData,
    StreamClosed,
    StreamError,
    SubscriptionRejected,
    TransportError,
    WaitTimeout,
)
from fastbinance.events import Event
from fastbinance.keys import WsKey
from fastbinance.reader import AsyncManyReader, AsyncReader, ManyReader, Reader
from fastbinance.records import FLAG_LEVELS_TRUNCATED, AggTrade, BookTicker, Depth, Trade, dtype_of
from fastbinance.rings import (
    AggTradeRing,
    AsyncAggTradeRing,
    AsyncBookTickerRing,
    AsyncDepthRing,
    AsyncRing,
    AsyncTradeRing,
    BookTickerRing,
    DepthRing,
    Ring,
    RingStats,
    TradeRing,
)
from fastbinance.streams import Kind

__all__ = [
    "FLAG_LEVELS_TRUNCATED",
    "AggTrade",
    "AggTradeRing",
    "AsyncAggTradeRing",
    "AsyncBookTickerRing",
    "AsyncClient",
    "AsyncDepthRing",
    "AsyncManyReader",
    "AsyncReader",
    "AsyncRing",
    "AsyncTradeRing",
    "BookTicker",
    "BookTickerRing",
    "Client",
    "ClientStats",
    "ConfigurationError",
    "ConnectFailed",
    "ConnectionLost",
    "ConnectionStats",
    "DecodeError",
    "Depth",
    "DepthRing",
    "Event",
    "EventQueue",
    "FastBinanceError",
    "Kind",
    "Lapped",
    "ManyReader",
    "NoData",
    "Reader",
    "Ring",
    "RingState",
    "RingStats",
    "StaleData",
    "StreamClosed",
    "StreamError",
    "SubscriptionRejected",
    "Trade",
    "TradeRing",
    "TransportError",
    "WaitTimeout",
    "Window",
    "WsKey",
    "decode",
    "dtype_of",
    "implementation",
]

# Silent by default: who wants our log adds a handler of their own.
logging.getLogger("fastbinance").addHandler(logging.NullHandler())
