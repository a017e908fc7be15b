"""Events of spot, of cross and isolated margin, and of margin's risk."""

from msgspec import field

from fastbinance.user_events.base import Part, UserEvent

__all__ = [
    "AccountPosition", "AssetBalance", "BalanceUpdate", "EventStreamTerminated", "ExecutionReport",
    "ExternalLockUpdate", "ListOrder", "ListStatus", "MarginLevelStatusChange", "ServerShutdownNotice",
    "UserLiabilityChange",
]  # fmt: skip


class ExecutionReport(UserEvent, kw_only=True):
    """``executionReport``: one step in the life of an order. Prices are in the quote asset.

    Attributes
    ----------
    symbol : str
        Symbol (``s``).
    client_order_id : str
        Our name of the order, or of its cancellation (``c``).
    side : str
        ``"BUY"`` or ``"SELL"`` (``S``).
    type : str
        ``"LIMIT"``, ``"MARKET"``, ``"STOP_LOSS_LIMIT"``, ... (``o``).
    time_in_force : str
        ``"GTC"``, ``"IOC"``, ``"FOK"``, ... (``f``).
    quantity : str
        Quantity that is ordered (``q``).
    price : str
        Its limit (``p``).
    stop_price : str
        Price that sets it off (``P``).
    trailing_delta : int or None
        Distance of a trailing stop, in basis points (``d``).
    iceberg_quantity : str
        What of it is shown in the book (``F``).
    order_list_id : int
        The list that it belongs to; -1 for none (``g``).
    original_client_order_id : str
        Our name of the order that is being cancelled; empty otherwise (``C``).
    execution_type : str
        What happened: ``"NEW"``, ``"CANCELED"``, ``"REPLACED"``, ``"REJECTED"``, ``"TRADE"``, ``"EXPIRED"``
        or ``"TRADE_PREVENTION"`` (``x``).
    status : str
        What the order is now: ``"NEW"``, ``"PENDING_NEW"``, ``"PARTIALLY_FILLED"``, ``"FILLED"``,
        ``"CANCELED"``, ``"PENDING_CANCEL"``, ``"REJECTED"``, ``"EXPIRED"`` or ``"EXPIRED_IN_MATCH"`` (``X``).
    reject_reason : str
        ``"NONE"``, ``"INSUFFICIENT_BALANCES"``, ``"STOP_PRICE_WOULD_TRIGGER_IMMEDIATELY"``,
        ``"WOULD_MATCH_IMMEDIATELY"`` or ``"OCO_BAD_PRICES"`` (``r``).
    order_id : int
        Binance's number of the order (``i``).
    last_quantity : str
        Quantity of this trade (``l``).
    cumulative_quantity : str
        Quantity that has been filled so far (``z``).
    last_price : str
        Price of this trade (``L``).
    commission : str
        Paid for this trade (``n``).
    commission_asset : str or None
        The asset that it was paid in; None where nothing was (``N``).
    transaction_ms : int
        When it happened (``T``).
    trade_id : int
        Number of this trade in its symbol; -1 where there was none (``t``).
    prevented_match_id : int or None
        Number of what self-trade prevention did (``v``).
    execution_id : int
        Number of this report (``I``).
    is_on_book : bool
        Whether the order is in the book (``w``).
    is_maker : bool
        Whether this trade was made as the maker (``m``).
    ignored : bool or None
        Of no meaning, Binance says (``M``).
    created_ms : int
        When the order was placed (``O``).
    cumulative_quote_quantity : str
        What has been filled so far, in quote asset (``Z``).
    last_quote_quantity : str
        Amount of this trade, in quote asset (``Y``).
    quote_quantity : str
        What a market order was told to spend (``Q``).
    working_ms : int or None
        When the order reached the book (``W``).
    self_trade_prevention_mode : str or None
        What happens where it would meet an order of the same account (``V``).
    trailing_ms : int or None
        Since when it trails (``D``).
    strategy_id : int or None
        Number of the strategy that was given with the order (``j``).
    strategy_type : int or None
        Type of that strategy (``J``).
    prevented_quantity : str or None
        Quantity that self-trade prevention has taken away so far (``A``).
    last_prevented_quantity : str or None
        What of it was taken away now (``B``).
    trade_group_id : int or None
        Group of accounts that do not trade among each other (``u``).
    counter_order_id : int or None
        The order that would have been met (``U``).
    counter_symbol : str or None
        Its symbol (``Cs``).
    prevented_execution_quantity : str or None
        Quantity that would have been traded (``pl``).
    prevented_execution_price : str or None
        Price that it would have been traded at (``pL``).
    prevented_execution_quote_quantity : str or None
        The same in quote asset (``pY``).
    match_type : str or None
        How an allocation came about (``b``).
    allocation_id : int or None
        Number of the allocation (``a``).
    working_floor : str or None
        Where an order of smart order routing works: ``"EXCHANGE"`` or ``"SOR"`` (``k``).
    used_sor : bool or None
        Whether smart order routing was used (``uS``).
    pegged_price_type : str or None
        What a pegged order follows (``gP``).
    pegged_offset_type : str or None
        What its offset is counted in (``gOT``).
    pegged_offset_value : int or None
        Its offset (``gOV``).
    pegged_price : str or None
        Price that it has by that (``gp``).
    expiry_reason : str or None
        Why it expired, such as ``"OCO_TRIGGER"`` or ``"INSUFFICIENT_LIQUIDITY"`` (``eR``).
    """

    symbol: str = field(name="s")
    client_order_id: str = field(name="c")
    side: str = field(name="S")
    type: str = field(name="o")
    time_in_force: str = field(name="f")
    quantity: str = field(name="q")
    price: str = field(name="p")
    stop_price: str = field(name="P")
    trailing_delta: int | None = field(name="d", default=None)
    iceberg_quantity: str = field(name="F")
    order_list_id: int = field(name="g")
    original_client_order_id: str = field(name="C")
    execution_type: str = field(name="x")
    status: str = field(name="X")
    reject_reason: str = field(name="r")
    order_id: int = field(name="i")
    last_quantity: str = field(name="l")
    cumulative_quantity: str = field(name="z")
    last_price: str = field(name="L")
    commission: str = field(name="n")
    commission_asset: str | None = field(name="N")
    transaction_ms: int = field(name="T")
    trade_id: int = field(name="t")
    prevented_match_id: int | None = field(name="v", default=None)
    execution_id: int = field(name="I")
    is_on_book: bool = field(name="w")
    is_maker: bool = field(name="m")
    ignored: bool | None = field(name="M", default=None)
    created_ms: int = field(name="O")
    cumulative_quote_quantity: str = field(name="Z")
    last_quote_quantity: str = field(name="Y")
    quote_quantity: str = field(name="Q")
    working_ms: int | None = field(name="W", default=None)
    self_trade_prevention_mode: str | None = field(name="V", default=None)
    trailing_ms: int | None = field(name="D", default=None)
    strategy_id: int | None = field(name="j", default=None)
    strategy_type: int | None = field(name="J", default=None)
    prevented_quantity: str | None = field(name="A", default=None)
    last_prevented_quantity: str | None = field(name="B", default=None)
    trade_group_id: int | None = field(name="u", default=None)
    counter_order_id: int | None = field(name="U", default=None)
    counter_symbol: str | None = field(name="Cs", default=None)
    prevented_execution_quantity: str | None = field(name="pl", default=None)
    prevented_execution_price: str | None = field(name="pL", default=None)
    prevented_execution_quote_quantity: str | None = field(name="pY", default=None)
    match_type: str | None = field(name="b", default=None)
    allocation_id: int | None = field(name="a", default=None)
    working_floor: str | None = field(name="k", default=None)
    used_sor: bool | None = field(name="uS", default=None)
    pegged_price_type: str | None = field(name="gP", default=None)
    pegged_offset_type: str | None = field(name="gOT", default=None)
    pegged_offset_value: int | None = field(name="gOV", default=None)
    pegged_price: str | None = field(name="gp", default=None)
    expiry_reason: str | None = field(name="eR", default=None)


