"""An exchange, a network that loses connections, and a desk between them, all in simulated time."""

import heapq
import itertools
import json
from collections.abc import Callable, Mapping
from random import Random
from typing import Any

from fastbinance._api import METHODS
from fastbinance._protocol.desk import Desk
from fastbinance._protocol.envelope import request_ids
from fastbinance._protocol.method import Method, Product
from fastbinance._protocol.request_limits import RequestLimits
from fastbinance._protocol.requests import Request
from fastbinance._protocol.server_clock import ServerClock
from fastbinance.credentials import Credentials
from fastbinance.request_errors import RequestError

KEY = "a-key-of-the-simulated-exchange"
BIRTH_MS = 1_700_000_000_000.0

Say = Callable[..., None]
Refuse = Callable[..., None]
Made = Callable[[dict[str, Any]], dict[str, Any]]

# What a logon may be refused with on one link, and not on the next.
_MOODS = ((503, -1008, "Server is busy."), (400, -1021, "Timestamp."), (400, -1022, "Signature."))


def _say_nothing(*_: Any, **__: Any) -> None:
    pass


class Time:
    """Simulated seconds, and what is to happen at which of them."""

    def __init__(self) -> None:
        self.now = 100.0
        self._events: list[tuple[float, int, Callable[[], object]]] = []
        self._count = itertools.count()

    def after(self, seconds: float, call: Callable[[], object]) -> None:
        heapq.heappush(self._events, (self.now + seconds, next(self._count), call))

    def run(self, until: float, between: Callable[[float], float | None]) -> None:
        """Let things happen; `between` is what wants to be asked in time, and says when again."""
        while True:
            asked = between(self.now)
            event = self._events[0][0] if self._events else None
            due = min((at for at in (asked, event) if at is not None), default=None)
            if due is None or due > until:
                self.now = until
                return
            self.now = max(self.now, due)
            if event is not None and event <= self.now:
                heapq.heappop(self._events)[2]()


