"""Binance's own connector, binance-sdk-spot, places orders: its WebSocket API client, as in its examples."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from binance_sdk_spot.spot import ConfigurationWebSocketAPI, Spot

from benchmarks._order_common import Place, main
from benchmarks._order_terms import MODES


@asynccontextmanager
async def connect(url: str, mode: str, secret: Path) -> AsyncIterator[Place]:
    """Connect, and log on where the mode says so."""
    kind, logs_on = MODES[mode]
    text = secret.read_text()
    key = {"api_secret": text} if kind == "HMAC" else {"private_key": text}
    configuration = ConfigurationWebSocketAPI(api_key=mode, stream_url=f"{url}/ws-api/v3", **key)
    connection = await Spot(config_ws_api=configuration).websocket_api.create_connection()

    async def place(client_id: str) -> tuple[int, str]:
        response = await connection.order_place(
            symbol="BTCUSDT", side="BUY", type="LIMIT", time_in_force="GTC", price=25000.01, quantity=0.001,
            new_client_order_id=client_id,
        )  # fmt: skip
        result = response.data().result
        return result.order_id, result.client_order_id

    try:
        if logs_on:
            await connection.session_logon()
        yield place
    finally:
        await connection.close_connection(close_session=True)


if __name__ == "__main__":
    main(connect, "sdk-", "binance-sdk-spot", "binance-common", "aiohttp", "pydantic")
