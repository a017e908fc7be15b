"""Answers of the futures methods that place, change, cancel and show orders, on USD-M and COIN-M alike.

Prices are in quote asset; quantities are in base asset on USD-M and contracts on COIN-M. Sections named as
sources are those of USD-M and COIN-M WebSocket API.

What places, changes or cancels requires no more than what names the order: the request has been carried out,
and an answer must not become unreadable by a key that Binance leaves out, as it left out ``avgPrice``,
``cumQuote`` and ``cumBase`` after USD-M and COIN-M had become one.
"""

from __future__ import annotations

from fastbinance.answers.common import Answer

__all__ = [
    "AlgoOrderCanceled",
    "AlgoOrderPlaced",
    "FuturesOrder",
    "FuturesOrderCanceled",
    "FuturesOrderModified",
    "FuturesOrderPlaced",
    "FuturesOrderReport",
]


class FuturesOrderReport(Answer, kw_only=True):
    """What Binance tells of an order of futures, after it did something with it.

    An answer of ``order.status`` of the same product decodes to these structs as well, which is how an order
    becomes one whose own answer was lost: then `time` is not None.

    Attributes
    ----------
    order_id : int
        Binance's number of it (``orderId``); above 2**53 on some symbols.
    symbol : str
        Symbol.
    pair : str or None
        Its pair; COIN-M only.
    status : str or None
        ``"NEW"``, ``"PARTIALLY_FILLED"``, ``"FILLED"``, ``"CANCELED"``, ``"EXPIRED"``, ...
    client_order_id : str
        Our name of it (``clientOrderId``).
    price : str or None
        Its limit.
    avg_price : str or None
        Average price of what has been filled (``avgPrice``).
    orig_qty : str or None
        Quantity that was ordered (``origQty``).
    executed_qty, cum_qty : str or None
        Quantity that has been filled (``executedQty``, ``cumQty``).
    cum_quote : str or None
        The same in quote asset (``cumQuote``); USD-M only.
    cum_base : str or None
        The same in base asset (``cumBase``); COIN-M only.
    time_in_force : str or None
        ``"GTC"``, ``"IOC"``, ``"FOK"``, ``"GTX"``, ``"GTD"`` or ``"RPI"`` (``timeInForce``).
    type, orig_type : str or None
        ``"LIMIT"``, ``"MARKET"``, ...; and what it was before it was triggered (``origType``).
    reduce_only, close_position : bool or None
        Whether it may only reduce the position, and whether it closes all of it (``reduceOnly``,
        ``closePosition``).
    side : str or None
        ``"BUY"`` or ``"SELL"``.
    position_side : str or None
        ``"BOTH"``, or in hedge mode ``"LONG"`` or ``"SHORT"`` (``positionSide``).
    stop_price : str or None
        Price that triggers it (``stopPrice``); of no meaning for a trailing stop.
    working_type : str or None
        Which price triggers it: ``"CONTRACT_PRICE"`` or ``"MARK_PRICE"`` (``workingType``).
    price_protect : bool or None
        Whether it is not triggered while the two prices are far apart (``priceProtect``).
    activate_price, price_rate : str or None
        Of a trailing stop: where it begins, and how far it trails, in percent (``activatePrice``,
        ``priceRate``).
    price_match : str or None
        Which level of the book it takes its price from; ``"NONE"`` (``priceMatch``).
    self_trade_prevention_mode : str or None
        What happens where it would meet an order of the same account (``selfTradePreventionMode``).
    good_till_date : int or None
        When a ``GTD`` order ends; 0 for others (``goodTillDate``).
    time : int or None
        When it was placed; only if it was asked for.
    update_time : int or None
        When it last changed (``updateTime``).
    resolved_by : str or None
        What its outcome was found out by, where the request's own answer was lost. Ours, not Binance's.
    """

    order_id: int
    symbol: str
    pair: str | None = None
    status: str | None = None
    client_order_id: str
    price: str | None = None
    avg_price: str | None = None
    orig_qty: str | None = None
    executed_qty: str | None = None
    cum_qty: str | None = None
    cum_quote: str | None = None
    cum_base: str | None = None
    time_in_force: str | None = None
    type: str | None = None
    reduce_only: bool | None = None
    close_position: bool | None = None
    side: str | None = None
    position_side: str | None = None
    stop_price: str | None = None
    working_type: str | None = None
    price_protect: bool | None = None
    orig_type: str | None = None
    activate_price: str | None = None
    price_rate: str | None = None
    price_match: str | None = None
    self_trade_prevention_mode: str | None = None
    good_till_date: int | None = None
    time: int | None = None
    update_time: int | None = None
    resolved_by: str | None = None

    @property
    def placed_time(self) -> int | None:
        """When the order was placed: `time` where it was asked for, else when its answer says it changed."""
        return self.update_time if self.time is None else self.time


