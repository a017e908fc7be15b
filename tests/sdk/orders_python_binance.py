"""python-binance places, queries and cancels an order: nothing of it is changed but its URLs.

``python orders_python_binance.py SCENE`` prints one JSON line, what it was answered; without SCENE it
succeeds where python-binance is installed. The scene is that of ``orders_js_sdk.cjs``. Nothing of the
package is imported, so any interpreter will do.
"""

import asyncio
import json
import sys
from pathlib import Path
from typing import Any

from binance import AsyncClient
from binance.exceptions import BinanceAPIException

UNKNOWN_ORDER = 999_999_999_999
#: The methods' names: place, query, cancel.
CALLS = {
    "spot": ("ws_create_order", "ws_get_order", "ws_cancel_order"),
    "usdm": ("ws_futures_create_order", "ws_futures_get_order", "ws_futures_cancel_order"),
}


async def main(scene: dict[str, Any]) -> None:
    """Place, query and cancel."""
    secret = Path(scene["secret"]).read_text()
    key = {"private_key": secret} if secret.startswith("-----BEGIN") else {"api_secret": secret}

    class Pointed(AsyncClient):  # type: ignore[misc]  # untyped where it is not installed
        """Its URLs are attributes of the class."""

        WS_API_URL = f"{scene['url']}/ws-api/v3"
        WS_FUTURES_URL = f"{scene['url']}/ws-fapi/v1"

    # Constructed, not `create`d, which asks the REST API whether it is there.
    client = Pointed(api_key=scene["api_key"], **key)
    place, query, cancel = (getattr(client, name) for name in CALLS[scene["product"]])
    symbol = scene["symbol"]
    try:
        placed = await place(
            symbol=symbol, side="BUY", type="LIMIT", timeInForce="GTC", price=scene["price"],
            quantity=scene["quantity"], newOrderRespType="RESULT",
        )  # fmt: skip
        order_id = placed["orderId"]
        queried = await query(symbol=symbol, orderId=order_id)
        canceled = await cancel(symbol=symbol, orderId=order_id)
        after = await query(symbol=symbol, orderId=order_id)
        try:
            await query(symbol=symbol, orderId=UNKNOWN_ORDER)
        except BinanceAPIException as error:
            refused = error.code
        else:
            refused = None
    finally:
        # It would notice its own close only with the next message, or after ten seconds.
        closing = asyncio.create_task(client.close_connection())
        await asyncio.sleep(0)
        for api in (client.ws_api, client.ws_future):
            if api.ws is not None:
                await api.ws.close()
        await closing
    found = {"placed": placed, "queried": queried, "canceled": canceled, "after": after}
    print(json.dumps(found | {"refused": refused, "logged_on": False}))


if __name__ == "__main__" and len(sys.argv) > 1:
    asyncio.run(main(json.loads(sys.argv[1])))
