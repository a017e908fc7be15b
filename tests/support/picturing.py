"""Somebody who hears an account of the simulator, with losses, and what the account is really like."""

from collections import Counter, deque
from collections.abc import Iterable
from decimal import Decimal
from typing import Any

import msgspec

from fastbinance._protocol.picture import ASKED, SPOT_LIKE, Picture, Plan, Question, parameters
from fastbinance.sim.trading import API_KEY
from fastbinance.user_events import (
    AccountPosition,
    AccountUpdate,
    EventReader,
    ExecutionReport,
    OrderTradeUpdate,
)
from support.trading import TradingScene

__all__ = ["Listener"]

# The simulator has the calls of REST as methods, too.
_METHODS = {
    "open_orders": "openOrders.status", "account": "account.status", "positions": "account.position",
    "order": "order.status", "trades": "userTrades",
}  # fmt: skip
_MARGIN = {
    "open_orders": "margin.openOrders.status", "account": "margin.account.status",
    "order": "margin.order.status", "trades": "margin.myTrades",
}  # fmt: skip


class Listener:
    """One account's events and picture.

    Attributes
    ----------
    product
        Whose markets it trades on.
    pair
        Of isolated margin.
    is_deaf
        Events are lost.
    late
        Events that are on their way.
    heard
        What its user is told: events, and recovered ones.
    """

    def __init__(self, scene: TradingScene, account: str, api_key: str = API_KEY) -> None:
        self.scene, self.account, self.api_key = scene, account, api_key
        self.product: Any = "spot" if account in SPOT_LIKE else account
        self.pair = "BTCUSDT" if account == "isolated" else None
        self.reader = EventReader(account, self.pair)
        self.picture = Picture(account, () if self.pair is None else (self.pair,))
        self.is_deaf = False
        self.is_slow = False
        self.late: deque[bytes] = deque()
        self.heard: list[Any] = []
        scene.trading.on_event.append(self._tell)

    def _tell(self, account: Any, product: str, event: dict[str, Any]) -> None:
        wallet = self.account if self.account in SPOT_LIKE else "spot"
        if (product, account.wallet, account.symbol) != (self.product, wallet, self.pair) or self.is_deaf:
            return
        if account.owner is not self.scene.account(self.api_key):
            return
        self.late.append(msgspec.json.encode(event))
        if not self.is_slow:
            self.arrive()

    def arrive(self, most: int | None = None) -> None:
        """Have events arrive that are on their way."""
        for _ in range(len(self.late) if most is None else min(most, len(self.late))):
            event = self.reader.read(self.late.popleft(), 0)
            if not self.picture.was_recovered(event):
                self.heard.append(event)
            self.picture.apply(event)

    def lose(self) -> None:
        """Lose the stream, and what is on its way."""
        self.is_deaf = True
        self.late.clear()

    def attach(self) -> Plan:
        """Have events come again, and begin to reconcile."""
        self.is_deaf = False
        return Plan(self.picture, self.reader, self.scene.now_ms)

    def ask(self, question: Question) -> Any:
        """Put a question to the simulator, and return the answer as it is decoded."""
        asked = ASKED[self.account][question.subject]
        params = parameters(question, asked, self.pair)
        if self.account == "spot":
            method = asked.name
        elif self.product != "spot":
            method = _METHODS[question.subject]
        elif "symbols" in params:
            method = "margin.isolated.account.status"
        else:
            method = _MARGIN[question.subject]
            params["isIsolated"] = params.get("isIsolated") == "TRUE"  # as REST reads it
        answer = self.scene.ask(method, product=self.product, api_key=self.api_key, **params)
        return msgspec.json.decode(msgspec.json.encode(answer), type=asked.answer)

    def answer(self, plan: Plan, questions: Iterable[Question]) -> None:
        """Put questions of a plan, one after another."""
        for question in questions:
            plan.answer(question, self.ask(question))

    def reconcile(self, plan: Plan) -> list[Any]:
        """Ask everything, and hear the events that were missed."""
        while questions := plan.questions():
            self.answer(plan, questions)
        assert plan.is_done
        events = plan.events(7)
        self.heard += events
        return events

    # -- what is compared

    def trades_heard(self) -> Counter[tuple[str, int, int]]:
        """Count how often each fill has been told."""
        steps = [event.order if isinstance(event, OrderTradeUpdate) else event for event in self.heard
                 if isinstance(event, ExecutionReport | OrderTradeUpdate)]  # fmt: skip
        return Counter(
            (step.symbol, step.trade_id, step.order_id) for step in steps if step.execution_type == "TRADE"
        )

    def trades_made(self, symbol: str = "BTCUSDT") -> Counter[tuple[str, int, int]]:
        """Count the fills that there were."""
        trades = self.ask(Question("trades", symbol, from_id=0))
        return Counter((trade.symbol, trade.id, trade.order_id) for trade in trades)

    def orders_pictured(self) -> dict[tuple[str, int], Decimal]:
        """Return what of each open order is filled, as the picture has it."""
        return {key: one.executed for key, one in self.picture.orders.items()}

    def amounts_heard(self) -> dict[str, Any]:
        """Return balances and positions as a user has them who believes each event as it comes."""
        found: dict[str, Any] = {}
        for event in self.heard:
            if isinstance(event, AccountPosition):
                found |= {one.asset: (Decimal(one.free), Decimal(one.locked)) for one in event.balances}
            elif isinstance(event, AccountUpdate):
                change = event.change
                found |= {
                    one.asset: (Decimal(one.wallet_balance), Decimal(one.cross_wallet_balance))
                    for one in change.balances
                }
                found |= {
                    f"{one.symbol} {one.position_side}": (Decimal(one.amount),) for one in change.positions
                }
        return {name: amounts for name, amounts in found.items() if any(amounts)}

    def amounts_pictured(self) -> dict[str, Any]:
        """Return the same as the picture has them."""
        held = {f"{one.symbol} {one.position_side}": Decimal(one.amount)
                for one in self.picture.positions.values()}  # fmt: skip
        return self._pictured_balances() | {name: (amount,) for name, amount in held.items() if amount}

    def orders_heard(self) -> dict[tuple[str, int], Decimal]:
        """Return the same as a user has it who believes each event as it comes."""
        found: dict[tuple[str, int], Decimal] = {}
        for event in self.heard:
            step = event.order if isinstance(event, OrderTradeUpdate) else event
            if not isinstance(event, ExecutionReport | OrderTradeUpdate):
                continue
            key = (step.symbol, step.order_id)
            if step.status in ("NEW", "PARTIALLY_FILLED", "PENDING_NEW"):
                found[key] = Decimal(step.cumulative_quantity)
            else:
                found.pop(key, None)
        return found

    def is_true(self) -> bool:
        """Whether the picture is the account."""
        orders = {
            (one.symbol, one.order_id): (
                one.status,
                *map(Decimal, (one.executed_qty, one.price, one.orig_qty)),
            )
            for one in self.ask(Question("open_orders"))
        }
        pictured = {
            key: (one.status, one.executed, Decimal(one.price), Decimal(one.quantity))
            for key, one in self.picture.orders.items()
        }
        assert pictured == orders
        assert self._pictured_balances() == self._balances()
        if self.product != "spot":
            positions = {
                (one.symbol, one.position_side): (Decimal(one.position_amt), Decimal(one.entry_price))
                for one in self.ask(Question("positions"))
                if Decimal(one.position_amt)
            }
            assert positions == {
                key: (Decimal(one.amount), Decimal(one.entry_price))
                for key, one in self.picture.positions.items()
                if Decimal(one.amount)
            }
        return True

    def _balances(self) -> dict[str, Any]:
        account = self.ask(Question("account"))
        if self.product == "spot":
            found = {one.asset: (Decimal(one.free), Decimal(one.locked)) for one in account.balances}
        else:
            found = {
                one.asset: (Decimal(one.wallet_balance), Decimal(one.cross_wallet_balance))
                for one in account.assets
            }
        return {asset: amounts for asset, amounts in found.items() if any(amounts)}

    def _pictured_balances(self) -> dict[str, Any]:
        found = {
            asset: (Decimal(one.first), Decimal(one.second)) for asset, one in self.picture.balances.items()
        }
        return {asset: amounts for asset, amounts in found.items() if any(amounts)}