class FuturesOrderPlaced(FuturesOrderReport, kw_only=True):
    """A new order.

    Source: "New Order".
    """


class FuturesOrderModified(FuturesOrderReport, kw_only=True):
    """An order with another price or quantity.

    Attributes
    ----------
    modify_id : int or None
        What the request called the change (``modifyId``).

    Source: "Modify Order".
    """

    modify_id: int | None = None


class FuturesOrderCanceled(FuturesOrderReport, kw_only=True):
    """An order that has been cancelled.

    Source: "Cancel Order".
    """


class FuturesOrder(Answer, kw_only=True):
    """An order as it is now.

    Attributes
    ----------
    order_id : int
        Binance's number of it (``orderId``); above 2**53 on some symbols.
    symbol : str
        Symbol.
    pair : str or None
        Its pair; COIN-M only.
    status : str
        ``"NEW"``, ``"PARTIALLY_FILLED"``, ``"FILLED"``, ``"CANCELED"``, ``"EXPIRED"``, ...
    client_order_id : str
        Our name of it (``clientOrderId``).
    price : str
        Its limit.
    avg_price : str or None
        Average price of what has been filled (``avgPrice``).
    orig_qty : str
        Quantity that was ordered (``origQty``).
    executed_qty : str
        Quantity that has been filled (``executedQty``).
    cum_qty : str or None
        The same, where Binance repeats it (``cumQty``).
    cum_quote : str or None
        The same in quote asset (``cumQuote``); USD-M only.
    cum_base : str or None
        The same in base asset (``cumBase``); COIN-M only.
    time_in_force : str or None
        ``"GTC"``, ``"IOC"``, ``"FOK"``, ``"GTX"``, ``"GTD"`` or ``"RPI"`` (``timeInForce``).
    type : str
        ``"LIMIT"``, ``"MARKET"``, ...
    orig_type : str or None
        What it was before it was triggered (``origType``).
    reduce_only, close_position : bool or None
        Whether it may only reduce the position, and whether it closes all of it (``reduceOnly``,
        ``closePosition``).
    side : str
        ``"BUY"`` or ``"SELL"``.
    position_side : str or None
        ``"BOTH"``, or in hedge mode ``"LONG"`` or ``"SHORT"`` (``positionSide``).
    stop_price : str or None
        Price that triggers it (``stopPrice``); of no meaning for a trailing stop.
    working_type : str or None
        Which price triggers it: ``"CONTRACT_PRICE"`` or ``"MARK_PRICE"`` (``workingType``).
    price_protect : bool or None
        Whether it is not triggered while the two prices are far apart (``priceProtect``).
    activate_price, price_rate : str or None
        Of a trailing stop: where it begins, and how far it trails, in percent (``activatePrice``,
        ``priceRate``).
    price_match : str or None
        Which level of the book it takes its price from; ``"NONE"`` (``priceMatch``).
    self_trade_prevention_mode : str or None
        What happens where it would meet an order of the same account (``selfTradePreventionMode``).
    good_till_date : int or None
        When a ``GTD`` order ends; 0 for others (``goodTillDate``).
    time : int or None
        When it was placed.
    update_time : int or None
        When it last changed (``updateTime``).

    Source: "Query Order".
    """

    order_id: int
    symbol: str
    pair: str | None = None
    status: str
    client_order_id: str
    price: str
    avg_price: str | None = None
    orig_qty: str
    executed_qty: str
    cum_qty: str | None = None
    cum_quote: str | None = None
    cum_base: str | None = None
    time_in_force: str | None = None
    type: str
    reduce_only: bool | None = None
    close_position: bool | None = None
    side: str
    position_side: str | None = None
    stop_price: str | None = None
    working_type: str | None = None
    price_protect: bool | None = None
    orig_type: str | None = None
    activate_price: str | None = None
    price_rate: str | None = None
    price_match: str | None = None
    self_trade_prevention_mode: str | None = None
    good_till_date: int | None = None
    time: int | None = None
    update_time: int | None = None


