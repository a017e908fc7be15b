"""What happens at a proxy that does not answer, and who resolves the name of the host."""

import asyncio
from urllib.parse import urlsplit

import pytest
from support.proxy import SCHEMES, run_proxy

from fastbinance._io.options import ConnectionOptions
from fastbinance._io.proxy import parse_proxy
from fastbinance._protocol.lifecycle import State
from fastbinance.errors import ConfigurationError

WHO = ("some-user", "some-password")


@pytest.mark.parametrize("scheme", SCHEMES)
async def test_a_silent_proxy_is_given_up_after_the_timeout(world, scheme):
    with run_proxy(scheme, silent=True) as proxy:
        world.connection(proxy=parse_proxy(proxy.url(WHO)), handshake_timeout=0.1).start()
        await world.until(lambda: world.of_kind("exception"))
        await world.close()
    cause = world.of_kind("exception")[0].error.cause
    assert cause == f"the proxy {proxy.place} did not answer within 0.1 s"


@pytest.mark.parametrize("scheme", SCHEMES)
async def test_closing_does_not_wait_for_a_silent_proxy(world, scheme):
    with run_proxy(scheme, silent=True) as proxy:
        connection = world.connection(proxy=parse_proxy(proxy.url()), handshake_timeout=60.0)
        connection.start()
        await asyncio.to_thread(proxy.greeted.wait, 10.0)
        assert proxy.greeted.is_set()
        async with asyncio.timeout(10.0):
            await connection.close()
    assert connection.state is State.CLOSED
    assert world.of_kind("exception") == []


@pytest.mark.parametrize(("scheme", "resolver"), [("http", "proxy"), ("socks5", "proxy"), ("socks4", "us")])
async def test_names_are_resolved_by_the_proxy_but_for_socks4(world, scheme, resolver):
    port = urlsplit(world.server.url).port
    with run_proxy(scheme) as proxy:
        connection = world.connection(f"ws://localhost:{port}/stream", proxy=parse_proxy(proxy.url()))
        connection.start()
        await world.until(lambda: connection.state is State.LIVE)
        await connection.close()
    assert proxy.tunnels == [f"{'localhost' if resolver == 'proxy' else '127.0.0.1'}:{port}"]


async def test_credentials_are_text_without_percent_signs_and_not_shown():
    proxy = parse_proxy("http://us%40er:pass%2Fword@[::1]:3128/")
    assert (proxy.user, proxy.password, proxy.host, proxy.port) == ("us@er", "pass/word", "::1", 3128)
    shown = repr(proxy) + str(proxy) + repr(ConnectionOptions(proxy=proxy))
    assert "[::1]:3128" in shown
    assert "us@er" not in shown
    assert "pass" not in shown


@pytest.mark.parametrize("url", ["http://some-user@h:1", "http://some-user:@h:1", "socks4://some-user@h:1"])
def test_a_user_without_a_password_is_one(url):
    assert (parse_proxy(url).user, parse_proxy(url).password) == ("some-user", "")


def test_an_empty_url_is_none():
    with pytest.raises(ConfigurationError, match="schemes http, socks5, socks4"):
        parse_proxy("")
