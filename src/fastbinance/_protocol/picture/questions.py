"""What a picture is compared with: the questions, how they are put to each market, and what answers say."""

from collections.abc import Mapping
from decimal import ROUND_DOWN, Decimal
from typing import Any, Final, Literal, NamedTuple, TypeAlias

from fastbinance._protocol.picture.margin import CrossAccount, IsolatedAccounts, MarginTrade
from fastbinance._protocol.picture.states import (
    BalanceState,
    OrderState,
    PositionState,
    TradeState,
    spelled,
)
from fastbinance.answers import (
    Account,
    AccountTrade,
    CoinmAccount,
    CoinmPosition,
    FuturesOrder,
    Order,
    UsdmAccount,
    UsdmPosition,
)
from fastbinance.answers.common import Answer

__all__ = [
    "ASKED", "SPOT_LIKE", "Asked", "FuturesTrade", "Question", "Subject", "balances_of", "order_of",
    "parameters", "position_of", "trade_of",
]  # fmt: skip

Subject: TypeAlias = Literal["open_orders", "account", "positions", "order", "trades"]

#: Accounts whose events are those of spot.
SPOT_LIKE: Final = frozenset({"spot", "margin", "isolated"})

# Of the quote asset of spot's markets.
_QUOTE_UNIT: Final = Decimal("1e-8")


class Question(NamedTuple):
    """One question.

    Attributes
    ----------
    subject
        What it is about.
    symbol, order_id
        Of ``order`` and ``trades``.
    from_id, start_ms
        First trade, or the time of it; one of the two.
    """

    subject: Subject
    symbol: str | None = None
    order_id: int | None = None
    from_id: int | None = None
    start_ms: int | None = None


class FuturesTrade(Answer, kw_only=True):
    """One trade of an account of futures: an element of the answer of ``userTrades``.

    Attributes
    ----------
    symbol : str
        Symbol.
    id, order_id : int
        Trade id, and the order in it (``orderId``).
    side : str
        ``"BUY"`` or ``"SELL"``.
    price, qty : str
        Price, and quantity in the base asset; in contracts on COIN-M.
    realized_pnl : str or None
        Profit that it realized (``realizedPnl``).
    commission, commission_asset : str
        What Binance took for it (``commissionAsset``).
    time : int
        When.
    position_side : str or None
        Position that it belongs to (``positionSide``).
    maker : bool
        Whether the order was in the book.

    Source: USD-M and COIN-M REST API, "Account Trade List".
    """

    symbol: str
    id: int
    order_id: int
    side: str
    price: str
    qty: str
    realized_pnl: str | None = None
    commission: str
    commission_asset: str
    time: int
    position_side: str | None = None
    maker: bool


class Asked(NamedTuple):
    """How a question is put.

    Attributes
    ----------
    name
        Path of a GET; on spot, method of the WebSocket API.
    answer
        What the answer is decoded to.
    weight
        What it costs.
    most
        Most trades in one answer; as many as that, and there may be more.
    """

    name: str
    answer: Any
    weight: int
    most: int = 1000


# Binance's pages of the trades of margin say 1000 today, and 500 for years before. Counted against limits of
# each path, and not as many as /api has.
_MARGIN: Final[Mapping[Subject, Asked]] = {
    "open_orders": Asked("/sapi/v1/margin/openOrders", list[Order], 10),
    "order": Asked("/sapi/v1/margin/order", Order, 10),
    "trades": Asked("/sapi/v1/margin/myTrades", list[MarginTrade], 10, most=500),
}
#: How each question is put, by kind of account. What is missing has nothing to be asked about.
ASKED: Final[Mapping[str, Mapping[Subject, Asked]]] = {
    "spot": {
        "open_orders": Asked("openOrders.status", list[Order], 80),
        "account": Asked("account.status", Account, 20),
        "order": Asked("order.status", Order, 4),
        "trades": Asked("myTrades", list[AccountTrade], 20),
    },
    "margin": {**_MARGIN, "account": Asked("/sapi/v1/margin/account", CrossAccount, 10)},
    "isolated": {**_MARGIN, "account": Asked("/sapi/v1/margin/isolated/account", IsolatedAccounts, 10)},
    "usdm": {
        "open_orders": Asked("/fapi/v1/openOrders", list[FuturesOrder], 40),
        "account": Asked("/fapi/v2/account", UsdmAccount, 5),
        "positions": Asked("/fapi/v2/positionRisk", list[UsdmPosition], 5),
        "order": Asked("/fapi/v1/order", FuturesOrder, 1),
        "trades": Asked("/fapi/v1/userTrades", list[FuturesTrade], 5),
    },
    "coinm": {
        "open_orders": Asked("/dapi/v1/openOrders", list[FuturesOrder], 40),
        "account": Asked("/dapi/v1/account", CoinmAccount, 5),
        "positions": Asked("/dapi/v1/positionRisk", list[CoinmPosition], 1),
        "order": Asked("/dapi/v1/order", FuturesOrder, 1),
        "trades": Asked("/dapi/v1/userTrades", list[FuturesTrade], 20),
    },
}


