"""``fastbinance sim``: the simulator alone, for clients of any kind."""

import errno
import json
import shlex
import ssl
import tempfile
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Annotated, Final

from cyclopts import Parameter
from cyclopts.validators import Number

from fastbinance import ConfigurationError, WsKey
from fastbinance._rest_endpoints import RestProduct
from fastbinance.cli.stop import Stop
from fastbinance.keys import MARKETS, Market, key_for
from fastbinance.sim import API_KEY, API_SECRET, Replay, RunningSimulator, SimulatorOptions, run_in_thread
from fastbinance.sim.listeners import PORTS

__all__ = ["client_lines", "sim", "watch_line"]

_WS_APIS: Final = (WsKey.MAIN_WS_API, WsKey.USDM_WS_API, WsKey.COINM_WS_API)
# Those of the markets carry theirs.
_USER_DATA: Final = (
    WsKey.MARGIN_USER_DATA, WsKey.MARGIN_RISK_USER_DATA, WsKey.PORTFOLIO_MARGIN_USER_DATA,
    WsKey.PORTFOLIO_MARGIN_PRO_USER_DATA,
)  # fmt: skip


def sim(
    *,
    host: str = "127.0.0.1",
    port_base: Annotated[int | None, Parameter(validator=Number(gte=1, lte=65_536 - len(PORTS)))] = None,
    seed: int = 1,
    tls: Annotated[bool, Parameter(negative="", show_default=False)] = False,
    rate: Annotated[float, Parameter(validator=Number(gt=0, lte=100_000))] = 20.0,
    replay: Path | None = None,
    market: Market | None = None,
    speed: Annotated[float | None, Parameter(validator=Number(gt=0))] = None,
    fast: Annotated[bool, Parameter(negative="", show_default=False)] = False,
    loop: Annotated[bool, Parameter(negative="", show_default=False)] = False,
) -> int:
    """Serve a simulated Binance: streams, WS APIs and REST, a port for each Binance host.

    Prints which URL stands for which host, of WebSockets and of REST, and what connects to it: a command, and
    a line of Python. Ctrl-C ends it.

    Parameters
    ----------
    host
        Address to listen on.
    port_base
        First of the ports, in a row; without it, free ones.
    seed
        The same seed tells the same story of every symbol.
    tls
        Serve wss, with a certificate that is made now and written to a file.
    rate
        Mean number of top-of-book updates a second of each symbol.
    replay
        File of captured frames, one JSON text a line, to play instead of a random market.
    market
        Whose frames the replay has. The other markets go on at random.
    speed
        Pace of the replay; 1, its own, is the default where X.recv beside X.jsonl has the receive times.
    fast
        Replay as fast as the clients read; the default where there are no receive times.
    loop
        Start the replay over at its end.
    """
    options: SimulatorOptions = {
        "host": host,
        "ports": port_base,
        "seed": seed,
        "tls": tls,
        "messages_per_second": rate,
        "replay": _load(replay, market, speed, fast, loop),
    }
    with ExitStack() as stack:
        stop = stack.enter_context(Stop())
        try:
            simulator = stack.enter_context(run_in_thread(**options))
        except OSError as error:
            raise OSError(_cannot_listen(error, host, port_base)) from None
        certificate = _write_certificate(simulator, stack)
        what = "random markets" if replay is None else f"{replay.name} on {market}, random markets elsewhere"
        print(f"Simulated Binance, seed {seed}: {what}\n")
        print(simulator.url_map)
        print(simulator.rest_url_map)
        print(f"\nIn another terminal: {watch_line(simulator.urls, certificate)}\n")
        for line in client_lines(simulator.urls, simulator.rest_urls, certificate):
            print(line)
        print("\nServing. Ctrl-C ends it.", flush=True)
        stop.wait()
        stats = simulator.stats
        print(f"Served {stats.opened:,} connections and {stats.messages_sent:,} messages.", flush=True)
    return 0


def watch_line(urls: Mapping[WsKey, str], certificate: Path | None = None) -> str:
    """Return the command that watches the simulator's spot market."""
    trust = "" if certificate is None else f" --certificate {shlex.quote(str(certificate))}"
    return f"fastbinance watch BTCUSDT --url {urls[key_for('spot')]}{trust}"


def client_lines(
    urls: Mapping[WsKey, str], rest_urls: Mapping[RestProduct, str], certificate: Path | None = None
) -> list[str]:
    """Return the Python that makes a client of a simulator, ready to paste.

    The keys are those that `market=` and `format=` name, and those that requests go to and user data comes
    from, all of them, lest a client of the simulator reach Binance itself; it finds the routes of USD-M by
    itself.
    """
    keys = [*map(key_for, MARKETS), key_for("spot", "sbe"), *_WS_APIS, *_USER_DATA]
    wanted = {key.value: urls[key] for key in keys}
    lines = ["import fastbinance"]
    context = ""
    if certificate is not None:
        trust = f"trust = ssl.create_default_context(cafile={str(certificate)!r})"
        lines = ["import fastbinance, ssl", trust]
        context = ", ssl_context=trust"
    # JSON's spelling is Python's too, with the quotes that people write.
    key = {"api_key": API_KEY, "api_secret": API_SECRET}
    lines += [
        f"urls = {json.dumps(wanted)}",
        f"rest_urls = {json.dumps(rest_urls)}",
        f"key = {json.dumps(key)}",
    ]
    return [*lines, f"client = fastbinance.Client(urls=urls, rest_urls=rest_urls, **key{context})"]


def _load(
    path: Path | None, market: Market | None, speed: float | None, fast: bool, loop: bool
) -> dict[Market, Replay] | None:
    if path is None:
        given = {"--market": market is not None, "--speed": speed is not None, "--fast": fast, "--loop": loop}
        for option, is_given in given.items():
            if is_given:
                raise ConfigurationError(f"{option} is about a replay: it needs --replay FILE")
        return None
    if market is None:
        raise ConfigurationError(f"--replay needs --market, whose frames they are: {', '.join(MARKETS)}")
    if fast and speed is not None:
        raise ConfigurationError("--fast and --speed are two answers to one question: give one of them")
    if not path.is_file():
        raise ConfigurationError(f"there is no replay file {str(path)!r}")
    if speed is None and not fast and path.with_suffix(".recv").is_file():
        speed = 1.0
    return {market: Replay.load(path, speed=speed, loop=loop)}


def _cannot_listen(error: OSError, host: str, port_base: int | None) -> str:
    if error.errno == errno.EADDRINUSE and port_base is not None:
        last = port_base + len(PORTS) - 1
        return (
            f"a port from {port_base} to {last} is in use on {host}; "
            f"--port-base wants {len(PORTS)} free ones in a row, and without it free ones are found"
        )
    if error.errno in (errno.EACCES, errno.EPERM) and port_base is not None:
        return f"no permission to listen on port {port_base}; ports from 1024 on are free for everybody"
    return f"cannot listen on {host!r}: {error.strerror or error}"


def _write_certificate(simulator: RunningSimulator, stack: ExitStack) -> Path | None:
    """Write what clients must trust to a file that lasts as long as the simulator."""
    if simulator.ssl_context is None:
        return None
    folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="fastbinance-sim-")))
    path = folder / "certificate.pem"
    certificates = simulator.ssl_context.get_ca_certs(binary_form=True)
    path.write_text("".join(map(ssl.DER_cert_to_PEM_cert, certificates)))
    return path
