"""Events of Portfolio Margin and Portfolio Margin Pro, beside those that spot and futures have too."""

from msgspec import field

from fastbinance.user_events.base import Part, UserEvent
from fastbinance.user_events.futures import AlgoOrder

__all__ = [
    "ConditionalOrder", "ConditionalOrderTradeUpdate", "LiabilityChange", "OpenOrderLoss", "OrderLoss",
    "PortfolioAlgoUpdate", "PortfolioProAccountUpdate", "PortfolioRiskLevelChange",
]  # fmt: skip


class ConditionalOrder(Part, kw_only=True):
    """A conditional order, key ``so``.

    Attributes
    ----------
    symbol : str
        Symbol (``s``).
    client_strategy_id : str
        Our name of it (``c``).
    strategy_id : int
        Binance's number of it (``si``).
    side : str
        ``"BUY"`` or ``"SELL"`` (``S``).
    strategy_type : str
        ``"STOP"``, ``"TAKE_PROFIT"``, ``"TRAILING_STOP_MARKET"``, ... (``st``).
    time_in_force : str
        ``"GTC"``, ``"IOC"``, ``"FOK"``, ... (``f``).
    quantity : str
        Quantity that is ordered (``q``).
    price : str
        Its limit (``p``).
    stop_price : str
        Price that sets it off (``sp``).
    status : str
        What it is now (``os``).
    transaction_ms : int
        When it was placed or set off (``T``).
    update_ms : int or None
        When it last changed (``ut``).
    reduce_only : bool or None
        Whether it can only make a position smaller (``R``).
    working_type : str or None
        What the price that sets it off is compared with: ``"CONTRACT_PRICE"`` or ``"MARK_PRICE"`` (``wt``).
    position_side : str or None
        ``"BOTH"``, or in hedge mode ``"LONG"`` or ``"SHORT"`` (``ps``).
    close_position : bool or None
        Whether it closes the whole position (``cp``).
    activation_price : str or None
        Price from which a trailing stop trails; of others None (``AP``).
    callback_rate : str or None
        Distance of a trailing stop, in percent; of others None (``cr``).
    order_id : int or None
        Number of the order that it has become (``i``).
    self_trade_prevention_mode : str or None
        What happens where it would meet an order of the same account (``V``).
    good_till_ms : int or None
        When it is cancelled if ``time_in_force`` is ``"GTD"``; 0 otherwise (``gtd``).
    """

    symbol: str = field(name="s")
    client_strategy_id: str = field(name="c")
    strategy_id: int = field(name="si")
    side: str = field(name="S")
    strategy_type: str = field(name="st")
    time_in_force: str = field(name="f")
    quantity: str = field(name="q")
    price: str = field(name="p")
    stop_price: str = field(name="sp")
    status: str = field(name="os")
    transaction_ms: int = field(name="T")
    update_ms: int | None = field(name="ut", default=None)
    reduce_only: bool | None = field(name="R", default=None)
    working_type: str | None = field(name="wt", default=None)
    position_side: str | None = field(name="ps", default=None)
    close_position: bool | None = field(name="cp", default=None)
    activation_price: str | None = field(name="AP", default=None)
    callback_rate: str | None = field(name="cr", default=None)
    order_id: int | None = field(name="i", default=None)
    self_trade_prevention_mode: str | None = field(name="V", default=None)
    good_till_ms: int | None = field(name="gtd", default=None)


class ConditionalOrderTradeUpdate(UserEvent, kw_only=True):
    """``CONDITIONAL_ORDER_TRADE_UPDATE``: one step in the life of a conditional order.

    Attributes
    ----------
    transaction_ms : int
        When it happened (``T``).
    business_unit : str or None
        ``"UM"`` (USD-M) or ``"CM"`` (COIN-M); portfolio margin only (``fs``).
    order : ConditionalOrder
        The conditional order, as it is now (``so``).
    """

    transaction_ms: int = field(name="T")
    business_unit: str | None = field(name="fs", default=None)
    order: ConditionalOrder = field(name="so")


