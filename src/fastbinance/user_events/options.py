"""Events of European options. Quantities are in contracts."""

from msgspec import field

from fastbinance.user_events.base import Part, UserEvent

__all__ = [
    "BalancePositionUpdate", "Greek", "GreekUpdate", "OptionAccountUpdate", "OptionBalance", "OptionOrder",
    "OptionOrderUpdate", "OptionPosition", "RiskLevelChange",
]  # fmt: skip


class OptionAccountUpdate(UserEvent, kw_only=True):
    """``ACCOUNT_UPDATE`` of options: equity and margin; also every ten seconds while a position is open.

    Attributes
    ----------
    transaction_ms : int or None
        When it happened (``T``).
    equity : str
        Equity (``eq``).
    adjusted_equity : str
        Equity that counts for margin (``aeq``).
    balance : str
        Balance (``b``).
    position_value : str
        Value of all positions (``m``).
    unrealized_profit : str
        What positions have won so far (``u``).
    initial_margin : str
        Margin that positions and orders take (``i``).
    maintenance_margin : str
        Margin that it takes to keep positions (``M``).
    """

    transaction_ms: int | None = field(name="T", default=None)
    equity: str = field(name="eq")
    adjusted_equity: str = field(name="aeq")
    balance: str = field(name="b")
    position_value: str = field(name="m")
    unrealized_profit: str = field(name="u")
    initial_margin: str = field(name="i")
    maintenance_margin: str = field(name="M")


class OptionBalance(Part, kw_only=True):
    """A balance that has changed.

    Attributes
    ----------
    asset : str
        The asset (``a``).
    balance : str
        Balance (``b``).
    balance_change : str
        The change (``bc``).
    """

    asset: str = field(name="a")
    balance: str = field(name="b")
    balance_change: str = field(name="bc")


class OptionPosition(Part, kw_only=True):
    """A position; its amount is negative where options were sold.

    Attributes
    ----------
    symbol : str
        Symbol (``s``).
    amount : str
        Its size; negative for a short one (``c``).
    value : str
        Its value (``p``).
    average_price : str
        Average price that it was entered at (``a``).
    """

    symbol: str = field(name="s")
    amount: str = field(name="c")
    value: str = field(name="p")
    average_price: str = field(name="a")


class BalancePositionUpdate(UserEvent, kw_only=True):
    """``BALANCE_POSITION_UPDATE``: balances and positions that have changed, and why.

    Attributes
    ----------
    transaction_ms : int or None
        When it happened (``T``).
    reason : str
        What changed them: ``"DEPOSIT"``, ``"WITHDRAW"`` or ``"ORDER"`` (``m``).
    balances : tuple of OptionBalance
        Balances that changed (``B``).
    positions : tuple of OptionPosition
        Positions that changed (``P``).
    """

    transaction_ms: int | None = field(name="T", default=None)
    reason: str = field(name="m")
    balances: tuple[OptionBalance, ...] = field(name="B", default=())
    positions: tuple[OptionPosition, ...] = field(name="P", default=())


class OptionOrder(Part, kw_only=True):
    """An order after one step.

    Attributes
    ----------
    symbol : str
        Symbol (``s``).
    client_order_id : str
        Our name of the order (``c``).
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
    execution_type : str
        What happened (``x``).
    status : str
        What it is now (``X``).
    order_id : int
        Binance's number of the order (``i``).
    last_quantity : str
        Quantity of this trade (``l``).
    cumulative_quantity : str
        Quantity that has been filled so far (``z``).
    last_price : str
        Price of this trade (``L``).
    transaction_ms : int
        When it happened (``T``).
    trade_id : int
        Number of this trade in its symbol (``t``).
    commission : str or None
        Paid for this trade (``n``).
    commission_asset : str or None
        The asset that it was paid in; None where nothing was (``N``).
    bids_notional : str or None
        Value of open orders to buy (``b``).
    asks_notional : str or None
        Value of open orders to sell (``a``).
    is_maker : bool or None
        Whether this trade was made as the maker (``m``).
    reduce_only : bool or None
        Whether it can only make a position smaller (``R``).
    original_type : str or None
        Type that it was placed with (``ot``).
    realized_profit : str or None
        Profit of this trade (``rp``).
    self_trade_prevention_mode : str or None
        What happens where it would meet an order of the same account (``V``).
    """

    symbol: str = field(name="s")
    client_order_id: str = field(name="c")
    side: str = field(name="S")
    type: str = field(name="o")
    time_in_force: str = field(name="f")
    quantity: str = field(name="q")
    price: str = field(name="p")
    average_price: str = field(name="ap")
    execution_type: str = field(name="x")
    status: str = field(name="X")
    order_id: int = field(name="i")
    last_quantity: str = field(name="l")
    cumulative_quantity: str = field(name="z")
    last_price: str = field(name="L")
    transaction_ms: int = field(name="T")
    trade_id: int = field(name="t")
    commission: str | None = field(name="n", default=None)
    commission_asset: str | None = field(name="N", default=None)
    bids_notional: str | None = field(name="b", default=None)
    asks_notional: str | None = field(name="a", default=None)
    is_maker: bool | None = field(name="m", default=None)
    reduce_only: bool | None = field(name="R", default=None)
    original_type: str | None = field(name="ot", default=None)
    realized_profit: str | None = field(name="rp", default=None)
    self_trade_prevention_mode: str | None = field(name="V", default=None)


class OptionOrderUpdate(UserEvent, kw_only=True):
    """``ORDER_TRADE_UPDATE`` of options: one step in the life of an order.

    Attributes
    ----------
    transaction_ms : int or None
        When it happened (``T``).
    order : OptionOrder
        The order, as it is now (``o``).
    """

    transaction_ms: int | None = field(name="T", default=None)
    order: OptionOrder = field(name="o")


class Greek(Part, kw_only=True):
    """The account's greeks of one underlying.

    Attributes
    ----------
    underlying : str
        The underlying (``u``).
    delta : str
        Delta (``d``).
    gamma : str
        Gamma (``g``).
    theta : str
        Theta (``t``).
    vega : str
        Vega (``v``).
    """

    underlying: str = field(name="u")
    delta: str = field(name="d")
    gamma: str = field(name="g")
    theta: str = field(name="t")
    vega: str = field(name="v")


class GreekUpdate(UserEvent, kw_only=True):
    """``GREEK_UPDATE``: the account's greeks.

    Attributes
    ----------
    transaction_ms : int or None
        When it happened (``T``).
    greeks : tuple of Greek
        One for each underlying (``G``).
    """

    transaction_ms: int | None = field(name="T", default=None)
    greeks: tuple[Greek, ...] = field(name="G")


class RiskLevelChange(UserEvent, kw_only=True):
    """``RISK_LEVEL_CHANGE``: how near the account is to liquidation.

    Attributes
    ----------
    risk_level : str
        ``"NORMAL"``, ``"REDUCE_ONLY"``, ... (``s``).
    margin_balance : str
        What there is of margin (``mb``).
    maintenance_margin : str
        Margin that it takes to keep positions (``mm``).
    """

    risk_level: str = field(name="s")
    margin_balance: str = field(name="mb")
    maintenance_margin: str = field(name="mm")
