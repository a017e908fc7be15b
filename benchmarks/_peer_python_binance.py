"""python-binance: its BinanceSocketManager, pointed at loopback, read as its documentation reads it."""

from binance import AsyncClient, BinanceSocketManager

from benchmarks._peer_common import STREAM, Rows, cpu_ns, main, tls


async def flood(url: str, rows: Rows) -> int:
    """Take one flood."""
    client = AsyncClient()  # asks nothing of anybody before a method of its own does
    # Its queue of 100 messages overflows in a flood, which ends its read loop; longer is an option of it.
    manager = BinanceSocketManager(client, max_queue_size=1_000_000)
    manager.STREAM_URL = f"{url}/"
    manager.ws_kwargs["ssl"] = tls(url)
    store = rows.store
    try:
        async with manager.multiplex_socket([STREAM]) as stream:
            begin = cpu_ns()
            await stream.ws.send("go")
            while rows.count != rows.wanted:
                data = (await stream.recv())["data"]
                store(data["s"], data["u"], data["b"], data["B"], data["a"], data["A"])
            return cpu_ns() - begin
    finally:
        await client.close_connection()


if __name__ == "__main__":
    main(flood, "python-binance", "websockets", "orjson")