class PortfolioAlgoUpdate(UserEvent, kw_only=True):
    """``ALGO_UPDATE`` of portfolio margin: as that of USD-M, with another key.

    Attributes
    ----------
    transaction_ms : int
        When it happened (``T``).
    business_unit : str or None
        ``"UM"`` (USD-M) or ``"CM"`` (COIN-M); portfolio margin only (``fs``).
    order : AlgoOrder
        The conditional order, as it is now (``ao``).
    """

    transaction_ms: int = field(name="T")
    business_unit: str | None = field(name="fs", default=None)
    order: AlgoOrder = field(name="ao")


class LiabilityChange(UserEvent, kw_only=True):
    """``liabilityChange``: what the account owes of one asset.

    Attributes
    ----------
    asset : str
        The asset (``a``).
    type : str
        What happened: ``"BORROW"``, ... (``t``).
    transaction_id : int
        Number of the transaction; it takes 64 bits (``T``).
    principal : str
        What is owed without interest (``p``).
    interest : str
        Interest that is owed (``i``).
    total_liability : str
        What is owed in all (``l``).
    """

    asset: str = field(name="a")
    type: str = field(name="t")
    transaction_id: int = field(name="T")
    principal: str = field(name="p")
    interest: str = field(name="i")
    total_liability: str = field(name="l")


class OrderLoss(Part, kw_only=True):
    """A loss that open orders would bring, of one asset.

    Attributes
    ----------
    asset : str
        The asset (``a``).
    amount : str
        The loss, with a minus (``o``).
    """

    asset: str = field(name="a")
    amount: str = field(name="o")


class OpenOrderLoss(UserEvent, kw_only=True):
    """``openOrderLoss``: losses that open orders would bring.

    Attributes
    ----------
    losses : tuple of OrderLoss
        One for each asset (``O``).
    """

    losses: tuple[OrderLoss, ...] = field(name="O")


class PortfolioRiskLevelChange(UserEvent, kw_only=True):
    """``riskLevelChange``: how near the account is to liquidation.

    Attributes
    ----------
    unified_maintenance_margin_ratio : str
        Ratio of equity and maintenance margin (uniMMR) (``u``).
    status : str
        ``"MARGIN_CALL"``, ``"SUPPLY_MARGIN"``, ``"REDUCE_ONLY"`` or ``"FORCE_LIQUIDATION"`` (``s``).
    equity : str
        Equity, in USD (``eq``).
    actual_equity : str
        Equity without collateral rates, in USD (``ae``).
    maintenance_margin : str
        Margin that it takes to keep positions, in USD (``m``).
    """

    unified_maintenance_margin_ratio: str = field(name="u")
    status: str = field(name="s")
    equity: str = field(name="eq")
    actual_equity: str = field(name="ae")
    maintenance_margin: str = field(name="m")


class PortfolioProAccountUpdate(UserEvent, kw_only=True):
    """``PM_PRO_ACCOUNT_UPDATE``: equity and margin, about every five seconds.

    Attributes
    ----------
    unified_maintenance_margin_ratio : str
        Ratio of equity and maintenance margin (uniMMR) (``u``).
    equity : str
        Equity, in USD (``eq``).
    actual_equity : str
        Equity without collateral rates, in USD (``ae``).
    initial_margin : str
        Margin that positions and orders take, in USD (``im``).
    maintenance_margin : str
        Margin that it takes to keep positions, in USD (``mm``).
    available_balance : str
        What may be used, in USD (``avb``).
    virtual_max_withdraw : str
        Most that may be withdrawn, in USD (``vmw``).
    """

    unified_maintenance_margin_ratio: str = field(name="u")
    equity: str = field(name="eq")
    actual_equity: str = field(name="ae")
    initial_margin: str = field(name="im")
    maintenance_margin: str = field(name="mm")
    available_balance: str = field(name="avb")
    virtual_max_withdraw: str = field(name="vmw")
