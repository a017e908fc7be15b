"""The websockets package and the json module: what most examples show."""

import json

import websockets

from benchmarks._peer_common import Rows, cpu_ns, main, tls


async def flood(url: str, rows: Rows) -> int:
    """Take one flood."""
    loads, store = json.loads, rows.store
    # The package answers pings by itself and does not show them, so the number of messages ends the flood.
    async with websockets.connect(
        url, ssl=tls(url), compression=None, max_size=None, ping_interval=None
    ) as socket:
        begin = cpu_ns()
        await socket.send("go")
        async for message in socket:
            data = loads(message)["data"]
            store(data["s"], data["u"], data["b"], data["B"], data["a"], data["A"])
            if rows.count == rows.wanted:
                break
        return cpu_ns() - begin


if __name__ == "__main__":
    main(flood, "websockets")
