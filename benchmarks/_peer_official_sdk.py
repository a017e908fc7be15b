"""Binance's own connector, binance-sdk-spot: its streams client, pointed at loopback, with a callback."""

from typing import Any

from binance_sdk_spot.spot import ConfigurationWebSocketStreams, Spot

from benchmarks._peer_common import Rows, cpu_ns, main, tls


async def flood(url: str, rows: Rows) -> int:
    """Take one flood."""
    store = rows.store

    def on_ticker(ticker: Any) -> None:
        store(ticker.s, ticker.u, ticker.b, ticker.B, ticker.a, ticker.A)

    client = Spot(config_ws_streams=ConfigurationWebSocketStreams(stream_url=url, https_agent=tls(url)))
    connection = await client.websocket_streams.create_connection()
    begin = cpu_ns()
    # Its request to subscribe starts the flood. Were anything read before the callback is there, the harness
    # would miss these messages.
    stream = await connection.book_ticker(symbol="ethusdt")
    stream.on("message", on_ticker)
    await rows.full
    spent = cpu_ns() - begin
    await connection.close_connection(close_session=True)
    return spent


if __name__ == "__main__":
    main(flood, "binance-sdk-spot", "aiohttp", "pydantic")
