"""Events of orders on USD-M and COIN-M. Quantities are in the base asset on USD-M, in contracts on COIN-M."""

from msgspec import field

from fastbinance.user_events.base import Part, UserEvent

__all__ = [
    "AlgoOrder",
    "AlgoUpdate",
    "ConditionalOrderTriggerReject",
    "FuturesOrder",
    "GridUpdate",
    "OrderTradeUpdate",
    "RejectedOrder",
    "Strategy",
    "StrategyUpdate",
    "TradeLite",
]


class FuturesOrder(Part, kw_only=True):
    """An order after one step, key ``o`` of ``ORDER_TRADE_UPDATE``.

    Attributes
    ----------
    symbol : str
        Symbol (``s``).
    client_order_id : str
        Our name of the order; begins with ``autoclose-`` for a liquidation, ``adl_autoclose`` for automatic
        deleveraging, ``settlement_autoclose-`` for a delivery (``c``).
    side : str
        ``"BUY"`` or ``"SELL"`` (``S``).
    type : str
        ``"LIMIT"``, ``"MARKET"``, ... (``o``).
    time_in_force : str
        ``"GTC"``, ``"IOC"``, ``"FOK"``, ... (``f``).
    quantity : str
        Quantity that is ordered (``q``).
    price : str
        Its limit (``p``).
    average_price : str
        Average price of what has been filled (``ap``).
    stop_price : str or None
        Price that sets it off (``sp``).
    execution_type : str
        What happened: ``"NEW"``, ``"CANCELED"``, ``"CALCULATED"`` (a liquidation), ``"EXPIRED"``, ``"TRADE"``
        or ``"AMENDMENT"`` (``x``).
    status : str
        What the order is now: ``"NEW"``, ``"PARTIALLY_FILLED"``, ``"FILLED"``, ``"CANCELED"``, ``"EXPIRED"``
        or ``"EXPIRED_IN_MATCH"`` (``X``).
    order_id : int
        Binance's number of the order (``i``).
    modify_id : str or None
        Number of its last change; only of an order that was changed (``M``).
    last_quantity : str
        Quantity of this trade (``l``).
    cumulative_quantity : str
        Quantity that has been filled so far (``z``).
    last_price : str
        Price of this trade (``L``).
    margin_asset : str or None
        Asset of its margin; COIN-M only (``ma``).
    commission : str or None
        Paid for this trade (``n``).
    commission_asset : str or None
        The asset that it was paid in; None where nothing was (``N``).
    transaction_ms : int
        When it happened (``T``).
    trade_id : int
        Number of this trade in its symbol; 0 where there was none (``t``).
    bids_notional : str or None
        Value of open orders to buy (``b``).
    asks_notional : str or None
        Value of open orders to sell (``a``).
    is_maker : bool or None
        Whether this trade was made as the maker (``m``).
    reduce_only : bool or None
        Whether it can only make a position smaller (``R``).
    working_type : str or None
        What the price that sets it off is compared with: ``"CONTRACT_PRICE"`` or ``"MARK_PRICE"`` (``wt``).
    original_type : str or None
        Type that it was placed with (``ot``).
    position_side : str or None
        ``"BOTH"``, or in hedge mode ``"LONG"`` or ``"SHORT"`` (``ps``).
    close_position : bool or None
        Whether it closes the whole position (``cp``).
    activation_price : str or None
        Price from which a trailing stop trails; of others None (``AP``).
    callback_rate : str or None
        Distance of a trailing stop, in percent; of others None (``cr``).
    realized_profit : str or None
        Profit of this trade (``rp``).
    price_protection : bool or None
        Whether it waits while contract and mark price are far apart (``pP``).
    strategy_type : str or None
        Type of that strategy; portfolio margin only (``st``).
    strategy_id : int or None
        Number of the strategy that it belongs to; of no meaning on USD-M and COIN-M (``si``).
    strategy_status : int or None
        Of no meaning, Binance says (``ss``).
    self_trade_prevention_mode : str or None
        What happens where it would meet an order of the same account (``V``).
    price_match : str or None
        Price of the book that it takes as its own (``pm``).
    good_till_ms : int or None
        When it is cancelled if ``time_in_force`` is ``"GTD"``; 0 otherwise (``gtd``).
    expiry_reason : str or None
        Why it expired, a code; ``"0"`` for not at all (``er``).
    """

    symbol: str = field(name="s")
    client_order_id: str = field(name="c")
    side: str = field(name="S")
    type: str = field(name="o")
    time_in_force: str = field(name="f")
    quantity: str = field(name="q")
    price: str = field(name="p")
    average_price: str = field(name="ap")
    stop_price: str | None = field(name="sp", default=None)
    execution_type: str = field(name="x")
    status: str = field(name="X")
    order_id: int = field(name="i")
    modify_id: str | None = field(name="M", default=None)
    last_quantity: str = field(name="l")
    cumulative_quantity: str = field(name="z")
    last_price: str = field(name="L")
    margin_asset: str | None = field(name="ma", default=None)
    commission: str | None = field(name="n", default=None)
    commission_asset: str | None = field(name="N", default=None)
    transaction_ms: int = field(name="T")
    trade_id: int = field(name="t")
    bids_notional: str | None = field(name="b", default=None)
    asks_notional: str | None = field(name="a", default=None)
    is_maker: bool | None = field(name="m", default=None)
    reduce_only: bool | None = field(name="R", default=None)
    working_type: str | None = field(name="wt", default=None)
    original_type: str | None = field(name="ot", default=None)
    position_side: str | None = field(name="ps", default=None)
    close_position: bool | None = field(name="cp", default=None)
    activation_price: str | None = field(name="AP", default=None)
    callback_rate: str | None = field(name="cr", default=None)
    realized_profit: str | None = field(name="rp", default=None)
    price_protection: bool | None = field(name="pP", default=None)
    strategy_type: str | None = field(name="st", default=None)
    strategy_id: int | None = field(name="si", default=None)
    strategy_status: int | None = field(name="ss", default=None)
    self_trade_prevention_mode: str | None = field(name="V", default=None)
    price_match: str | None = field(name="pm", default=None)
    good_till_ms: int | None = field(name="gtd", default=None)
    expiry_reason: str | None = field(name="er", default=None)


