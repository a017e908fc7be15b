"""From a call of REST to the socket of its listen key: what is given out there opens here."""

from types import SimpleNamespace

import pytest
from support.api import DEFAULT, connect_api
from support.rest import connect_rest

from fastbinance.sim import Simulator

SOCKETS = [
    ("usdm", "/fapi/v1/listenKey", "usdmPrivate", "/private/ws/{}"),
    ("coinm", "/dapi/v1/listenKey", "coinm", "/ws/{}"),
    ("options", "/eapi/v1/listenKey", "eoptionsPrivate", "/private/ws/{}"),
    ("portfolio", "/papi/v1/listenKey", "portfolioMarginUserData", "/pm/ws/{}"),
    ("portfolio", "/papi/v1/listenKey", "portfolioMarginProUserData", "/pm-classic/ws/{}"),
    ("spot", "/sapi/v1/margin/listen-key", "marginRiskUserData", "/ws/{}"),
]


@pytest.mark.parametrize(("product", "path", "service", "socket"), SOCKETS, ids=[one[2] for one in SOCKETS])
def test_the_end_of_a_key_is_told_on_its_socket(
    client: SimpleNamespace, product: str, path: str, service: str, socket: str
) -> None:
    async def scene() -> None:
        async with Simulator() as sim, connect_rest(sim) as rest:
            _, made = await rest.ask(product, "POST", path, key=DEFAULT)
            async with client.connect(sim.urls[service] + socket.format(made["listenKey"])) as peer:
                named = made if product == "spot" else {}
                assert await rest.ask(product, "DELETE", path, key=DEFAULT, **named) == (200, {})
                assert (await peer.json())["e"] == "listenKeyExpired"

    client.run(scene())


@pytest.mark.parametrize(
    ("product", "prefix", "service", "socket", "symbol"),
    [
        ("usdm", "/fapi", "usdmPrivate", "/private/ws/{}", "BTCUSDT"),
        ("coinm", "/dapi", "coinm", "/ws/{}", "BTCUSD_PERP"),
    ],
)
def test_orders_of_rest_are_told_on_the_socket_of_a_key(
    client: SimpleNamespace, product: str, prefix: str, service: str, socket: str, symbol: str
) -> None:
    async def scene() -> None:
        async with Simulator() as sim, connect_rest(sim) as rest:
            _, made = await rest.ask(product, "POST", f"{prefix}/v1/listenKey", key=DEFAULT)
            async with client.connect(sim.urls[service] + socket.format(made["listenKey"])) as peer:
                _, placed = await rest.signed(
                    product, "POST", f"{prefix}/v1/order", symbol=symbol, side="BUY", type="LIMIT",
                    timeInForce="GTC", quantity="1", price="50000",
                )  # fmt: skip
                told = await peer.json()
                assert (told["e"], told["o"]["i"]) == ("ORDER_TRADE_UPDATE", placed["orderId"])

    client.run(scene())


def test_orders_of_rest_are_told_to_subscriptions_of_spot(client: SimpleNamespace) -> None:
    async def scene() -> None:
        async with Simulator() as sim, connect_rest(sim) as rest, connect_api(sim) as api:
            subscribed = await api.result("userDataStream.subscribe.signature", **api.signed())
            _, placed = await rest.signed(
                "spot", "POST", "/api/v3/order", symbol="BTCUSDT", side="BUY", type="MARKET", quantity="0.01"
            )
            told = await api.json()
            assert told["subscriptionId"] == subscribed["subscriptionId"]
            assert (told["event"]["e"], told["event"]["i"]) == ("executionReport", placed["orderId"])

    client.run(scene())
