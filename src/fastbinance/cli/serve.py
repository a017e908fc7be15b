"""``fastbinance serve``: one feed that any number of processes read; ``doctor`` tidies up after it."""

import asyncio
import time
from pathlib import Path
from typing import Annotated, Final

from cyclopts import Parameter

from fastbinance import ConfigurationError
from fastbinance._client_options import Settings, read_options
from fastbinance._feed.server import Server
from fastbinance._feed.server_seat import clean, runtime_directory, servers
from fastbinance._feed.tuning import check_cpu, pin
from fastbinance._feed.tuning import spin as spin_loop
from fastbinance._io.feed_thread import new_loop
from fastbinance.cli.stop import Stop
from fastbinance.cli.trust import trusting
from fastbinance.keys import Environment

__all__ = ["doctor", "serve"]

# Between two looks whether somebody wants it to end.
_LOOK_SECONDS: Final = 0.05
# After which a stream that has brought nothing is named.
_SILENT_SECONDS: Final = 10.0


def serve(
    *streams: str,
    name: str,
    service: str = "spot",
    env: Environment | None = None,
    url: str | None = None,
    certificate: Path | None = None,
    api_key: Annotated[str | None, Parameter(env_var="FASTBINANCE_API_KEY")] = None,
    capacity: int | None = None,
    lines: int = 1,
    fixed: Annotated[bool, Parameter(negative="", show_default=False)] = False,
    mode: str = "600",
    cpu: int | None = None,
    spin: Annotated[bool, Parameter(negative="", show_default=False)] = False,
) -> int:
    """Serve market data to other processes of this machine, which read it with fastbinance.attach(NAME).

    Ctrl-C ends it, and tells those who read.

    Parameters
    ----------
    streams
        Names of streams, such as btcusdt@bookTicker. Who attaches may ask for more, unless --fixed.
    name
        What others attach to.
    service
        Whose streams they are: a market, or a service such as usdmPublic.
    env
        Which Binance: the real market (default), the testnet, or demo trading.
    url
        Base URL to connect to in Binance's place, such as one that fastbinance sim prints.
    certificate
        PEM file to trust, for wss with a certificate of one's own.
    api_key
        For the services of binary streams, which want one.
    capacity
        Records that each ring holds, a power of two; without it, what suits the kind.
    lines
        Connections that carry each stream, 1 to 4.
    fixed
        Serve only the streams that are named here.
    mode
        Permissions of the socket: 600 is for this user, 660 for the group too (which needs the directory of
        its own that FASTBINANCE_RUNTIME_DIR names).
    cpu
        Processor to stay on.
    spin
        Look at the sockets all the time instead of sleeping: takes a whole processor.
    """
    if not streams and fixed:
        raise ConfigurationError("--fixed serves only what is named, and nothing is: name streams")
    if url is not None and env is not None:
        raise ConfigurationError("--env and --url are two answers to one question: give one of them")
    check_cpu(cpu)
    settings = read_options(
        env=env or "prod",
        urls=None if url is None else {service: url},
        ssl_context=None if certificate is None else trusting(certificate),
        api_key=api_key,
        capacity=capacity,
        lines=lines,
    )
    loop = new_loop()
    try:
        with Stop() as stop:
            pin(cpu)
            if spin:
                spin_loop(loop)
            return loop.run_until_complete(
                _run(stop, name, settings, list(streams), service, fixed, _mode(mode))
            )
    finally:
        loop.close()


async def _run(
    stop: Stop, name: str, settings: Settings, streams: list[str], service: str, fixed: bool, mode: int
) -> int:
    server = Server(name, settings, is_fixed=fixed, mode=mode)
    try:
        server.serve(streams, service)
        what = ", ".join(streams) or "whatever is asked for"
        print(f"Serving {name!r}: {what}")
        print(f"In another process: fastbinance.attach({name!r})")
        print("Ctrl-C ends it.", flush=True)
        silent_at: float | None = time.monotonic() + _SILENT_SECONDS
        while not stop.wait(0.0):
            await asyncio.sleep(_LOOK_SECONDS)
            if silent_at is not None and time.monotonic() >= silent_at:
                silent_at = None
                if silent := server.waits_for:
                    print(f"Nothing has come yet of {', '.join(silent)}.", flush=True)
    finally:
        readers = server.readers
        await server.close()
    told = f"; {readers} {'reader has' if readers == 1 else 'readers have'} been told" if readers else ""
    print(f"Ended{told}.", flush=True)
    return 0


def doctor() -> int:
    """Look at the servers of this machine, and remove what those that were killed have left."""
    directory = runtime_directory()
    gone = clean(directory) if directory.is_dir() else []
    running = servers(directory) if directory.is_dir() else {}
    for name in running:
        print(f"{name}: runs")
    for name in gone:
        print(f"{name}: was killed; what it left is removed")
    if not running and not gone:
        print(f"No servers, and nothing left of any, in {directory}.")
    return 0


def _mode(text: str) -> int:
    try:
        mode = int(text, 8)
    except ValueError:
        mode = -1
    if mode & ~0o666 or not mode & 0o600:
        raise ConfigurationError(f"--mode is like 600, 660 or 666, not {text!r}")
    return mode