class OrderTradeUpdate(UserEvent, kw_only=True):
    """``ORDER_TRADE_UPDATE``: one step in the life of an order.

    Attributes
    ----------
    transaction_ms : int
        When it happened (``T``).
    business_unit : str or None
        ``"UM"`` (USD-M) or ``"CM"`` (COIN-M); portfolio margin only (``fs``).
    account_alias : str or None
        Code of the account; COIN-M only (``i``).
    order : FuturesOrder
        The order, as it is now (``o``).
    """

    transaction_ms: int = field(name="T")
    business_unit: str | None = field(name="fs", default=None)
    account_alias: str | None = field(name="i", default=None)
    order: FuturesOrder = field(name="o")


class TradeLite(UserEvent, kw_only=True):
    """``TRADE_LITE``: a fill, sooner than ``ORDER_TRADE_UPDATE`` and with less in it.

    Attributes
    ----------
    transaction_ms : int
        When it happened (``T``).
    symbol : str
        Symbol (``s``).
    quantity : str
        Quantity that is ordered (``q``).
    price : str
        The order's limit (``p``).
    is_maker : bool
        Whether this trade was made as the maker (``m``).
    client_order_id : str
        Our name of the order (``c``).
    side : str
        ``"BUY"`` or ``"SELL"`` (``S``).
    last_price : str
        Price of this trade (``L``).
    last_quantity : str
        Quantity of this trade (``l``).
    trade_id : int
        Number of this trade in its symbol (``t``).
    order_id : int
        Binance's number of the order (``i``).
    """

    transaction_ms: int = field(name="T")
    symbol: str = field(name="s")
    quantity: str = field(name="q")
    price: str = field(name="p")
    is_maker: bool = field(name="m")
    client_order_id: str = field(name="c")
    side: str = field(name="S")
    last_price: str = field(name="L")
    last_quantity: str = field(name="l")
    trade_id: int = field(name="t")
    order_id: int = field(name="i")


