"""The cases of USD-M and COIN-M."""

from typing import Any, Final

from fastbinance._protocol.method import Product
from support.every_method import RESTING, SYMBOLS, Case, Params, Scene, number

__all__ = ["COINM_CASES", "USDM_CASES"]

_NOTHING: Final[Params] = {}
_BTC: Final = {"symbol": "BTCUSDT"}
_NO_SYMBOL: Final = {"symbol": "NOSUCHCOIN"}
_FORGED: Final = -1022


def _forged(product: Product, name: str, right: Any, means: Any) -> Case:
    return Case(product, name, right, means, _FORGED, refused="forger")


def _is_resting(product: Product) -> Any:
    def means(order: Any, params: Params) -> bool:
        return (
            (order.symbol, order.side, order.type, order.status) == (SYMBOLS[product], "BUY", "LIMIT", "NEW")
            and (number(order.price), number(order.orig_qty))
            == (number(params["price"]), number(str(params["quantity"])))
            and order.client_order_id.startswith("fb")
            and order.pair == (None if product == "usdm" else "BTCUSD")
        )

    return means


def _orders(product: Product) -> tuple[Case, ...]:
    symbol, resting = {"symbol": SYMBOLS[product]}, RESTING[product]
    change = symbol | {"side": "BUY", "price": "49000", "quantity": resting["quantity"]}

    def placed(scene: Scene) -> Params:
        return symbol | {"orderId": scene.order(product).order_id}

    def gone(scene: Scene) -> Params:
        params = placed(scene)
        scene.call(product, "order.cancel", params)
        return params

    return (
        Case(product, "order.place", resting, _is_resting(product), -4003, resting | {"quantity": 0}),
        Case(
            product,
            "order.modify",
            lambda scene: change | placed(scene),
            lambda answer, params: (
                (answer.order_id, answer.status, number(answer.price)) == (params["orderId"], "NEW", 49000)
            ),
            -2013,
            change | {"orderId": 1},
        ),
        Case(
            product,
            "order.cancel",
            placed,
            lambda answer, params: (answer.order_id, answer.status) == (params["orderId"], "CANCELED"),
            -2011,
            gone,
        ),
        Case(
            product,
            "order.status",
            gone,
            lambda answer, params: (answer.order_id, answer.status) == (params["orderId"], "CANCELED"),
            -2013,
            symbol | {"orderId": 1},
        ),
    )


def _session(product: Product) -> tuple[Case, ...]:
    def started(scene: Scene) -> Params:
        scene.call(product, "userDataStream.start", _NOTHING)
        return _NOTHING

    return (
        Case(
            product,
            "userDataStream.start",
            _NOTHING,
            lambda answer, _: len(answer.listen_key) == 64,
            -2015,
            refused="stranger",
        ),
        Case(
            product,
            "userDataStream.ping",
            started,
            lambda answer, _: len(answer.listen_key) == 64,
            -1125,
            refused="newcomer",
        ),
        Case(product, "userDataStream.stop", started, lambda answer, _: answer, -1125, refused="newcomer"),
        Case(
            product,
            "session.logon",
            _NOTHING,
            lambda answer, _: answer.api_key == "ed25519-key",
            -4056,
            who="logged_on",
        ),
        Case(
            product,
            "session.status",
            _NOTHING,
            lambda answer, _: answer.api_key == "ed25519-key",
            -1003,
            who="logged_on",
            refused="crowd",
        ),
        Case(
            product,
            "session.logout",
            _NOTHING,
            lambda answer, _: answer.api_key is None and answer.server_time > 0,
            -1003,
            refused="crowd",
        ),
    )


def _bought(product: Product, **more: Any) -> Any:
    def trade(scene: Scene) -> Params:
        scene.trade(product)
        return more

    return trade


def _holds(product: Product) -> Any:
    def means(positions: Any, _: Params) -> bool:
        held = {one.symbol: number(one.position_amt) for one in positions}
        return held[SYMBOLS[product]] > 0

    return means


def _has(asset: str) -> Any:
    def means(balances: Any, _: Params) -> bool:
        found = {one.asset: one for one in balances}[asset]
        return number(found.available_balance) > 0 and number(found.balance) > 0

    return means


def _is_account(product: Product) -> Any:
    asset = "USDT" if product == "usdm" else "BTC"

    def means(account: Any, params: Params) -> bool:
        found = {one.asset: one for one in account.assets}[asset]
        margins = number(found.position_initial_margin) + number(found.open_order_initial_margin)
        return margins == number(found.initial_margin) and bool(_holds(product)(account.positions, params))

    return means


def _is_book(book: Any, params: Params) -> bool:
    return len(book.bids) == params["limit"] and number(book.bids[0][0]) < number(book.asks[0][0])


_STOP: Final = _BTC | {
    "algoType": "CONDITIONAL",
    "side": "SELL",
    "type": "STOP_MARKET",
    "triggerPrice": "40000",
    "quantity": "0.002",
}


def _waiting(scene: Scene) -> Params:
    return {"algoId": scene.call("usdm", "algoOrder.place", _STOP).algo_id}


USDM_CASES: Final = (
    Case("usdm", "depth", _BTC | {"limit": 5}, _is_book, -1121, _NO_SYMBOL),
    Case(
        "usdm",
        "ticker.price",
        _NOTHING,
        lambda answer, _: {"BTCUSDT", "ETHUSDT"} <= {one.symbol for one in answer},
        -1121,
        _NO_SYMBOL,
    ),
    Case(
        "usdm",
        "ticker.book",
        _BTC,
        lambda answer, _: number(answer.bid_price) < number(answer.ask_price),
        -1121,
        _NO_SYMBOL,
    ),
    *_orders("usdm"),
    Case(
        "usdm",
        "algoOrder.place",
        _STOP,
        lambda answer, _: (
            (answer.algo_status, number(answer.trigger_price), answer.order_type)
            == ("NEW", 40000, "STOP_MARKET")
            and answer.client_algo_id.startswith("fb")
        ),
        -2021,
        _STOP | {"triggerPrice": "200000"},
    ),
    Case(
        "usdm",
        "algoOrder.cancel",
        _waiting,
        lambda answer, params: (answer.algo_id, str(answer.code)) == (params["algoId"], "200"),
        -2011,
        {"algoId": 1},
    ),
    Case("usdm", "account.position", _bought("usdm", symbol="BTCUSDT"), _holds("usdm"), -1121, _NO_SYMBOL),
    Case("usdm", "v2/account.position", _bought("usdm", symbol="BTCUSDT"), _holds("usdm"), -1121, _NO_SYMBOL),
    _forged("usdm", "account.balance", _NOTHING, _has("USDT")),
    _forged("usdm", "v2/account.balance", _NOTHING, _has("USDT")),
    _forged("usdm", "account.status", _bought("usdm"), _is_account("usdm")),
    _forged("usdm", "v2/account.status", _bought("usdm"), _is_account("usdm")),
    *_session("usdm"),
)

COINM_CASES: Final = (
    *_orders("coinm"),
    _forged("coinm", "account.position", _bought("coinm", pair="BTCUSD"), _holds("coinm")),
    _forged("coinm", "account.balance", _NOTHING, _has("BTC")),
    _forged("coinm", "account.status", _bought("coinm"), _is_account("coinm")),
    *_session("coinm"),
)
