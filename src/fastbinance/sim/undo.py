"""What the last changes of a book were before, so that it can be shown as it was."""

from array import array
from collections.abc import Iterator
from typing import Final, NamedTuple

__all__ = ["Undo", "Undone"]

_FIELDS: Final = 3


class Undone(NamedTuple):
    """One change, to be taken back.

    Attributes
    ----------
    update_id
        Its update id.
    is_bid, price
        Which level it set.
    qty
        Quantity of the level before it; 0 where there was none.
    """

    update_id: int
    is_bid: bool
    price: int
    qty: int


class Undo:
    """The newest changes of one book.

    Parameters
    ----------
    update_id
        Update id before the first change.
    kept
        How many changes are remembered at least, as long as there were so many; at most twice as many are.
    """

    __slots__ = ("_kept", "_older", "_recent", "oldest")

    def __init__(self, update_id: int, kept: int) -> None:
        self._kept = kept * _FIELDS
        # Two generations of plain integers: a change costs 24 bytes, and forgetting costs nothing.
        self._recent: array[int] = array("q")
        self._older: array[int] = array("q")
        #: Update id of the oldest book that can be shown.
        self.oldest = update_id

    def note(self, update_id: int, is_bid: bool, price: int, qty: int) -> None:
        """Remember that a change took a level from this quantity."""
        if len(self._recent) >= self._kept:
            if self._older:
                self.oldest = self._older[-_FIELDS]
            self._older, self._recent = self._recent, array("q")
        self._recent.extend((update_id, price * 2 + is_bid, qty))

    def __iter__(self) -> Iterator[Undone]:
        """Give what is remembered, newest first."""
        for changes in (self._recent, self._older):
            for at in range(len(changes) - _FIELDS, -1, -_FIELDS):
                update_id, level, qty = changes[at : at + _FIELDS]
                yield Undone(update_id, level & 1 == 1, level >> 1, qty)

    def id_before(self, changes: int) -> int:
        """Give the update id of the book that so many changes are taken back from."""
        if changes < len(self._recent) // _FIELDS:
            return self._recent[-_FIELDS * (changes + 1)]
        changes -= len(self._recent) // _FIELDS
        if changes < len(self._older) // _FIELDS:
            return self._older[-_FIELDS * (changes + 1)]
        return self.oldest