class Exchange:
    """What Binance does with orders, as far as their outcome goes: its own clock, its times, its engine.

    The time of a request is looked at twice, when it comes in and before the matching engine, which may take
    up to ten seconds in between.
    """

    def __init__(
        self,
        time: Time,
        rng: Random,
        *,
        product: Product,
        offset_ms: float,
        can_log_on: bool,
        moody: float,
        limited: float,
    ) -> None:
        self.orders: dict[str, dict[str, Any]] = {}
        self.product = product
        self.offset_ms = offset_ms
        self.limited = limited
        self.requests = 0
        self._time = time
        self._rng = rng
        self._can_log_on = can_log_on
        self._moody = moody
        self._ids = itertools.count(1)

    @property
    def now_ms(self) -> float:
        return BIRTH_MS + self._time.now * 1000 + self.offset_ms

    def take(self, frame: bytes, answer: Callable[[bytes], None]) -> None:
        """Take a request, and answer it sooner or later."""
        self.requests += 1
        request = json.loads(frame)
        method, params = request["method"], request.get("params", {})

        def say(status: int, **body: Any) -> None:
            answer(
                json.dumps({"id": request["id"], "status": status, **body}, separators=(",", ":")).encode()
            )

        def refuse(status: int, code: int, message: str) -> None:
            say(status, error={"code": code, "msg": message})

        if method in ("time", "session.status"):
            say(200, result={"serverTime": int(self.now_ms)})
        elif self._rng.random() < self.limited:
            data = {"serverTime": int(self.now_ms), "retryAfter": int(self.now_ms) + 500}
            say(429, error={"code": -1003, "msg": "Too much request weight used.", "data": data})
        elif method == "session.logon":
            if self._rng.random() < self._moody:
                refuse(*self._rng.choice(_MOODS))
            elif self._can_log_on:
                say(200, result={"apiKey": KEY, "serverTime": int(self.now_ms)})
            else:
                refuse(400, -2028, "no sessions for this key")
        elif self._is_late(params):
            refuse(400, -1021, "Timestamp for this request is outside of the recvWindow.")
        elif method == "order.place":
            self._place(params, say, refuse, self._made)
        elif method == "orderList.place.oco":
            self._place(params, say, refuse, self._made_list)
        elif method == "order.cancelReplace":
            self._replace(params, say, refuse)
        elif method in ("order.status", "orderList.status"):
            self._status(params, say, refuse)
        elif method == "order.cancel":
            self._cancel(params, say, refuse)
        else:
            refuse(400, -1000, "unknown method")

    def _is_late(self, params: Mapping[str, Any]) -> bool:
        stamp, window = params["timestamp"], float(params.get("recvWindow", 5000))
        return not self.now_ms - window <= stamp < self.now_ms + 1000

    def _place(self, params: dict[str, Any], say: Say, refuse: Refuse, made: Made) -> None:
        def engine(say: Say, refuse: Refuse) -> None:
            if self._is_late(params):
                refuse(400, -1021, "Timestamp for this request is outside of the recvWindow.")
            elif params["symbol"] == "NOMONEY":
                refuse(400, -2010, "Account has insufficient balance for requested action.")
            else:
                say(200, result=made(params))

        self._in_the_engine(engine, say, refuse)

    def _replace(self, params: dict[str, Any], say: Say, refuse: Refuse) -> None:
        def engine(say: Say, refuse: Refuse) -> None:
            old = self.orders.get(params["cancelOrigClientOrderId"])
            if self._is_late(params):
                refuse(400, -1021, "Timestamp for this request is outside of the recvWindow.")
                return
            refused = {"code": -2011, "msg": "Unknown order sent."}
            halves: dict[str, Any] = {"cancelResult": "FAILURE", "cancelResponse": refused}
            halves |= {"newOrderResult": "NOT_ATTEMPTED", "newOrderResponse": None}
            if old is None or old["status"] != "NEW":
                say(400, error={"code": -2022, "msg": "Order cancel-replace failed.", "data": halves})
                return
            old["status"] = "CANCELED"
            gone = {**old, "origClientOrderId": old["clientOrderId"], "clientOrderId": "of the cancel"}
            halves |= {"cancelResult": "SUCCESS", "cancelResponse": gone, "newOrderResult": "FAILURE"}
            if params["symbol"] == "NOMONEY":
                halves["newOrderResponse"] = {"code": -2010, "msg": "Account has insufficient balance."}
                failed = {"code": -2021, "msg": "Order cancel-replace partially failed."}
                say(409, error={**failed, "data": halves})
                return
            say(200, result={**halves, "newOrderResult": "SUCCESS", "newOrderResponse": self._made(params)})

        self._in_the_engine(engine, say, refuse)

    def _in_the_engine(self, engine: Callable[[Say, Refuse], None], say: Say, refuse: Refuse) -> None:
        slow = self._rng.random() < 0.15
        if slow and self._rng.random() < 0.3:
            # The gateway gives up, the engine does not.
            timeout = (503, -1007, "Timeout waiting for response from backend server.")
            self._time.after(self._rng.uniform(0.0, 10.0), lambda: refuse(*timeout))
            self._time.after(self._rng.uniform(0.0, 9.9), lambda: engine(_say_nothing, _say_nothing))
            return
        seconds = self._rng.uniform(0.0, 9.9) if slow else self._rng.uniform(0.0, 0.01)
        self._time.after(seconds, lambda: engine(say, refuse))

    def _made(self, params: Mapping[str, Any]) -> dict[str, Any]:
        order = {
            "symbol": params["symbol"], "orderId": next(self._ids), "orderListId": -1,
            "clientOrderId": params["newClientOrderId"], "price": params["price"],
            "origQty": params["quantity"], "executedQty": "0.00000000", "status": "NEW",
            "timeInForce": "GTC", "type": "LIMIT", "side": params["side"],
        }  # fmt: skip
        if self.product == "spot":
            order["cummulativeQuoteQty"] = "0.00000000"
            answer = {**order, "transactTime": int(self.now_ms)}
        else:
            order |= {
                "avgPrice": "0.00", "cumQty": "0", "cumQuote": "0", "cumBase": "0", "pair": "BTCUSD",
                "reduceOnly": False, "closePosition": False, "positionSide": "BOTH", "stopPrice": "0",
                "workingType": "CONTRACT_PRICE", "priceProtect": False, "origType": "LIMIT",
                "priceMatch": "NONE", "selfTradePreventionMode": "NONE", "goodTillDate": 0,
            }  # fmt: skip
            answer = {**order, "updateTime": int(self.now_ms)}
        self._keep(params["newClientOrderId"], {**order, "time": int(self.now_ms)})
        return answer

    def _made_list(self, params: Mapping[str, Any]) -> dict[str, Any]:
        name = params["listClientOrderId"]
        made = {
            "orderListId": next(self._ids), "contingencyType": "OCO", "listStatusType": "EXEC_STARTED",
            "listOrderStatus": "EXECUTING", "listClientOrderId": name, "symbol": params["symbol"],
            "transactionTime": int(self.now_ms), "orders": [],
        }  # fmt: skip
        self._keep(name, made)
        return {**made, "orderReports": []}

    def _keep(self, name: str, order: dict[str, Any]) -> None:
        assert name not in self.orders, "a client order id came twice"
        self.orders[name] = order

    def _status(
        self, params: Mapping[str, Any], say: Callable[..., None], refuse: Callable[..., None]
    ) -> None:
        order = self.orders.get(params["origClientOrderId"])
        if order is None:
            refuse(400, -2013, "Order does not exist.")
        else:
            say(200, result={**order, "updateTime": order.get("time"), "isWorking": True})

    def _cancel(
        self, params: Mapping[str, Any], say: Callable[..., None], refuse: Callable[..., None]
    ) -> None:
        order = self.orders.get(params["origClientOrderId"])
        if order is None or order["status"] != "NEW":
            refuse(400, -2011, "Unknown order sent.")
            return
        order["status"] = "CANCELED"
        say(
            200,
            result={**order, "origClientOrderId": order["clientOrderId"], "clientOrderId": "of the cancel"},
        )


