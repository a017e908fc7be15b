"""Algo orders of USD-M: conditions that place an order once a price is reached."""

import itertools
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from fastbinance.sim.api.call import ApiError
from fastbinance.sim.trading.accounts import Account
from fastbinance.sim.trading.amounts import spell
from fastbinance.sim.trading.futures import FuturesEngine
from fastbinance.sim.trading.futures_events import plain
from fastbinance.sim.trading.futures_order import FuturesOrder, FuturesTicket, Trigger

__all__ = ["AlgoDesk", "AlgoOrder", "AlgoStatus", "algo_result"]

_FIRST_ALGO_ID: Final = 2_148_719


class AlgoStatus(StrEnum):
    """State of an algo order, in Binance's words."""

    NEW = "NEW"
    CANCELED = "CANCELED"
    TRIGGERING = "TRIGGERING"
    TRIGGERED = "TRIGGERED"
    FINISHED = "FINISHED"
    REJECTED = "REJECTED"
    EXPIRED = "EXPIRED"


#   NEW -> TRIGGERING -> TRIGGERED -> FINISHED
#    |         +-> REJECTED
#    +-> CANCELED, EXPIRED
_MOVES: Final[dict[AlgoStatus, frozenset[AlgoStatus]]] = {
    AlgoStatus.NEW: frozenset({AlgoStatus.TRIGGERING, AlgoStatus.CANCELED, AlgoStatus.EXPIRED}),
    AlgoStatus.TRIGGERING: frozenset({AlgoStatus.TRIGGERED, AlgoStatus.REJECTED}),
    AlgoStatus.TRIGGERED: frozenset({AlgoStatus.FINISHED}),
    AlgoStatus.FINISHED: frozenset(),
    AlgoStatus.CANCELED: frozenset(),
    AlgoStatus.REJECTED: frozenset(),
    AlgoStatus.EXPIRED: frozenset(),
}


@dataclass(slots=True, eq=False)
class AlgoOrder:
    """A condition and the order that it places.

    Attributes
    ----------
    ticket
        The conditional order as it is asked for.
    order
        What was placed; None before it is triggered.
    """

    algo_id: int
    client_id: str
    account: Account
    ticket: FuturesTicket
    trigger: Trigger
    created_ms: int
    updated_ms: int
    status: AlgoStatus = AlgoStatus.NEW
    triggered_ms: int = 0
    order: FuturesOrder | None = None
    rejection: str | None = None

    def move(self, to: AlgoStatus, now_ms: int) -> None:
        """Change the state; a move that the table does not have is a fault of the engine."""
        if to not in _MOVES[self.status]:
            raise AssertionError(f"algo order {self.algo_id} cannot go from {self.status} to {to}")
        self.status = to
        self.updated_ms = now_ms


class AlgoDesk:
    """All algo orders of one environment.

    Parameters
    ----------
    engine
        Where they place their orders.
    """

    def __init__(self, engine: FuturesEngine) -> None:
        self._engine = engine
        self._waiting: dict[int, AlgoOrder] = {}
        self._placed: dict[FuturesOrder, AlgoOrder] = {}
        self._ids = itertools.count(_FIRST_ALGO_ID)
        engine.on_end.append(self._order_ended)

    @property
    def has_waiting(self) -> bool:
        """Whether any waits for its price."""
        return bool(self._waiting)

    def place(self, account: Account, ticket: FuturesTicket, now_ms: int) -> AlgoOrder:
        """Take a condition in, or raise what it is rejected for."""
        engine = self._engine
        pit = engine.meet(ticket.symbol, now_ms)
        engine.check_side(account, ticket)
        if ticket.is_limited and ticket.price_match == "NONE":
            engine.check_price(ticket.price, pit)
        if not ticket.close_position:
            engine.check_qty(ticket.qty, pit)
        client_id = ticket.client_id or next(engine.client_ids)
        if any(one.client_id == client_id and one.account is account for one in self._waiting.values()):
            raise ApiError(-4116, "ClientOrderId is duplicated.")
        trigger = Trigger(ticket)
        engine.check_trigger(trigger, ticket, pit)
        algo = AlgoOrder(next(self._ids), client_id, account, ticket, trigger, now_ms, now_ms)
        self._waiting[algo.algo_id] = algo
        self._report(algo, now_ms)
        return algo

    def cancel(self, account: Account, algo_id: int | None, client_id: str | None, now_ms: int) -> AlgoOrder:
        """Cancel a condition that waits, or raise -2011."""
        for algo in list(self._waiting.values()):
            if algo.account is account and (
                algo.algo_id == algo_id if algo_id is not None else algo.client_id == client_id
            ):
                del self._waiting[algo.algo_id]
                algo.move(AlgoStatus.CANCELED, now_ms)
                self._report(algo, now_ms)
                return algo
        raise ApiError(-2011, "Unknown order sent.")

    def step(self, now_ms: int) -> None:
        """Let every condition look at its price."""
        for algo in list(self._waiting.values()):
            ticket = algo.ticket
            if ticket.good_till_ms and ticket.good_till_ms <= now_ms:
                del self._waiting[algo.algo_id]
                algo.move(AlgoStatus.EXPIRED, now_ms)
                self._report(algo, now_ms)
                continue
            pit = self._engine.pit(ticket.symbol, now_ms)
            was_active = algo.trigger.is_active
            price = self._engine.working_price(ticket.is_buy, ticket.working_type, pit)
            if algo.trigger.is_reached(price):
                self._trigger(algo, now_ms)
            elif algo.trigger.is_active and not was_active:
                self._report(algo, now_ms)

    def _trigger(self, algo: AlgoOrder, now_ms: int) -> None:
        del self._waiting[algo.algo_id]
        algo.triggered_ms = now_ms
        algo.move(AlgoStatus.TRIGGERING, now_ms)
        self._report(algo, now_ms)
        engine = self._engine
        try:
            ticket = engine.triggered(algo.account, algo.ticket, now_ms)
            order = engine.admit(algo.account, ticket, now_ms)
        except ApiError as error:
            algo.rejection = error.msg
            algo.move(AlgoStatus.REJECTED, now_ms)
            self._report(algo, now_ms)
            return
        algo.order = order
        self._placed[order] = algo
        algo.move(AlgoStatus.TRIGGERED, now_ms)
        self._report(algo, now_ms)
        engine.start(order, engine.pit(ticket.symbol, now_ms), now_ms)

    def _order_ended(self, order: FuturesOrder, now_ms: int) -> None:
        algo = self._placed.pop(order, None)
        if algo is not None:
            algo.move(AlgoStatus.FINISHED, now_ms)
            self._report(algo, now_ms)

    def _report(self, algo: AlgoOrder, now_ms: int) -> None:
        engine = self._engine
        decimals = engine.contract(algo.ticket.symbol, now_ms).instrument.qty_decimals
        engine.tell(algo.account, _algo_update(algo, decimals, now_ms))


