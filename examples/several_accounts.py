"""Spot, cross margin and USD-M of one API key side by side, with the fills of USD-M told once each."""

import asyncio

from _options import Options, options

import fastbinance


async def show(handle: fastbinance.AsyncUserData[object]) -> None:
    """Print what comes for an account."""
    async for event in handle:
        print(f"{handle.account:7} {event}"[:110])


async def trade(fb: fastbinance.AsyncClient, fills: fastbinance.AsyncUserData[object]) -> None:
    """Buy and sell a little on USD-M, and print the fills."""
    await fills.ready(timeout=10)
    for side in ("BUY", "SELL"):
        await fb.usdm.order_place(symbol="BTCUSDT", side=side, type="MARKET", quantity="0.002")
        news = await fills.get()
        if isinstance(news, fastbinance.Fill):
            print(f"fill    {news.side} {news.quantity} at {news.price}, told by {news.source!r}")


async def main(given: Options) -> None:
    """Listen to three accounts until the time is over."""
    async with fastbinance.AsyncClient(**given.account()) as fb:
        handles = [fb.user_data(account) for account in ("spot", "margin", "usdm")]
        shown = [asyncio.ensure_future(show(handle)) for handle in handles]
        await trade(fb, fb.fills("usdm"))
        while not given.over():
            await asyncio.sleep(0.1)
    await asyncio.gather(*shown)


with options(__doc__) as given:
    asyncio.run(main(given))