def parameters(question: Question, how: Asked, pair: str | None = None) -> dict[str, Any]:
    """Return the parameters of a question, as Binance names them.

    Parameters
    ----------
    question, how
        Which one, and how it is put.
    pair
        Whose account of isolated margin it is about.

    Source: Margin Trading REST API, "Query Margin Account's Open Orders", "Query Isolated Margin Account
    Info".
    """
    if pair is not None and question.subject == "account":
        return {"symbols": pair}
    found = {
        "symbol": question.symbol,
        "orderId": question.order_id,
        "fromId": question.from_id,
        "startTime": question.start_ms,
        "limit": how.most if question.subject == "trades" else None,
    }
    if pair is not None:
        found |= {"symbol": pair, "isIsolated": "TRUE"}
    return {name: value for name, value in found.items() if value is not None}


def order_of(answer: Order | FuturesOrder) -> OrderState:
    """Return the state that an answer tells an order to be in."""
    common: dict[str, Any] = {
        "symbol": answer.symbol,
        "order_id": answer.order_id,
        "client_order_id": answer.client_order_id,
        "side": answer.side,
        "type": answer.type,
        "time_in_force": answer.time_in_force or "GTC",
        "quantity": answer.orig_qty or "0",
        "price": answer.price,
        "stop_price": answer.stop_price or "0",
        "status": answer.status,
        "executed": Decimal(answer.executed_qty),
        "created_ms": answer.time or 0,
        "updated_ms": answer.update_time or 0,
        "self_trade_prevention_mode": answer.self_trade_prevention_mode,
    }
    if isinstance(answer, Order):
        return OrderState(
            **common,
            quote=Decimal(answer.cummulative_quote_qty),
            order_list_id=answer.order_list_id,
            is_on_book=answer.is_working,
            iceberg_quantity=answer.iceberg_qty,
            quote_quantity=answer.orig_quote_order_qty,
            working_ms=answer.working_time,
            expiry_reason=answer.expiry_reason,
        )
    return OrderState(
        **common,
        average_price=answer.avg_price,
        position_side=answer.position_side,
        reduce_only=answer.reduce_only,
        close_position=answer.close_position,
        original_type=answer.orig_type,
        working_type=answer.working_type,
        price_match=answer.price_match,
        good_till_ms=answer.good_till_date,
    )


def balances_of(
    answer: Account | CrossAccount | IsolatedAccounts | UsdmAccount | CoinmAccount,
) -> dict[str, BalanceState]:
    """Return the balances that an answer tells, by asset."""
    if isinstance(answer, Account | CrossAccount | IsolatedAccounts):
        # Margin does not say of when they are.
        moment = (answer.update_time or 0) if isinstance(answer, Account) else 0
        states = [
            BalanceState(asset=one.asset, first=one.free, second=one.locked, updated_ms=moment)
            for one in answer.balances
        ]
    else:
        states = [
            BalanceState(
                asset=one.asset,
                first=one.wallet_balance or "0",
                second=one.cross_wallet_balance or one.wallet_balance or "0",
                updated_ms=one.update_time or 0,
            )
            for one in answer.assets
        ]
    return {state.asset: state for state in states}


def position_of(answer: UsdmPosition | CoinmPosition) -> PositionState:
    """Return the position that an answer tells."""
    return PositionState(
        symbol=answer.symbol,
        position_side=answer.position_side or "BOTH",
        amount=answer.position_amt,
        entry_price=answer.entry_price or "0",
        updated_ms=answer.update_time or 0,
        break_even_price=answer.break_even_price,
        unrealized_profit=answer.un_realized_profit,
        margin_type=answer.margin_type,
        isolated_wallet=answer.isolated_wallet,
    )


def trade_of(answer: AccountTrade | MarginTrade | FuturesTrade) -> TradeState:
    """Return the fill that an answer tells."""
    if isinstance(answer, AccountTrade | MarginTrade):
        return TradeState(
            symbol=answer.symbol,
            trade_id=answer.id,
            order_id=answer.order_id,
            side="BUY" if answer.is_buyer else "SELL",
            price=answer.price,
            quantity=answer.qty,
            quote_quantity=answer.quote_qty or _paid(answer.price, answer.qty),
            commission=answer.commission,
            commission_asset=answer.commission_asset,
            is_maker=answer.is_maker,
            time_ms=answer.time,
        )
    return TradeState(
        symbol=answer.symbol,
        trade_id=answer.id,
        order_id=answer.order_id,
        side=answer.side,
        price=answer.price,
        quantity=answer.qty,
        quote_quantity=None,
        commission=answer.commission,
        commission_asset=answer.commission_asset,
        is_maker=answer.maker,
        time_ms=answer.time,
        realized_profit=answer.realized_pnl,
        position_side=answer.position_side,
    )


def _paid(price: str, quantity: str) -> str:
    return spelled((Decimal(price) * Decimal(quantity)).quantize(_QUOTE_UNIT, ROUND_DOWN))
