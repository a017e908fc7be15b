"""From bytes to events, for one account."""

import types
from collections.abc import Hashable, Mapping
from typing import Any, Final, TypeVar, get_args, get_type_hints

import msgspec

from fastbinance.user_events import futures, futures_account, options, portfolio, spot
from fastbinance.user_events.base import Part, UserEvent
from fastbinance.user_events.own import UnknownEvent, UserDataInterrupted, UserDataReady

__all__ = ["EVENT_CLASSES", "EventReader", "EventUnfit", "execution_of", "unwrap"]

E = TypeVar("E", bound=UserEvent)

# Names that are counted; Binance has a few dozen, and a peer that makes them up must not fill our memory.
_MOST_PATHS: Final = 1_000

_SPOT: Final[Mapping[str, type[UserEvent]]] = {
    "executionReport": spot.ExecutionReport,
    "outboundAccountPosition": spot.AccountPosition,
    "balanceUpdate": spot.BalanceUpdate,
    "listStatus": spot.ListStatus,
    "externalLockUpdate": spot.ExternalLockUpdate,
    "eventStreamTerminated": spot.EventStreamTerminated,
    "serverShutdown": spot.ServerShutdownNotice,
}
_MARGIN: Final[Mapping[str, type[UserEvent]]] = {
    **{name: cls for name, cls in _SPOT.items() if name != "externalLockUpdate"},
    # Of the old system, should it still send anything.
    "listenKeyExpired": futures_account.ListenKeyExpired,
}
_COINM: Final[Mapping[str, type[UserEvent]]] = {
    "ORDER_TRADE_UPDATE": futures.OrderTradeUpdate,
    "ACCOUNT_UPDATE": futures_account.AccountUpdate,
    "MARGIN_CALL": futures_account.MarginCall,
    "ACCOUNT_CONFIG_UPDATE": futures_account.AccountConfigUpdate,
    "STRATEGY_UPDATE": futures.StrategyUpdate,
    "GRID_UPDATE": futures.GridUpdate,
    "listenKeyExpired": futures_account.ListenKeyExpired,
    # Announced for COIN-M with the integration of both.
    "ALGO_UPDATE": futures.AlgoUpdate,
    "TRADE_LITE": futures.TradeLite,
}
#: The class of each event, by kind of account and by Binance's name.
EVENT_CLASSES: Final[Mapping[str, Mapping[str, type[UserEvent]]]] = {
    "spot": _SPOT,
    "margin": _MARGIN,
    "isolated": _MARGIN,
    "margin_risk": {
        "MARGIN_LEVEL_STATUS_CHANGE": spot.MarginLevelStatusChange,
        "USER_LIABILITY_CHANGE": spot.UserLiabilityChange,
        "listenKeyExpired": futures_account.ListenKeyExpired,
    },
    "usdm": {**_COINM, "CONDITIONAL_ORDER_TRIGGER_REJECT": futures.ConditionalOrderTriggerReject},
    "coinm": _COINM,
    "options": {
        "ACCOUNT_UPDATE": options.OptionAccountUpdate,
        "BALANCE_POSITION_UPDATE": options.BalancePositionUpdate,
        "ORDER_TRADE_UPDATE": options.OptionOrderUpdate,
        "GREEK_UPDATE": options.GreekUpdate,
        "RISK_LEVEL_CHANGE": options.RiskLevelChange,
        "listenKeyExpired": futures_account.ListenKeyExpired,
    },
    "portfolio": {
        "ORDER_TRADE_UPDATE": futures.OrderTradeUpdate,
        "ACCOUNT_UPDATE": futures_account.AccountUpdate,
        "ACCOUNT_CONFIG_UPDATE": futures_account.AccountConfigUpdate,
        "CONDITIONAL_ORDER_TRADE_UPDATE": portfolio.ConditionalOrderTradeUpdate,
        "ALGO_UPDATE": portfolio.PortfolioAlgoUpdate,
        "executionReport": spot.ExecutionReport,
        "outboundAccountPosition": spot.AccountPosition,
        "balanceUpdate": spot.BalanceUpdate,
        "liabilityChange": portfolio.LiabilityChange,
        "openOrderLoss": portfolio.OpenOrderLoss,
        "riskLevelChange": portfolio.PortfolioRiskLevelChange,
        "listenKeyExpired": futures_account.ListenKeyExpired,
    },
    "portfolio_pro": {
        "riskLevelChange": portfolio.PortfolioRiskLevelChange,
        "PM_PRO_ACCOUNT_UPDATE": portfolio.PortfolioProAccountUpdate,
        "listenKeyExpired": futures_account.ListenKeyExpired,
    },
}

