"""Stream payloads in Binance's shapes of 2026, with figures of our own."""

import json
from typing import Any

__all__ = ["combined", "kline", "spot_book_ticker", "usdm_book_ticker"]


def _text(message: Any) -> bytes:
    return json.dumps(message, separators=(",", ":")).encode()


def spot_book_ticker(update_id: int, bid: str = "25.35190000", symbol: str = "BTCUSDT") -> bytes:
    """Source: Spot WebSocket Streams, "Individual Symbol Book Ticker Streams"."""
    return _text({"u": update_id, "s": symbol, "b": bid, "B": "31.21", "a": "25.36520000", "A": "40.66"})


def usdm_book_ticker(update_id: int, bid: str = "25.35190000", symbol: str = "BTCUSDT") -> bytes:
    """Source: USD-M Futures WebSocket Market Streams, "Individual Symbol Book Ticker Streams"."""
    times = {"T": 1_795_340_000_000 + update_id, "E": 1_795_340_000_001 + update_id}
    return _text(
        {
            "e": "bookTicker", "u": update_id, "s": symbol, "b": bid, "B": "31.21",
            "a": "25.36520000", "A": "40.66", **times,
        }
    )  # fmt: skip


def kline(number: int, symbol: str = "BTCUSDT") -> bytes:
    """Source: Spot WebSocket Streams, "Kline/Candlestick Streams"; the fields that a test looks at."""
    return _text(
        {"e": "kline", "E": 1_795_340_000_000 + number, "s": symbol, "k": {"i": "1m", "o": "0.0010"}}
    )


def combined(stream: str, payload: bytes) -> bytes:
    """Wrap a payload as a combined connection does."""
    return b'{"stream":"' + stream.encode() + b'","data":' + payload + b"}"
