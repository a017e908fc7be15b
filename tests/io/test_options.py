"""Connection attempts stay within the budget of the process."""

import asyncio

import pytest

from fastbinance._io.options import ConnectBudget

pytestmark = pytest.mark.asyncio


async def test_attempts_wait_for_the_budget_of_the_process(world):
    budget = ConnectBudget(4, 0.4, count_loopback=True)
    connection = world.connection(budget=budget)
    world.server.refusal = (503, {})
    started = asyncio.get_running_loop().time()
    connection.start()
    await world.until(lambda: world.server.handshakes == 6)
    assert asyncio.get_running_loop().time() - started > 0.7


async def test_hosts_on_this_machine_do_not_count_against_binances_limit():
    budget = ConnectBudget(2, 300.0)
    for host in ("127.0.0.1", "::1", "localhost", "api.localhost"):
        assert [budget.take(host) for _ in range(5)] == [0.0] * 5
    assert budget.take("stream.binance.com") == 0.0
    assert budget.take("fstream.binance.com") > 200.0