class AssetBalance(Part, kw_only=True):
    """Coins of one asset.

    Attributes
    ----------
    asset : str
        The asset (``a``).
    free : str
        What may be used (``f``).
    locked : str
        What is held for orders (``l``).
    """

    asset: str = field(name="a")
    free: str = field(name="f")
    locked: str = field(name="l")


class AccountPosition(UserEvent, kw_only=True):
    """``outboundAccountPosition``: balances of the assets that an order or a trade may have changed.

    Attributes
    ----------
    last_update_ms : int
        When the account last changed (``u``).
    balances : tuple of AssetBalance
        The assets that may have changed, with what there is of them (``B``).
    update_id : int or None
        Number of the change; portfolio margin only (``U``).
    """

    last_update_ms: int = field(name="u")
    balances: tuple[AssetBalance, ...] = field(name="B")
    update_id: int | None = field(name="U", default=None)


class BalanceUpdate(UserEvent, kw_only=True):
    """``balanceUpdate``: coins that came or went by no trade.

    Attributes
    ----------
    asset : str
        The asset (``a``).
    delta : str
        What came, or went with a minus (``d``).
    clear_ms : int
        When it was cleared (``T``).
    update_id : int or None
        Number of the change; portfolio margin only (``U``).
    """

    asset: str = field(name="a")
    delta: str = field(name="d")
    clear_ms: int = field(name="T")
    update_id: int | None = field(name="U", default=None)


