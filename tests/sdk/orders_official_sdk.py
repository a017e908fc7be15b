"""Binance's own Python SDKs place, query and cancel an order: nothing of them is changed but ``stream_url``.

``python orders_official_sdk.py SCENE`` prints one JSON line, what it was answered; without SCENE it
succeeds where the SDKs are installed. The scene is that of ``orders_js_sdk.cjs``. Nothing of the package
is imported, so any interpreter will do.
"""

import asyncio
import json
import sys
from pathlib import Path
from typing import Any

from binance_common.configuration import ConfigurationWebSocketAPI
from binance_sdk_derivatives_trading_usds_futures.derivatives_trading_usds_futures import (
    DerivativesTradingUsdsFutures,
)
from binance_sdk_spot.spot import Spot

UNKNOWN_ORDER = 999_999_999_999
PATHS = {"spot": "/ws-api/v3", "usdm": "/ws-fapi/v1"}
CLIENTS = {"spot": Spot, "usdm": DerivativesTradingUsdsFutures}
#: The methods' names, which differ: place, query, cancel.
CALLS = {
    "spot": ("order_place", "order_status", "order_cancel"),
    "usdm": ("new_order", "query_order", "cancel_order"),
}


def answered(response: Any) -> dict[str, Any]:
    """Return the result with Binance's names, as the SDK's strict models have read it."""
    data = response.data()
    if isinstance(data, dict):  # its way to say that something went wrong
        raise RuntimeError(f"the SDK says {data}")
    result: dict[str, Any] = data.result.model_dump(by_alias=True, exclude_none=True)
    return result


async def main(scene: dict[str, Any]) -> None:
    """Place, query and cancel."""
    secret = Path(scene["secret"]).read_text()
    key = {"private_key": secret} if secret.startswith("-----BEGIN") else {"api_secret": secret}
    product, symbol = scene["product"], scene["symbol"]
    configuration = ConfigurationWebSocketAPI(
        api_key=scene["api_key"], stream_url=scene["url"] + PATHS[product], **key
    )
    connection = await CLIENTS[product](config_ws_api=configuration).websocket_api.create_connection()
    place, query, cancel = (getattr(connection, name) for name in CALLS[product])
    try:
        logged_on = False
        if scene["logs_on"]:
            session = (await connection.session_logon()).data().result
            logged_on = session.api_key == scene["api_key"]
        placed = answered(
            await place(
                symbol=symbol, side="BUY", type="LIMIT", time_in_force="GTC", price=float(scene["price"]),
                quantity=float(scene["quantity"]), new_order_resp_type="RESULT",
            )
        )  # fmt: skip
        order_id = placed["orderId"]
        queried = answered(await query(symbol=symbol, order_id=order_id))
        canceled = answered(await cancel(symbol=symbol, order_id=order_id))
        after = answered(await query(symbol=symbol, order_id=order_id))
        refused = (await query(symbol=symbol, order_id=UNKNOWN_ORDER)).data()
    finally:
        await connection.close_connection(close_session=True)
    found = {"placed": placed, "queried": queried, "canceled": canceled, "after": after}
    print(json.dumps(found | {"refused": refused["error"]["code"], "logged_on": logged_on}))


if __name__ == "__main__" and len(sys.argv) > 1:
    asyncio.run(main(json.loads(sys.argv[1])))
