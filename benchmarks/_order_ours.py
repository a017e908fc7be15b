"""The package's asyncio client places orders."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import fastbinance
from benchmarks._order_common import Place, main

__all__ = ["client_options", "connect"]


def client_options(url: str, mode: str, secret: Path) -> dict[str, Any]:
    """Return what a client of ours is made with: it finds out by itself whether its key may log on."""
    urls = {fastbinance.WsKey.MAIN_WS_API: url}
    return {"urls": urls, "api_key": mode, "api_secret": secret.read_text()}


@asynccontextmanager
async def connect(url: str, mode: str, secret: Path) -> AsyncIterator[tuple[fastbinance.AsyncClient, Place]]:
    """Make a client, and what places an order with it; it connects by itself with its first request."""
    async with fastbinance.AsyncClient(**client_options(url, mode, secret)) as client:

        async def place(client_id: str) -> tuple[int, str]:
            order = await client.spot.order_place(
                symbol="BTCUSDT", side="BUY", type="LIMIT", timeInForce="GTC", price="25000.01",
                quantity="0.00100000", newClientOrderId=client_id,
            )  # fmt: skip
            return order.order_id, order.client_order_id

        yield client, place


@asynccontextmanager
async def _connect(url: str, mode: str, secret: Path) -> AsyncIterator[Place]:
    async with connect(url, mode, secret) as (_, place):
        yield place


if __name__ == "__main__":
    main(_connect, "fb-", "picows", "msgspec", "cryptography", "uvloop")