class AlgoOrderPlaced(Answer, kw_only=True):
    """A conditional order that waits for its trigger; what it places then is an order of its own.

    Attributes
    ----------
    algo_id : int
        Binance's number of it (``algoId``).
    client_algo_id : str or None
        Our name of it (``clientAlgoId``).
    algo_type : str or None
        ``"CONDITIONAL"`` (``algoType``).
    order_type : str or None
        ``"STOP"``, ``"STOP_MARKET"``, ``"TAKE_PROFIT"``, ``"TAKE_PROFIT_MARKET"`` or
        ``"TRAILING_STOP_MARKET"`` (``orderType``).
    symbol : str or None
        Symbol.
    side : str or None
        ``"BUY"`` or ``"SELL"``.
    position_side : str or None
        ``"BOTH"``, or in hedge mode ``"LONG"`` or ``"SHORT"`` (``positionSide``).
    time_in_force : str or None
        Of the order that it places (``timeInForce``).
    quantity, price : str or None
        Of the order that it places.
    iceberg_quantity : str or None
        Its visible part (``icebergQuantity``).
    algo_status : str or None
        ``"NEW"``, ... (``algoStatus``).
    trigger_price : str or None
        Price that triggers it (``triggerPrice``).
    activate_price, callback_rate : str or None
        Of a trailing stop: where it begins, and how far it trails, in percent (``activatePrice``,
        ``callbackRate``).
    self_trade_prevention_mode : str or None
        What happens where the order would meet one of the same account (``selfTradePreventionMode``).
    working_type : str or None
        Which price triggers it: ``"CONTRACT_PRICE"`` or ``"MARK_PRICE"`` (``workingType``).
    price_match : str or None
        Which level of the book the order takes its price from; ``"NONE"`` (``priceMatch``).
    close_position, price_protect, reduce_only : bool or None
        As in `FuturesOrder` (``closePosition``, ``priceProtect``, ``reduceOnly``).
    create_time, update_time, trigger_time : int or None
        When it was placed, last changed, and triggered, 0 if it was not (``createTime``, ``updateTime``,
        ``triggerTime``).
    good_till_date : int or None
        When a ``GTD`` order ends; 0 for others (``goodTillDate``).

    Source: "New Algo Order".
    """

    algo_id: int
    client_algo_id: str | None = None
    algo_type: str | None = None
    order_type: str | None = None
    symbol: str | None = None
    side: str | None = None
    position_side: str | None = None
    time_in_force: str | None = None
    quantity: str | None = None
    algo_status: str | None = None
    trigger_price: str | None = None
    price: str | None = None
    iceberg_quantity: str | None = None
    self_trade_prevention_mode: str | None = None
    working_type: str | None = None
    price_match: str | None = None
    close_position: bool | None = None
    price_protect: bool | None = None
    reduce_only: bool | None = None
    activate_price: str | None = None
    callback_rate: str | None = None
    create_time: int | None = None
    update_time: int | None = None
    trigger_time: int | None = None
    good_till_date: int | None = None


class AlgoOrderCanceled(Answer, kw_only=True):
    """A conditional order that has been cancelled.

    Attributes
    ----------
    algo_id : int
        Binance's number of it (``algoId``).
    client_algo_id : str or None
        Our name of it (``clientAlgoId``).
    code : int or str or None
        ``"200"``.
    msg : str or None
        ``"success"``.

    Source: "Cancel Algo Order".
    """

    algo_id: int
    client_algo_id: str | None = None
    code: int | str | None = None
    msg: str | None = None