_MARKETS: Final[Mapping[str, str]] = {"margin": "spot", "isolated": "spot", "margin_risk": "spot"}
_BUSINESS_UNITS: Final[Mapping[str | None, str]] = {"UM": "usdm", "CM": "coinm"}
# What a portfolio margin account has in its margin wallet; the rest is about the account as a whole.
_PORTFOLIO_SPOT: Final = (
    spot.ExecutionReport, spot.AccountPosition, spot.BalanceUpdate, portfolio.LiabilityChange,
)  # fmt: skip

_NAMES: Final[Mapping[type[UserEvent], str]] = {
    UserDataReady: "user_data_ready",
    UserDataInterrupted: "user_data_interrupted",
}


class EventUnfit(ValueError):
    """An event cannot be read; `code` is one word for why, as of rejects."""

    def __init__(self, code: str, reason: str) -> None:
        super().__init__(reason)
        self.code = code


class _Head(msgspec.Struct):
    e: str
    E: int | str = 0


_NO_BYTES: Final = msgspec.Raw()


class _Wrapped(msgspec.Struct):
    subscription: int | None = msgspec.field(default=None, name="subscriptionId")
    # Not `Raw | None`: msgspec takes that for anything at all, and would decode it.
    event: msgspec.Raw = _NO_BYTES
    stream: str | None = None
    data: msgspec.Raw = _NO_BYTES


_head = msgspec.json.Decoder(_Head)
_wrapped = msgspec.json.Decoder(_Wrapped)
# Some documents have a text where a time should be.
_LAX: Final = (futures_account.ListenKeyExpired,)
# How msgspec begins to say that a class does not have a key.
_UNKNOWN_KEY: Final = "Object contains unknown field"
_decoders: Final = {
    cls: msgspec.json.Decoder(cls, strict=cls not in _LAX)
    for classes in EVENT_CLASSES.values()
    for cls in classes.values()
}


def unwrap(payload: bytes) -> tuple[str | int | None, bytes]:
    """Return the subscription's id, or the stream's name, and the event; None where there is no wrapper."""
    if payload.startswith(b'{"e":"'):
        return None, payload
    try:
        found = _wrapped.decode(payload)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None, payload  # whoever reads it says what is wrong
    if bytes(found.event):
        return found.subscription, bytes(found.event)
    if bytes(found.data) and found.stream is not None:
        return found.stream, bytes(found.data)
    return None, payload


