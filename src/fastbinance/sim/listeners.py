"""The listening sockets: one per Binance host, with their URLs and, when asked for, TLS."""

import asyncio
import ssl
from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial
from typing import Final

from picows import WSListener, WSUpgradeRequest, WSUpgradeResponseWithListener, ws_create_server

from fastbinance.errors import ConfigurationError
from fastbinance.keys import WsKey
from fastbinance.sim.certificate import loopback_contexts
from fastbinance.sim.hosts import HOSTS, Host
from fastbinance.sim.rest.hosts import REST_HOSTS

__all__ = ["PORTS", "Accept", "Listeners", "at_most"]

Accept = Callable[[Host, WSUpgradeRequest], WSListener | WSUpgradeResponseWithListener]

#: Hosts that have a port, in the order of consecutive ones: those of WebSockets, and those of REST.
PORTS: Final = tuple(host.name for host in (*HOSTS, *REST_HOSTS))

_SHUTDOWN_SECONDS: Final = 2.0


class Listeners:
    """Every port of WebSockets.

    Parameters
    ----------
    address
        Address to listen on.
    ports
        First of consecutive ports, or a port by Binance host name; a free one for every other.
    tls
        Serve ``wss`` with a certificate made here.
    """

    def __init__(self, address: str, ports: int | Mapping[str, int] | None, *, tls: bool) -> None:
        self._address = address
        #: Ports that are wanted, by Binance host name; of REST too.
        self.ports = _port_table(ports)
        #: The certificate made here; None without ``tls``.
        self.server_context: ssl.SSLContext | None = None
        #: A client's context that trusts the certificate; None without ``tls``.
        self.client_context: ssl.SSLContext | None = None
        if tls:
            self.server_context, self.client_context = loopback_contexts(address)
        self._servers: dict[Host, asyncio.Server] = {}
        self._listening: dict[Host, int] = {}

    @property
    def urls(self) -> dict[WsKey, str]:
        """Base URL of every key that is served."""
        return {key: self._url(host) for host in self._listening for key in host.keys}

    @property
    def url_map(self) -> str:
        """The same for reading: a line per Binance host."""
        width = max(len(host.name) for host in HOSTS)
        return "\n".join(
            f"{host.name:<{width}}  {self._url(host)}  {', '.join(host.keys)}" for host in self._listening
        )

    async def open(self, accept: Accept) -> None:
        """Listen on every port; ``accept`` answers each upgrade request."""
        for host in HOSTS:
            server = await ws_create_server(
                partial(accept, host),
                self._address,
                self.ports.get(host.name, 0),
                # Pings are counted against the message limit, so they must reach the connection.
                enable_auto_pong=False,
                ssl=self.server_context,
            )
            self._servers[host] = server
            self._listening[host] = server.sockets[0].getsockname()[1]

    def stop(self) -> None:
        """Accept nobody any more."""
        for server in self._servers.values():
            server.close()

    async def close(self) -> None:
        """Close what is left, among it sockets that never finished their handshake."""
        self.stop()
        for server in self._servers.values():
            # Where the loop's own servers are used, Python has this from 3.13 on; before, such sockets time
            # out.
            abort = getattr(server, "abort_clients", None)
            if abort is not None:
                abort()
        await at_most(_SHUTDOWN_SECONDS, [server.wait_closed() for server in self._servers.values()])
        self._servers.clear()
        self._listening.clear()

    def _url(self, host: Host) -> str:
        scheme = "ws" if self.server_context is None else "wss"
        address = f"[{self._address}]" if ":" in self._address else self._address
        return f"{scheme}://{address}:{self._listening[host]}"


async def at_most(seconds: float, waits: Sequence[Awaitable[object]]) -> None:
    """Wait for all of them, but no longer; how they end is of no interest."""
    if waits:
        tasks = [asyncio.ensure_future(wait) for wait in waits]
        _, late = await asyncio.wait(tasks, timeout=seconds)
        for task in late:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _port_table(ports: int | Mapping[str, int] | None) -> dict[str, int]:
    if ports is None:
        return {}
    table = (
        {name: ports + index for index, name in enumerate(PORTS)} if isinstance(ports, int) else dict(ports)
    )
    for name, port in table.items():
        if name not in PORTS:
            raise ConfigurationError(f"no host {name!r} is simulated: there are {', '.join(PORTS)}")
        if not 0 <= port < 65536:
            raise ConfigurationError(f"{port} is no port for {name}")
    return table
