"""An order book kept by Binance's published rules and from texts alone: slow, plain, and made of dicts.

Nothing here comes from the library or its simulator. Levels are known where a snapshot reached, and beyond
that only where a diff has touched them.
"""

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

__all__ = ["LinkBroken", "ReferenceBook"]

Levels = list[tuple[str, str]]


class LinkBroken(Exception):
    """A diff does not join what is in the book: begin again with a snapshot."""


class ReferenceBook:
    """One symbol's book.

    Parameters
    ----------
    is_spot
        Ids count by one and join by ``U``; elsewhere they leap and join by ``pu``.
    """

    def __init__(self, *, is_spot: bool) -> None:
        self.is_spot = is_spot
        #: Diffs that wait for a snapshot.
        self.buffer: list[dict[str, Any]] = []
        self.update_id: int | None = None
        self.is_bridged = False
        self.bids: dict[str, str] = {}
        self.asks: dict[str, str] = {}
        # Where a snapshot with a limit ends: beyond lies what nobody has told.
        self._worst_bid: Decimal | None = None
        self._worst_ask: Decimal | None = None

    def hear(self, diff: dict[str, Any]) -> None:
        """Take a diff, in the order of the stream.

        Raises
        ------
        LinkBroken
            Something is missing before it. The book is empty then, and the diff the first of a new buffer.
        """
        if self.update_id is None:
            self.buffer.append(diff)
            return
        try:
            self._apply(diff, self.update_id)
        except LinkBroken:
            self.update_id, self.is_bridged, self.buffer = None, False, [diff]
            raise

    def take(self, body: dict[str, Any], limit: int) -> bool:
        """Begin with a snapshot of so many levels; False: it is too old for the buffer, so ask again."""
        last = body["lastUpdateId"]
        waiting = [one for one in self.buffer if one["u"] >= last + self.is_spot]
        if self.is_spot:
            is_too_old = bool(self.buffer) and last < self.buffer[0]["U"]
        else:
            is_too_old = bool(waiting) and last < waiting[0]["U"]
        if is_too_old:
            return False
        self.update_id, self.is_bridged, self.buffer = last, False, []
        self.bids, self.asks = dict(body["bids"]), dict(body["asks"])
        self._worst_bid = Decimal(body["bids"][-1][0]) if len(body["bids"]) == limit else None
        self._worst_ask = Decimal(body["asks"][-1][0]) if len(body["asks"]) == limit else None
        for diff in waiting:
            self.hear(diff)
        return True

    def top(self, levels: int) -> tuple[Levels, Levels]:
        """Give the best levels of both sides, best first."""
        bids = sorted(self.bids.items(), key=lambda level: -Decimal(level[0]))
        asks = sorted(self.asks.items(), key=lambda level: Decimal(level[0]))
        return bids[:levels], asks[:levels]

    def differences(self, bids: Iterable[tuple[str, str]], asks: Iterable[tuple[str, str]]) -> list[str]:
        """Compare with a whole book: what is different of it, as far as this one can know."""
        found = []
        for side, mine, whole, worst, sign in (
            ("bid", self.bids, dict(bids), self._worst_bid, 1),
            ("ask", self.asks, dict(asks), self._worst_ask, -1),
        ):
            for price in mine.keys() | whole.keys():
                is_known = worst is None or sign * (Decimal(price) - worst) >= 0 or price in mine
                if is_known and mine.get(price) != whole.get(price):
                    found.append(f"{side} {price}: {mine.get(price)} is {whole.get(price)}")
        return found

    def _apply(self, diff: dict[str, Any], last: int) -> None:
        first, final = diff["U"], diff["u"]
        if not self.is_bridged:
            if final < last + self.is_spot:
                return  # in the snapshot already
            joins = first <= last + self.is_spot
        else:
            joins = first == last + 1 if self.is_spot else diff["pu"] == last
        if not joins:
            raise LinkBroken(f"{first} to {final} behind {last}")
        self.is_bridged = True
        self.update_id = final
        for side, levels in ((self.bids, diff["b"]), (self.asks, diff["a"])):
            for price, qty in levels:
                if Decimal(qty):
                    side[price] = qty
                else:
                    side.pop(price, None)