class EventReader:
    """Makes the events of one account from their bytes.

    Parameters
    ----------
    account
        What kind of account.
    symbol
        Pair of an isolated margin account.

    Attributes
    ----------
    unknown_events
        Names that we have no class for, and how often they came.
    unknown_fields
        Paths of fields that our classes do not have, such as ``"ORDER_TRADE_UPDATE.o.zz"``, and how often
        they came.
    """

    def __init__(self, account: str, symbol: str | None = None) -> None:
        self.unknown_events: dict[str, int] = {}
        self.unknown_fields: dict[str, int] = {}
        self._account = account
        self._symbol = symbol
        self._market = _MARKETS.get(account, account)
        self._is_portfolio = account in ("portfolio", "portfolio_pro")
        self._classes = {name.encode(): cls for name, cls in EVENT_CLASSES[account].items()}

    def read(self, event: bytes, recv_ns: int, subscription_id: int | None = None) -> UserEvent:
        """Return an event, which stands without a wrapper.

        Raises
        ------
        EventUnfit
            It is no JSON, has no name, or is not what its class wants.
        """
        # Binance begins with the name; where it does not, it is looked for.
        name = event[6 : event.find(b'"', 6)] if event.startswith(b'{"e":"') else b""
        cls = self._classes.get(name)
        if cls is None:
            try:
                head = _head.decode(event)
            except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
                raise _unfit(error) from error
            name = head.e.encode("utf-8", "surrogatepass")
            cls = self._classes.get(name)
            if cls is None:
                return self._unknown(head, event, recv_ns, subscription_id)
        try:
            data: UserEvent = _decoders[cls].decode(event)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
            # Raised by whatever is new as well: known events are not looked through, and cost nothing more.
            if not str(error).startswith(_UNKNOWN_KEY):
                raise _unfit(error) from error
            data = self._without_unknown(cls, event)
        return self._complete(data, event, recv_ns, subscription_id)

    def make(self, cls: type[E], **fields: Any) -> E:
        """Make an event of our own."""
        made = cls(
            event=fields.pop("event", _NAMES.get(cls, "")),
            account=self._account,
            isolated_symbol=self._symbol,
            **fields,
        )
        made.market = self._market_of(made)
        return made

    def _complete(self, data: E, event: bytes, recv_ns: int, subscription_id: int | None) -> E:
        data.account = self._account
        data.market = self._market_of(data) if self._is_portfolio else self._market
        data.isolated_symbol = self._symbol
        data.recv_ns = recv_ns
        data.subscription_id = subscription_id
        data.recovered = False
        data.payload = event
        return data

    def _market_of(self, event: UserEvent) -> str:
        if not self._is_portfolio:
            return self._market
        if isinstance(event, _PORTFOLIO_SPOT):
            return "spot"
        return _BUSINESS_UNITS.get(getattr(event, "business_unit", None), "portfolio")

    def _unknown(self, head: _Head, event: bytes, recv_ns: int, subscription_id: int | None) -> UserEvent:
        if head.e in self.unknown_events or len(self.unknown_events) < _MOST_PATHS:
            self.unknown_events[head.e] = self.unknown_events.get(head.e, 0) + 1
        moment = head.E if isinstance(head.E, int) else _moment(head.E)
        return self._complete(UnknownEvent(event=head.e, event_ms=moment), event, recv_ns, subscription_id)

    def _without_unknown(self, cls: type[UserEvent], event: bytes) -> UserEvent:
        try:
            tree = msgspec.json.decode(event)
            paths = _cut_unknown(cls, tree, f"{tree['e']}.")
            data = msgspec.convert(tree, cls, strict=cls not in _LAX)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
            raise _unfit(error) from error
        for path in paths:
            if path in self.unknown_fields or len(self.unknown_fields) < _MOST_PATHS:
                self.unknown_fields[path] = self.unknown_fields.get(path, 0) + 1
        return data


def execution_of(event: UserEvent) -> Hashable | None:
    """Return what names an execution, the same whenever it is told; None for an event that is none."""
    if isinstance(event, spot.ExecutionReport):
        return event.symbol, event.execution_id
    if isinstance(event, futures.OrderTradeUpdate | options.OptionOrderUpdate):
        order = event.order
        if order.execution_type in ("TRADE", "CALCULATED") and order.trade_id > 0:
            return order.symbol, order.trade_id, order.order_id
    elif isinstance(event, futures.TradeLite):
        return "lite", event.symbol, event.trade_id, event.order_id
    return None


def _unfit(error: Exception) -> EventUnfit:
    if not isinstance(error, msgspec.ValidationError):
        return EventUnfit("invalid_json", str(error))
    return EventUnfit("missing_key" if "missing required field" in str(error) else "wrong_type", str(error))


def _moment(text: str) -> int:
    return int(text) if text.isdecimal() and len(text) < 20 else 0


def _keys(cls: type[Part]) -> dict[str, type[Part] | None]:
    """Binance's keys of a class, each with the class of the objects behind it."""
    hints = get_type_hints(cls)
    found: dict[str, type[Part] | None] = {}
    for one in msgspec.structs.fields(cls):
        hint = hints[one.name]
        inner = [arg for arg in (hint, *get_args(hint)) if isinstance(arg, type) and _is_part(arg)]
        found[one.encode_name] = inner[0] if inner else None
    return found


def _is_part(hint: Any) -> bool:
    return not isinstance(hint, types.GenericAlias) and issubclass(hint, Part)


_known: dict[type[Part], dict[str, type[Part] | None]] = {}


def _cut_unknown(cls: type[Part], data: Any, path: str) -> list[str]:
    """Take out of a decoded object what its class does not have, and return where that was."""
    if isinstance(data, list):
        return [found for one in data for found in _cut_unknown(cls, one, path)]
    if not isinstance(data, dict):
        return []
    keys = _known.get(cls)
    if keys is None:
        keys = _known[cls] = _keys(cls)
    unknown = []
    for key in list(data):
        if key not in keys:
            unknown.append(f"{path}{key}")
            del data[key]
        elif (inner := keys[key]) is not None:
            unknown += _cut_unknown(inner, data[key], f"{path}{key}.")
    return unknown