def algo_result(algo: AlgoOrder, price_decimals: int, qty_decimals: int) -> dict[str, Any]:
    """Tell what became of an algo order that was just placed."""
    ticket = algo.ticket
    result: dict[str, Any] = {
        "algoId": algo.algo_id,
        "clientAlgoId": algo.client_id,
        "algoType": "CONDITIONAL",
        "orderType": ticket.type,
        "symbol": ticket.symbol,
        "side": ticket.side,
        "positionSide": ticket.position_side,
        "timeInForce": ticket.tif,
        "quantity": spell(ticket.qty, qty_decimals),
        "algoStatus": str(algo.status),
        "triggerPrice": spell(ticket.stop_price, price_decimals),
        "price": spell(ticket.price, price_decimals),
        "icebergQuantity": None,
        "selfTradePreventionMode": ticket.stp,
        "workingType": ticket.working_type,
        "priceMatch": ticket.price_match,
        "closePosition": ticket.close_position,
        "priceProtect": ticket.price_protect,
        "reduceOnly": ticket.reduce_only,
    }
    if ticket.type == "TRAILING_STOP_MARKET":
        result |= {
            "activatePrice": spell(ticket.activation_price, price_decimals),
            "callbackRate": spell(ticket.callback_rate, 1),
        }
    return result | {
        "createTime": algo.created_ms,
        "updateTime": algo.updated_ms,
        "triggerTime": algo.triggered_ms,
        "goodTillDate": ticket.good_till_ms,
    }


def _algo_update(algo: AlgoOrder, qty_decimals: int, now_ms: int) -> dict[str, Any]:
    ticket, order = algo.ticket, algo.order
    body: dict[str, Any] = {
        "caid": algo.client_id,
        "aid": algo.algo_id,
        "at": "CONDITIONAL",
        "o": ticket.type,
        "s": ticket.symbol,
        "S": ticket.side,
        "ps": ticket.position_side,
        "f": ticket.tif,
        "q": spell(ticket.qty, qty_decimals),
        "X": str(algo.status),
        "ai": "" if order is None else str(order.order_id),
    }
    if order is not None:
        body |= {
            "ap": plain(order.average_price),
            "aq": spell(order.executed, qty_decimals),
            "act": order.type,
        }
    body |= {
        "tp": plain(ticket.stop_price),
        "p": plain(ticket.price),
        "V": ticket.stp,
        "wt": ticket.working_type,
        "pm": ticket.price_match,
        "cp": ticket.close_position,
        "pP": ticket.price_protect,
        "R": ticket.reduce_only,
        "tt": algo.triggered_ms,
        "gtd": ticket.good_till_ms,
    }
    if algo.rejection is not None:
        body["rm"] = algo.rejection
    body["ia"] = ticket.type == "TRAILING_STOP_MARKET" and algo.trigger.is_active
    return {"e": "ALGO_UPDATE", "T": now_ms, "E": now_ms, "o": body}
