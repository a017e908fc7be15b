"""aiohttp's WebSocket client and orjson."""

import aiohttp
import orjson

from benchmarks._peer_common import Rows, cpu_ns, main, tls


async def flood(url: str, rows: Rows) -> int:
    """Take one flood."""
    loads, store = orjson.loads, rows.store
    async with (
        aiohttp.ClientSession() as session,
        session.ws_connect(url, ssl=tls(url) or True, autoping=False, compress=0, max_msg_size=0) as socket,
    ):
        begin = cpu_ns()
        await socket.send_str("go")
        async for message in socket:
            if message.type is not aiohttp.WSMsgType.TEXT:  # the ping that ends the flood
                break
            data = loads(message.data)["data"]
            store(data["s"], data["u"], data["b"], data["B"], data["a"], data["A"])
        return cpu_ns() - begin


if __name__ == "__main__":
    main(flood, "aiohttp", "orjson")
