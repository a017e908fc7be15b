"""The simulator in a thread, and as a pytest fixture."""

import asyncio
import inspect
import socket
import subprocess
import sys
import threading
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import aiohttp
import pytest

import fastbinance.sim
from fastbinance.errors import ConfigurationError
from fastbinance.keys import WsKey, check_urls
from fastbinance.sim import RunningSimulator, Simulator, run_in_thread
from fastbinance.sim.faults import FaultSwitches

SWITCHES = [name for name in vars(FaultSwitches) if not name.startswith("_")]


def threads() -> set[str]:
    return {thread.name for thread in threading.enumerate()}


def test_thread_serves_while_the_block_runs_and_leaves_nothing(client: SimpleNamespace) -> None:
    async def listen(sim: RunningSimulator) -> None:
        async with client.connect(sim.urls[WsKey.MAIN] + "/ws/btcusdt@bookTicker") as peer:
            assert (await peer.json())["s"] == "BTCUSDT"
            assert sim.connections == 1

    with run_in_thread(messages_per_second=200.0) as sim:
        assert check_urls(sim.urls) == sim.urls
        assert "fastbinance-sim" in threads()
        client.run(listen(sim))
        sim.wait_for(lambda simulator: simulator.connections == 0)
        assert sim.stats.events > 0
        port = int(sim.urls[WsKey.MAIN].rpartition(":")[2])
    assert "fastbinance-sim" not in threads()
    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.1", port)) != 0


def test_calls_reach_the_other_thread(client: SimpleNamespace, clock: Any) -> None:
    name = "btcusdt@kline_1m"

    async def listen(sim: RunningSimulator) -> None:
        async with client.connect(sim.urls[WsKey.MAIN] + f"/stream?streams={name}") as peer:
            in_thread = asyncio.get_running_loop().run_in_executor
            await in_thread(None, lambda: sim.wait_for(lambda simulator: simulator.connections == 1))
            assert sim.subscriptions(WsKey.MAIN) == [(name,)]
            assert sim.send("spot", name, b"{}") == 1
            with pytest.raises(ConfigurationError, match="'main' is no market; there are spot, usdm"):
                sim.send("main", name, b"{}")  # type: ignore[arg-type]
            assert await peer.json() == {"stream": name, "data": {}}
            assert (await in_thread(None, lambda: sim.flood([b"[]"], count=3))).messages == 3
            assert [await peer.text() for _ in range(3)] == ["[]"] * 3
            sim.step()
            assert sim.cut() == 1

    with run_in_thread(clock=clock, tls=False) as sim:
        assert sim.snapshot("usdm", "BTCUSDT", 5).startswith(b'{"lastUpdateId":')
        assert sim.call(lambda simulator: threading.current_thread().name) == "fastbinance-sim"
        assert sim.ssl_context is None
        assert "stream.binance.com:9443" in sim.url_map
        with pytest.raises(ConfigurationError, match="options"):
            sim.snapshot("options", "BTCUSDT")
        with pytest.raises(TimeoutError):
            sim.wait_for(lambda simulator: False, timeout=0.01)
        client.run(listen(sim))


def test_what_fails_at_start_is_raised_to_the_caller() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        ports = {"stream.binance.com:9443": port}
        with pytest.raises(OSError, match=str(port)), run_in_thread(ports=ports):
            pytest.fail("it should not have started")
    with pytest.raises(ConfigurationError), run_in_thread(messages_per_second=-1):
        pytest.fail("it should not have started")
    assert "fastbinance-sim" not in threads()


def test_what_fails_in_the_block_is_raised_as_it_is() -> None:
    with pytest.raises(KeyError, match="mine"), run_in_thread():
        raise KeyError("mine")
    assert "fastbinance-sim" not in threads()


def test_fixture_gives_each_test_a_simulator_with_its_options(tmp_path: Path) -> None:
    (tmp_path / "test_user.py").write_text(
        "import pytest\n"
        "seen = []\n"
        "def test_first(binance_sim):\n"
        "    assert all(url.startswith('ws://') for url in binance_sim.urls.values())\n"
        "    seen.append(binance_sim)\n"
        "@pytest.mark.binance_sim(tls=True, seed=3)\n"
        "def test_second(binance_sim):\n"
        "    assert all(url.startswith('wss://') for url in binance_sim.urls.values())\n"
        "    assert binance_sim is not seen[0]\n"
    )
    source = Path(fastbinance.sim.__file__).parents[2]
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "pytest",
            "-q",
            "--strict-markers",
            "-p",
            "fastbinance.pytest_plugin",
            str(tmp_path),
        ],
        env={"PYTHONPATH": str(source), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert "2 passed" in done.stdout, done.stdout + done.stderr


def test_all_is_sorted_and_there() -> None:
    assert fastbinance.sim.__all__ == sorted(fastbinance.sim.__all__)
    assert all(hasattr(fastbinance.sim, name) for name in fastbinance.sim.__all__)


@pytest.mark.parametrize("name", [*SWITCHES, "cut"])
def test_a_running_simulator_has_every_switch(name: str) -> None:
    switch = getattr(Simulator, name)
    assert inspect.signature(getattr(RunningSimulator, name)) == inspect.signature(switch)


def test_switches_work_from_another_thread() -> None:
    async def connect(url: str) -> int:
        async with aiohttp.ClientSession() as session, session.ws_connect(url) as socket:
            return (await socket.receive()).data or 0

    with run_in_thread() as simulator:
        url = simulator.urls[WsKey.MAIN] + "/stream"
        simulator.refuse(0, count=1)
        asyncio.run(connect(url))
        simulator.refuse(503)
        with pytest.raises(aiohttp.WSServerHandshakeError):
            asyncio.run(connect(url))
        simulator.admit()
        assert simulator.reset() == 0
        assert [(key, status) for _, key, status in simulator.attempts] == [
            (WsKey.MAIN, 0),
            (WsKey.MAIN, 503),
        ]
