"""Requests by Binance's own names, as JSON: for a method that fastbinance has no call for yet."""

import asyncio

from _options import Options, options

import fastbinance
from fastbinance import WsKey


async def main(given: Options) -> None:
    """Ask for several things at once; each answer finds its request."""
    async with fastbinance.AsyncClient(**given.account()) as fb:
        time, trades, account = await asyncio.gather(
            fb.request(WsKey.MAIN_WS_API, "time"),
            fb.request(WsKey.MAIN_WS_API, "trades.recent", {"symbol": "BTCUSDT", "limit": 3}),
            fb.request(WsKey.MAIN_WS_API, "account.status", {"omitZeroBalances": True}),
        )
        print("server time", time["serverTime"])
        for trade in trades:
            print("trade", trade["id"], trade["qty"], "at", trade["price"])
        for balance in account["balances"]:
            print("balance", balance["asset"], balance["free"], "free,", balance["locked"], "locked")
        try:
            await fb.request(WsKey.MAIN_WS_API, "order.placce", {"symbol": "BTCUSDT"})
        except fastbinance.RequestRejected as error:
            print("rejected:", error.status, error.code, error.reason)


with options(__doc__) as given:
    asyncio.run(main(given))