class AlgoOrder(Part, kw_only=True):
    """A conditional order, key ``o`` of ``ALGO_UPDATE`` (``ao`` in portfolio margin).

    Attributes
    ----------
    client_algo_id : str
        Our name of it (``caid``).
    algo_id : int
        Binance's number of it (``aid``).
    algo_type : str
        ``"CONDITIONAL"`` (``at``).
    type : str
        ``"STOP"``, ``"STOP_MARKET"``, ``"TAKE_PROFIT"``, ``"TRAILING_STOP_MARKET"``, ... (``o``).
    symbol : str
        Symbol (``s``).
    side : str
        ``"BUY"`` or ``"SELL"`` (``S``).
    status : str
        ``"NEW"``, ``"CANCELED"``, ``"TRIGGERING"``, ``"TRIGGERED"``, ``"FINISHED"``, ``"REJECTED"`` or
        ``"EXPIRED"`` (``X``).
    position_side : str or None
        ``"BOTH"``, or in hedge mode ``"LONG"`` or ``"SHORT"`` (``ps``).
    time_in_force : str or None
        ``"GTC"``, ``"GTE_GTC"``, ... (``f``).
    quantity : str or None
        Quantity that is ordered (``q``).
    order_id : str or None
        Number of the order that it has become, as text; empty before (``ai``).
    average_price : str or None
        Average price of what that order has filled (``ap``).
    executed_quantity : str or None
        Quantity that it has filled (``aq``).
    actual_type : str or None
        Type of that order (``act``).
    trigger_price : str or None
        Price that sets it off (``tp``).
    price : str or None
        Its limit (``p``).
    self_trade_prevention_mode : str or None
        What happens where it would meet an order of the same account (``V``).
    working_type : str or None
        What the price that sets it off is compared with: ``"CONTRACT_PRICE"`` or ``"MARK_PRICE"`` (``wt``).
    price_match : str or None
        Price of the book that it takes as its own (``pm``).
    close_position : bool or None
        Whether it closes the whole position (``cp``).
    price_protection : bool or None
        Whether it waits while contract and mark price are far apart (``pP``).
    reduce_only : bool or None
        Whether it can only make a position smaller (``R``).
    trigger_ms : int or None
        When it was set off; 0 before (``tt``).
    good_till_ms : int or None
        When it is cancelled if ``time_in_force`` is ``"GTD"``; 0 otherwise (``gtd``).
    reject_message : str or None
        Why it was refused, in Binance's words (``rm``).
    is_activated : bool or None
        Whether a trailing stop trails by now; the event comes once more when it does (``ia``).
    """

    client_algo_id: str = field(name="caid")
    algo_id: int = field(name="aid")
    algo_type: str = field(name="at")
    type: str = field(name="o")
    symbol: str = field(name="s")
    side: str = field(name="S")
    status: str = field(name="X")
    position_side: str | None = field(name="ps", default=None)
    time_in_force: str | None = field(name="f", default=None)
    quantity: str | None = field(name="q", default=None)
    order_id: str | None = field(name="ai", default=None)
    average_price: str | None = field(name="ap", default=None)
    executed_quantity: str | None = field(name="aq", default=None)
    actual_type: str | None = field(name="act", default=None)
    trigger_price: str | None = field(name="tp", default=None)
    price: str | None = field(name="p", default=None)
    self_trade_prevention_mode: str | None = field(name="V", default=None)
    working_type: str | None = field(name="wt", default=None)
    price_match: str | None = field(name="pm", default=None)
    close_position: bool | None = field(name="cp", default=None)
    price_protection: bool | None = field(name="pP", default=None)
    reduce_only: bool | None = field(name="R", default=None)
    trigger_ms: int | None = field(name="tt", default=None)
    good_till_ms: int | None = field(name="gtd", default=None)
    reject_message: str | None = field(name="rm", default=None)
    is_activated: bool | None = field(name="ia", default=None)


