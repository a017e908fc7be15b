"""The books of a simulator: what they are, and what is wrong with those that clients are given."""

from typing import NamedTuple

from fastbinance.errors import ConfigurationError
from fastbinance.keys import MARKETS, Environment, Market
from fastbinance.sim.api.apis import Apis
from fastbinance.sim.book import Level
from fastbinance.sim.instrument import Instrument, is_listable
from fastbinance.sim.malform import Malform
from fastbinance.sim.market import RandomMarket
from fastbinance.sim.payload import snapshot_body
from fastbinance.sim.publish import Publisher
from fastbinance.sim.snapshots import SNAPSHOT_MARKETS, SnapshotFault

__all__ = ["BookSwitches", "SimBook"]


class SimBook(NamedTuple):
    """A whole book, spelled as on the wire.

    Attributes
    ----------
    update_id
        Of the last change that is in it.
    bids, asks
        Price and quantity of every level, best first.
    """

    update_id: int
    bids: list[tuple[str, str]]
    asks: list[tuple[str, str]]


class BookSwitches:
    """Books, and what becomes of snapshots."""

    _apis: Apis

    def book(
        self,
        symbol: str,
        market: Market = "spot",
        update_id: int | None = None,
        *,
        rpi: bool = False,
        environment: Environment = "prod",
    ) -> SimBook:
        """Give the whole book behind the streams, now or as it was.

        A client that has applied a diff has this book of the diff's ``u``, as far as it can know it: a
        snapshot with a limit leaves levels out.

        Parameters
        ----------
        update_id
            As it was when nothing behind this id had happened; by default as it is. At least 5,000 changes
            are remembered.
        rpi
            With retail price improvement orders, as ``rpiDepth`` shows it.

        Raises
        ------
        ConfigurationError
            The market is not simulated, or could not have such a symbol.
        LookupError
            The book was not there yet at this id, or is remembered no more.
        """
        found = self._market(symbol, market, environment)
        whole = found.book.at(found.book.update_id if update_id is None else update_id)
        bids, asks = whole.bids, whole.asks
        if rpi:
            bids, asks = found.with_hidden(bids), found.with_hidden(asks)
        spelled = found.instrument
        return SimBook(whole.update_id, _texts(spelled, bids), _texts(spelled, asks))

    def snapshot(
        self, market: Market, symbol: str, limit: int = 1000, *, environment: Environment = "prod"
    ) -> bytes:
        """Give the body of a REST depth request: the book behind the streams, at this moment.

        Faults of snapshots do not meet it.

        Raises
        ------
        ConfigurationError
            The market has no such request, or could not have such a symbol.
        """
        if market not in SNAPSHOT_MARKETS:
            raise ConfigurationError(
                f"no snapshots of {market!r}: there are those of {', '.join(SNAPSHOT_MARKETS)}"
            )
        found = self._market(symbol, market, environment)
        now_ms = self._clock_ms()
        time_ms = min(now_ms, found.changed_ms)
        return snapshot_body(found.instrument, found.snapshot(limit), time_ms=time_ms, event_ms=now_ms)

    def snapshots(
        self,
        symbol: str | None = None,
        market: Market | None = None,
        *,
        stale: int = 0,
        late: float = 0.0,
        malform: Malform | None = None,
        status: int | None = None,
        code: int | None = None,
        msg: str = "",
        retry_after: float | None = None,
        share: float = 1.0,
        times: int | None = None,
    ) -> None:
        """Have something become of snapshots of REST and the WS APIs; without figures nothing does any more.

        Parameters
        ----------
        symbol, market
            Only of this symbol, only of this market. What holds for both goes before what holds for one. With
            neither it holds for all, instead of whatever held for one.
        stale
            They are so many changes of the book old. Where there were not so many, the levels are the oldest
            there are, and ids are counted down.
        late
            They are taken when they are asked for, and given so many seconds later.
        malform
            ``"negative"``: the best bid has a quantity below zero. ``"zero"``: it has a price of zero.
            ``"crossed"``: there is a better one at twice the highest price.
        status, code, msg, retry_after
            They are refused, with a status from 400 to 599, the code and text of the body, and seconds in the
            header of that name. By default code and text are Binance's for such a status.
        share
            Of them, from 0 to 1, by the seed.
        times
            Only so many.

        Raises
        ------
        ConfigurationError
            A market without snapshots, or a figure that cannot be.
        """
        fault = SnapshotFault(stale, late, malform, status, code, msg, retry_after, share, times)
        self._apis.snapshot_faults.set(market, symbol, fault)

    # -- of the simulator

    def _clock_ms(self) -> int:
        raise NotImplementedError

    def _publisher(self, environment: Environment) -> Publisher:
        raise NotImplementedError

    def _market(self, symbol: str, market: Market, environment: Environment) -> RandomMarket:
        if market not in MARKETS or not is_listable(symbol, market):
            raise ConfigurationError(f"no book of {symbol!r} on {market!r}: wrong symbol or market")
        return self._publisher(environment).exchange.market(market, symbol, self._clock_ms())


def _texts(instrument: Instrument, levels: list[Level]) -> list[tuple[str, str]]:
    return [(instrument.price_text(price), instrument.qty_text(qty)) for price, qty in levels]