class ListOrder(Part, kw_only=True):
    """One order of a list.

    Attributes
    ----------
    symbol : str
        Symbol (``s``).
    order_id : int
        Binance's number of the order (``i``).
    client_order_id : str
        Our name of the order (``c``).
    """

    symbol: str = field(name="s")
    order_id: int = field(name="i")
    client_order_id: str = field(name="c")


class ListStatus(UserEvent, kw_only=True):
    """``listStatus``: the state of an order list.

    Attributes
    ----------
    symbol : str
        Symbol (``s``).
    order_list_id : int
        Binance's number of the list (``g``).
    contingency_type : str
        ``"OCO"`` or ``"OTO"`` (``c``).
    list_status_type : str
        ``"RESPONSE"``, ``"EXEC_STARTED"``, ``"UPDATED"`` or ``"ALL_DONE"`` (``l``).
    list_order_status : str
        ``"EXECUTING"``, ``"ALL_DONE"`` or ``"REJECT"`` (``L``).
    reject_reason : str
        Why it was refused; ``"NONE"`` where it was not (``r``).
    list_client_order_id : str
        Our name of the list (``C``).
    transaction_ms : int
        When it happened (``T``).
    orders : tuple of ListOrder
        Its orders (``O``).
    """

    symbol: str = field(name="s")
    order_list_id: int = field(name="g")
    contingency_type: str = field(name="c")
    list_status_type: str = field(name="l")
    list_order_status: str = field(name="L")
    reject_reason: str = field(name="r")
    list_client_order_id: str = field(name="C")
    transaction_ms: int = field(name="T")
    orders: tuple[ListOrder, ...] = field(name="O")


class ExternalLockUpdate(UserEvent, kw_only=True):
    """``externalLockUpdate``: coins that something outside of spot has locked or freed.

    Attributes
    ----------
    asset : str
        The asset (``a``).
    delta : str
        What was locked, or freed with a minus (``d``).
    transaction_ms : int
        When it happened (``T``).
    """

    asset: str = field(name="a")
    delta: str = field(name="d")
    transaction_ms: int = field(name="T")


class EventStreamTerminated(UserEvent, kw_only=True):
    """``eventStreamTerminated``: Binance has ended the subscription. A new one is made by itself."""


class ServerShutdownNotice(UserEvent, kw_only=True):
    """``serverShutdown``: the server is about to stop. The connection is replaced by itself."""


class MarginLevelStatusChange(UserEvent, kw_only=True):
    """``MARGIN_LEVEL_STATUS_CHANGE``: how near a cross margin account is to liquidation.

    Attributes
    ----------
    margin_level : str
        Ratio of assets and liabilities (``l``).
    status : str
        ``"EXCESSIVE"``, ``"NORMAL"``, ``"MARGIN_LEVEL_2"``, ``"MARGIN_CALL"``, ... (``s``).
    """

    margin_level: str = field(name="l")
    status: str = field(name="s")


class UserLiabilityChange(UserEvent, kw_only=True):
    """``USER_LIABILITY_CHANGE``: what a cross margin account owes.

    Attributes
    ----------
    asset : str
        The asset (``a``).
    type : str
        What happened: ``"BORROW"``, ``"REPAY"``, ... (``t``).
    principal : str
        What is owed without interest (``p``).
    interest : str
        Interest that is owed (``i``).
    """

    asset: str = field(name="a")
    type: str = field(name="t")
    principal: str = field(name="p")
    interest: str = field(name="i")
