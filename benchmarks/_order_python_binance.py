"""python-binance places orders: its AsyncClient's WebSocket API, pointed at loopback. It has no logon."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from binance import AsyncClient

from benchmarks._order_common import Place, main
from benchmarks._order_terms import MODES


@asynccontextmanager
async def connect(url: str, mode: str, secret: Path) -> AsyncIterator[Place]:
    """Connect; the client does so by itself with its first request."""
    kind, _ = MODES[mode]
    key = {"api_secret": secret.read_text()} if kind == "HMAC" else {"private_key": secret}

    class Pointed(AsyncClient):
        """Its URLs are attributes of the class."""

        WS_API_URL = f"{url}/ws-api/v3"

    client = Pointed(api_key=mode, **key)  # asks nothing of anybody before a method of its own does

    async def place(client_id: str) -> tuple[int, str]:
        result = await client.ws_create_order(
            symbol="BTCUSDT", side="BUY", type="LIMIT", timeInForce="GTC", price="25000.01",
            quantity="0.00100000", newClientOrderId=client_id,
        )  # fmt: skip
        return result["orderId"], result["clientOrderId"]

    try:
        yield place
    finally:
        # It would notice its own close only with the next message, or after ten seconds.
        closing = asyncio.create_task(client.close_connection())
        await asyncio.sleep(0)
        await client.ws_api.ws.close()
        await closing


if __name__ == "__main__":
    main(connect, "x-HNA2TXFJ-", "python-binance", "websockets", "orjson")