class World:
    """A desk, its exchange, and links between them that are lost.

    Parameters
    ----------
    rng
        Decides everything.
    credentials
        Of the desk.
    can_log_on
        Whether the exchange has sessions.
    offset_ms
        By how much the exchange's clock is ahead.
    loss_rate
        Losses a second of a link that is up.
    timeout
        Seconds for an answer.
    doubled, garbled
        Shares of the answers that come twice, and that cannot be read.
    roll_rate
        How often in a second a link is replaced by another while it is up.
    moody, limited
        Shares of the logons that are refused, and of the requests for which there are too many.
    product
        Whose methods.
    """

    def __init__(
        self,
        rng: Random,
        credentials: Credentials | None,
        *,
        can_log_on: bool = True,
        offset_ms: float = 0.0,
        loss_rate: float = 0.0,
        timeout: float = 3.0,
        doubled: float = 0.0,
        garbled: float = 0.0,
        roll_rate: float = 0.0,
        moody: float = 0.0,
        limited: float = 0.0,
        product: Product = "spot",
        lookup: Mapping[tuple[Product, str], Method] = METHODS,
    ) -> None:
        self.rng = rng
        self.time = Time()
        self.exchange = Exchange(
            self.time,
            rng,
            product=product,
            offset_ms=offset_ms,
            can_log_on=can_log_on,
            moody=moody,
            limited=limited,
        )
        self.losses = 0
        self.stray: list[RequestError] = []
        self.sent: list[bytes] = []
        self.logons = 0
        self.loss_rate = loss_rate
        self.doubled = doubled
        self.garbled = garbled
        self.roll_rate = roll_rate
        self.is_out = False  # nobody answers the telephone any more
        self._up: set[int] = set()
        self._numbers = itertools.count(1)
        self._leaving: set[int] = set()
        self._dialling = False
        self.desk = Desk(
            "mainWSAPI",
            self,
            product=product,
            credentials=credentials,
            clock=ServerClock(),
            limits=RequestLimits(product),
            lookup=lookup,
            ids=request_ids(),
            wall_ms=lambda: BIRTH_MS + self.time.now * 1000,
            timeout=timeout,
        )

    def submit(
        self, name: str, settle: Callable[[Any, RequestError | None], object], **params: Any
    ) -> Request:
        return self.desk.submit(METHODS[self.exchange.product, name], params, settle, self.time.now)

    def dial(self) -> None:
        """Open a link soon."""
        if self._dialling or self.is_out:
            return
        self._dialling = True
        self.time.after(self.rng.uniform(0.01, 0.2), self._opened)

    def run(self, seconds: float) -> None:
        self.time.run(self.time.now + seconds, self._tick)

    def lose(self, link: int) -> None:
        """Lose a link: what is under way on it may or may not arrive."""
        if link not in self._up:
            return
        self._up.discard(link)
        # Of those that hit nobody there are enough.
        self.losses += self.desk.pending > 0
        # The client may notice later than it happens.
        self.time.after(self.rng.choice((0.0, 0.0, 0.05, 1.0)), lambda: self._noticed(link))

    @property
    def links(self) -> tuple[int, ...]:
        return tuple(self._up)

    def _opened(self) -> None:
        self._dialling = False
        link = next(self._numbers)
        self._up.add(link)
        if self.loss_rate:
            self.time.after(self.rng.expovariate(self.loss_rate), lambda: self.lose(link))
        if self.roll_rate:
            self.time.after(self.rng.expovariate(self.roll_rate), lambda: self._roll(link))
        self.desk.opened(link, self.time.now)

    def _roll(self, link: int) -> None:
        """Open another link while one is up, as before it is 24 hours old."""
        if link == max(self._up, default=None):
            self.dial()

    def _noticed(self, link: int) -> None:
        self.desk.lost(link, self.time.now)
        if not self._up - self._leaving:
            self.dial()

    def _tick(self, now: float) -> float | None:
        at = self.desk.next_at
        while at is not None and at <= now:
            self.desk.tick(now)
            after = self.desk.next_at
            if after is not None and after <= now and after == at:
                return now + 0.05  # it waits for a link
            at = after
        return at

    # -- DeskDriver

    def transmit(self, link: int, frame: bytes, /) -> None:
        self.sent.append(frame)
        # A frame may be on its way for longer than its link lives, and arrive all the same.
        dies_with_link = self.rng.random() < 0.5

        def arrive() -> None:
            if link in self._up or not dies_with_link:
                self.exchange.take(frame, lambda answer: self._answer(link, answer))

        self.time.after(self.rng.uniform(0.001, 0.05), arrive)

    def _answer(self, link: int, answer: bytes) -> None:
        if self.rng.random() < self.garbled:
            answer = answer[: self.rng.randrange(1, len(answer))]

        def arrive() -> None:
            if link in self._up:
                self.desk.received(link, answer, self.time.now)

        for _ in range(2 if self.rng.random() < self.doubled else 1):
            self.time.after(self.rng.uniform(0.001, 0.05), arrive)

    def give_up(self, link: int, reason: str, /) -> None:
        self.time.after(0.0, lambda: self.lose(link))

    def ready(self, link: int, /) -> None:
        pass

    def retire(self, link: int, /) -> None:
        self._leaving.add(link)
        self.time.after(0.01, lambda: self.lose(link))

    def authenticated(self, link: int, /) -> None:
        self.logons += 1

    def strange(self, error: RequestError, payload: bytes, /) -> None:
        self.stray.append(error)

    def warned(self, warning: Any, /) -> None:
        raise AssertionError(f"no limit is near here: {warning}")
