"""The cases of spot that are about no order: market data, sessions, user data."""

from itertools import pairwise
from typing import Any, Final

from support.every_method import Case, Params, Scene, Who, number

__all__ = ["SPOT_MARKET_CASES"]

_BTC: Final = {"symbol": "BTCUSDT"}
_NO_SYMBOL: Final = {"symbol": "NOSUCHCOIN"}
_NOTHING: Final[Params] = {}
_BAD_SYMBOL: Final = -1121
_CROWDED: Final = -1003


def _market(name: str, right: Any, means: Any, wrong: Params = _NO_SYMBOL, code: int = _BAD_SYMBOL) -> Case:
    return Case("spot", name, right, means, code, wrong)


def _crowded(name: str, means: Any, who: Who = "owner") -> Case:
    # Nothing about such a request can be wrong but that there are too many.
    return Case("spot", name, _NOTHING, means, _CROWDED, who=who, refused="crowd")


# -- market data


def _is_book(book: Any, params: Params) -> bool:
    bids = [number(price) for price, _ in book.bids]
    asks = [number(price) for price, _ in book.asks]
    return (
        bids == sorted(bids, reverse=True)
        and asks == sorted(asks)
        and bids[0] < asks[0]
        and len(bids) == params["limit"]
    )


def _are_trades(trades: Any, params: Params) -> bool:
    follow = all(
        after.id == before.id + 1 and after.time >= before.time for before, after in pairwise(trades)
    )
    worth = all(number(one.price) * number(one.qty) == number(one.quote_qty) for one in trades)
    return (
        follow
        and worth
        and len(trades) == params["limit"]
        and trades[0].id == params.get("fromId", trades[0].id)
    )


def _are_aggregates(trades: Any, params: Params) -> bool:
    follow = all(
        (after.id, after.first_trade_id) == (before.id + 1, before.last_trade_id + 1)
        for before, after in pairwise(trades)
    )
    return follow and len(trades) == params["limit"]


def _are_minutes(klines: Any, params: Params) -> bool:
    spans = all(one.close_time == one.open_time + 59_999 for one in klines)
    prices = all(
        number(one.low)
        <= min(number(one.open), number(one.close))
        <= max(number(one.open), number(one.close))
        <= number(one.high)
        for one in klines
    )
    follow = all(after.open_time == before.open_time + 60_000 for before, after in pairwise(klines))
    return spans and prices and follow and len(klines) == params["limit"]


def _is_ticker(ticker: Any, params: Params) -> bool:
    return (
        ticker.symbol == params["symbol"]
        and number(ticker.low_price) <= number(ticker.last_price) <= number(ticker.high_price)
        and number(ticker.last_price) - number(ticker.open_price) == number(ticker.price_change)
        and ticker.count == ticker.last_id - ticker.first_id + 1
        and ticker.open_time < ticker.close_time
    )


def _is_of_both(tickers: Any, params: Params) -> bool:
    return [one.symbol for one in tickers] == params["symbols"] and all(
        _is_ticker(one, {"symbol": one.symbol}) for one in tickers
    )


def _is_of_an_hour(ticker: Any, params: Params) -> bool:
    # It begins on a minute.
    return _is_ticker(ticker, params) and 3_600_000 <= ticker.close_time - ticker.open_time < 3_660_000


def _old_trades(scene: Scene) -> Params:
    newest = scene.call("spot", "trades.recent", _BTC | {"limit": 1})[0].id
    return _BTC | {"fromId": newest - 20, "limit": 10}


