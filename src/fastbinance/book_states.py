"""How an order book is, and why."""

from enum import IntEnum

__all__ = ["BookReason", "BookState"]


class BookState(IntEnum):
    """How far an order book may be believed."""

    EMPTY = 0
    """There is nothing to read: no snapshot has come yet."""
    LIVE = 1
    """Every diff since the snapshot has been applied, which their ids prove, and the connection is up."""
    STALE = 2
    """It was right once; what has happened since is not known, or not proved yet."""


class BookReason(IntEnum):
    """Why an order book is not live."""

    NONE = 0
    NO_SNAPSHOT = 1
    UNPROVEN = 2
    DISCONNECTED = 3
    GAP = 4
    MALFORMED = 5
    TRUNCATED = 6
    CROSSED = 7
    NEW_FEED = 8
    UNKNOWN = 9

    @property
    def sentence(self) -> str:
        """What it means."""
        return _SENTENCES[self]


_SENTENCES = {
    BookReason.NONE: "it is live",
    BookReason.NO_SNAPSHOT: "no snapshot has come yet",
    BookReason.UNPROVEN: "the next diff has to prove the snapshot",
    BookReason.DISCONNECTED: "the connection is lost, or new: the next diff tells whether one was missed",
    BookReason.GAP: "a diff is missing",
    BookReason.MALFORMED: "a diff had ids, a price or a quantity that cannot be",
    BookReason.TRUNCATED: "a diff had more levels than its ring holds: give a larger level_capacity",
    BookReason.CROSSED: "a bid was not below the asks",
    BookReason.UNKNOWN: "prices have left what the snapshot told of",
    BookReason.NEW_FEED: "the process that wrote it is gone, and a new one begins",
}
