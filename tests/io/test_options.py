"""Connection attempts stay within the budget of the process."""

import asyncio

import pytest
from support.server import ScriptedServer

from fastbinance._io.options import CONNECTS, ConnectBudget, ConnectionOptions, budget_for
from fastbinance._io.proxy import parse_proxy
from fastbinance._protocol.lifecycle import State
from fastbinance.keys import WsKey
from fastbinance.streams import parse

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


class Clock:
    """A clock that goes when it is told to."""

    def __init__(self):
        self.now = 1000.0

    def __call__(self):
        return self.now


DOMAINS = [
    ("stream.binance.com", "fstream.binance.com", True),
    ("stream.binance.com", "STREAM.Binance.COM.", True),
    ("stream.binance.com", "binance.com", True),
    ("data-stream.binance.vision", "stream.testnet.binance.vision", True),
    ("stream.binance.com", "data-stream.binance.vision", False),
    ("stream.binance.com", "notbinance.com", False),
    ("stream.binance.com", "127.0.0.1", False),
    ("192.0.2.1", "192.0.2.1", True),
    ("192.0.2.1", "192.1.2.1", False),
    ("2001:db8::1", "2001:DB8:0::1", True),
    ("127.0.0.1", "localhost", True),
    ("127.0.0.1", "::1", True),
    ("localhost", "stream.binance.com", False),
]


@pytest.mark.parametrize(("refusing", "other", "same"), DOMAINS)
async def test_a_ban_by_one_host_keeps_us_from_all_of_its_domain_until_it_is_over(refusing, other, same):
    clock = Clock()
    budget = ConnectBudget(clock=clock)
    budget.banned(refusing, 60.0)
    assert (budget.take(other) > 0.0) == same
    clock.now += 59.5
    assert budget.take(other) == (0.5 if same else 0.0)
    clock.now += 0.5
    assert budget.take(other) == 0.0


async def test_what_is_refused_for_a_ban_costs_no_attempt():
    clock = Clock()
    budget = ConnectBudget(4, clock=clock)
    budget.banned("stream.binance.com", 60.0)
    assert [budget.take("stream.binance.com") for _ in range(10)] == [60.0] * 10
    assert [budget.take("data-stream.binance.vision") for _ in range(2)] == [0.0, 0.0]


# Addresses that no other test connects from, so that nothing is left to others.
def options(source, **more):
    return ConnectionOptions(source_address=source, **more)


async def test_clients_share_attempts_and_bans_whatever_client_was_refused():
    one, other = budget_for(options("192.0.2.1")), budget_for(options("192.0.2.1"))
    for budget in [one, other] * (CONNECTS // 4):
        assert budget.take("stream.binance.com") == 0.0
    assert one.take("stream.binance.com") > 0.0
    assert other.take("fstream.binance.com") > 0.0
    one.banned("stream.binance.com", 10_000.0)
    assert other.take("dstream.binance.com") > 9_000.0
    assert budget_for(options("192.0.2.1")).take("dstream.binance.com") > 9_000.0


async def test_a_client_that_names_a_number_of_attempts_has_them_for_itself_but_is_banned_with_the_others():
    own, others = budget_for(options("192.0.2.2", connects=4)), budget_for(options("192.0.2.2"))
    assert [own.take("stream.binance.com") for _ in range(2)] == [0.0, 0.0]
    assert own.take("stream.binance.com") > 0.0
    assert others.take("stream.binance.com") == 0.0
    assert budget_for(options("192.0.2.2", connects=4)).take("stream.binance.com") == 0.0
    others.banned("stream.binance.com", 10_000.0)
    assert own.take("fstream.binance.com") > 9_000.0


@pytest.mark.parametrize(
    "other", [{"source_address": "192.0.2.4"}, {"proxy": parse_proxy("http://192.0.2.5:3128")}]
)
async def test_another_source_address_or_proxy_is_another_address_to_binance(other):
    budget_for(options("192.0.2.3")).banned("stream.binance.com", 10_000.0)
    assert budget_for(ConnectionOptions(**other)).take("stream.binance.com") == 0.0


async def test_a_ban_by_an_exchange_on_this_machine_is_the_clients_own():
    one, other = budget_for(options("192.0.2.6")), budget_for(options("192.0.2.6"))
    one.banned("127.0.0.1", 10_000.0)
    assert one.take("localhost") > 9_000.0
    assert other.take("127.0.0.1") == 0.0


async def test_a_refusal_by_one_host_holds_back_attempts_at_the_others(world, changed, caplog):
    caplog.set_level("INFO", logger="fastbinance")
    world.server.refusal = (429, {"Retry-After": "2"})
    async with ScriptedServer(changed) as other:
        pool = world.pool(urls={WsKey.MAIN: world.server.url, WsKey.USDM: other.url})
        pool.add(parse("btcusdt@trade", "spot"))
        await world.until(lambda: world.of_kind("reconnecting"))
        assert world.of_kind("exception")[0].error.retry_after == 2.0
        pool.add(parse("btcusdt@aggTrade", "usdm"))
        # Looked at with every sample of the pool.
        await world.until(lambda: "usdmMarket: attempt put off by" in caplog.text)
        assert (world.server.handshakes, other.handshakes) == (1, 0)
        world.server.refusal = None
        await world.until(lambda: [stats.state for stats in pool.stats()] == [State.LIVE, State.LIVE])
        assert (world.server.handshakes, other.handshakes) == (2, 1)
        await pool.close()


async def test_options_show_no_value_of_a_header():
    shown = repr(ConnectionOptions(headers=(("Authorization", "Bearer a-long-token"),)))
    assert "token" not in shown
    assert "Bearer" not in shown