_MARKET: Final = (
    _crowded("ping", lambda answer, _: answer),
    _crowded("time", lambda answer, _: answer.server_time > 1_600_000_000_000),
    _market(
        "exchangeInfo",
        {"symbols": ["BTCUSDT", "ETHUSDT"]},
        lambda answer, params: (
            [one.symbol for one in answer.symbols] == params["symbols"]
            and {one.rate_limit_type for one in answer.rate_limits} >= {"REQUEST_WEIGHT", "ORDERS"}
        ),
    ),
    _market(
        "executionRules",
        _BTC,
        lambda answer, _: [rules.symbol for rules in answer.symbol_rules] == ["BTCUSDT"],
    ),
    _market("depth", _BTC | {"limit": 5}, _is_book),
    _market("trades.recent", _BTC | {"limit": 10}, _are_trades),
    _market("trades.historical", _old_trades, _are_trades),
    _market(
        "blockTrades.historical",
        _BTC | {"fromId": 0},
        lambda answer, _: answer == [],
        _NO_SYMBOL | {"fromId": 0},
    ),
    _market(
        "trades.aggregate", _BTC | {"limit": 10}, _are_aggregates, _BTC | {"fromId": 1, "startTime": 1}, -1128
    ),
    _market("klines", _BTC | {"interval": "1m", "limit": 5}, _are_minutes, _NO_SYMBOL | {"interval": "1m"}),
    _market(
        "uiKlines",
        _BTC | {"interval": "1m", "limit": 5, "timeZone": "-1:00"},
        _are_minutes,
        _BTC | {"interval": "1m", "timeZone": "15:00"},
        -1130,
    ),
    _market("avgPrice", _BTC, lambda answer, _: answer.mins == 5 and number(answer.price) > 0),
    _market("ticker.24hr", _BTC, _is_ticker),
    _market(
        "ticker.tradingDay",
        {"symbols": ["BTCUSDT", "ETHUSDT"]},
        _is_of_both,
        _BTC | {"timeZone": "noon"},
        -1130,
    ),
    _market("ticker", _BTC | {"windowSize": "1h"}, _is_of_an_hour),
    _market(
        "ticker.price",
        _NOTHING,
        lambda answer, _: {"BTCUSDT", "ETHUSDT"} <= {one.symbol for one in answer},
        {"symbols": ["BTCUSDT", "BTCUSDT"]},
        -1151,
    ),
    _market("ticker.book", _BTC, lambda answer, _: number(answer.bid_price) < number(answer.ask_price)),
    _market("referencePrice", _BTC, lambda answer, _: answer.symbol == "BTCUSDT" and answer.timestamp > 0),
    _market("referencePrice.calculation", _BTC, lambda answer, _: answer.bucket_count > 0),
)

# -- sessions and user data


def _subscribed(scene: Scene) -> Params:
    made = scene.call("spot", "userDataStream.subscribe.signature", _NOTHING, "reader")
    return {"subscriptionId": made.subscription_id}


def _twice(scene: Scene) -> Params:
    if not scene.call("spot", "session.subscriptions", _NOTHING, "newcomer"):
        scene.call("spot", "userDataStream.subscribe.signature", _NOTHING, "newcomer")
    return _NOTHING


_SESSION: Final = (
    Case(
        "spot",
        "session.logon",
        _NOTHING,
        lambda answer, _: answer.api_key == "ed25519-key",
        -2028,
        who="logged_on",
    ),
    _crowded("session.status", lambda answer, _: answer.api_key == "ed25519-key", "logged_on"),
    _crowded("session.logout", lambda answer, _: answer.api_key is None and answer.connected_since > 0),
    _crowded("session.subscriptions", lambda answer, _: isinstance(answer, list)),
    Case(
        "spot",
        "userDataStream.subscribe",
        _NOTHING,
        lambda answer, _: answer.subscription_id >= 0,
        -1193,
        who="logged_on",
    ),
    Case(
        "spot",
        "userDataStream.subscribe.signature",
        _NOTHING,
        lambda answer, _: answer.subscription_id >= 0,
        -2035,
        _twice,
        refused="newcomer",
    ),
    Case(
        "spot",
        "userDataStream.subscribe.listenToken",
        lambda scene: {"listenToken": scene.sim.listen_token("only-asks")},
        lambda answer, _: answer.expiration_time > 0,
        -1209,
        {"listenToken": "none"},
    ),
    Case(
        "spot",
        "userDataStream.unsubscribe",
        _subscribed,
        lambda answer, _: answer,
        -2036,
        {"subscriptionId": 60_000},
        who="reader",
    ),
)

SPOT_MARKET_CASES: Final = (*_MARKET, *_SESSION)