class AlgoUpdate(UserEvent, kw_only=True):
    """``ALGO_UPDATE``: one step in the life of a conditional order.

    Attributes
    ----------
    transaction_ms : int
        When it happened (``T``).
    order : AlgoOrder
        The conditional order, as it is now (``o``).
    """

    transaction_ms: int = field(name="T")
    order: AlgoOrder = field(name="o")


class RejectedOrder(Part, kw_only=True):
    """A conditional order that could not be placed.

    Attributes
    ----------
    symbol : str
        Symbol (``s``).
    order_id : int
        Binance's number of the order (``i``).
    reason : str
        Why, in Binance's words (``r``).
    """

    symbol: str = field(name="s")
    order_id: int = field(name="i")
    reason: str = field(name="r")


class ConditionalOrderTriggerReject(UserEvent, kw_only=True):
    """``CONDITIONAL_ORDER_TRIGGER_REJECT``: superseded by ``ALGO_UPDATE`` on 2025-12-15.

    Attributes
    ----------
    transaction_ms : int
        When it happened (``T``).
    order : RejectedOrder
        The order (``or``).
    """

    transaction_ms: int = field(name="T")
    order: RejectedOrder = field(name="or")


class Strategy(Part, kw_only=True):
    """A strategy that Binance runs.

    Attributes
    ----------
    strategy_id : int
        Its number (``si``).
    strategy_type : str
        Such as ``"GRID"`` (``st``).
    status : str
        ``"NEW"``, ``"WORKING"``, ``"CANCELLED"``, ``"EXPIRED"``, ... (``ss``).
    symbol : str
        Symbol (``s``).
    update_ms : int
        When it last changed (``ut``).
    code : int or None
        Why it changed, a code; of ``STRATEGY_UPDATE`` (``c``).
    realized_profit : str or None
        Profit that has been made; of ``GRID_UPDATE``, like all that follow (``r``).
    unmatched_average_price : str or None
        Average price of what has not been closed (``up``).
    unmatched_quantity : str or None
        Quantity that has not been closed (``uq``).
    unmatched_fee : str or None
        Commission of it (``uf``).
    matched_profit : str or None
        Profit of what has been closed (``mp``).
    """

    strategy_id: int = field(name="si")
    strategy_type: str = field(name="st")
    status: str = field(name="ss")
    symbol: str = field(name="s")
    update_ms: int = field(name="ut")
    code: int | None = field(name="c", default=None)
    realized_profit: str | None = field(name="r", default=None)
    unmatched_average_price: str | None = field(name="up", default=None)
    unmatched_quantity: str | None = field(name="uq", default=None)
    unmatched_fee: str | None = field(name="uf", default=None)
    matched_profit: str | None = field(name="mp", default=None)


class StrategyUpdate(UserEvent, kw_only=True):
    """``STRATEGY_UPDATE``: a strategy began, ended or changed.

    Attributes
    ----------
    transaction_ms : int
        When it happened (``T``).
    strategy : Strategy
        The strategy (``su``).
    """

    transaction_ms: int = field(name="T")
    strategy: Strategy = field(name="su")


class GridUpdate(UserEvent, kw_only=True):
    """``GRID_UPDATE``: a sub-order of a grid was filled.

    Attributes
    ----------
    transaction_ms : int
        When it happened (``T``).
    grid : Strategy
        The grid (``gu``).
    """

    transaction_ms: int = field(name="T")
    grid: Strategy = field(name="gu")
