"""The states of one connection and the table of allowed moves.

::

      IDLE --connect--> CONNECTING --open--> LIVE --retire--> RETIRING      any --close--> CLOSED
                          ^   | fail           | lost            | lost
                          +-- BACKOFF <--------+                 +------> CLOSED

A connection that has been replaced is RETIRING: it delivers what was on its way, and does not come back.
"""

from collections.abc import Mapping
from enum import Enum
from typing import Final

__all__ = ["MOVES", "State", "move"]


class State(Enum):
    """Where a connection is in its life."""

    IDLE = "idle"
    CONNECTING = "connecting"
    LIVE = "live"
    RETIRING = "retiring"
    BACKOFF = "backoff"
    CLOSED = "closed"


MOVES: Final[Mapping[State, frozenset[State]]] = {
    State.IDLE: frozenset({State.CONNECTING, State.CLOSED}),
    State.CONNECTING: frozenset({State.LIVE, State.BACKOFF, State.CLOSED}),
    State.LIVE: frozenset({State.RETIRING, State.BACKOFF, State.CLOSED}),
    State.RETIRING: frozenset({State.CLOSED}),
    State.BACKOFF: frozenset({State.CONNECTING, State.CLOSED}),
    State.CLOSED: frozenset(),
}


def move(state: State, to: State) -> State:
    """Return the new state, or refuse a move that the table does not have.

    Raises
    ------
    AssertionError
        The move is a mistake in our own code: no peer and no caller can cause one.
    """
    if to not in MOVES[state]:
        raise AssertionError(f"connection cannot go from {state.name} to {to.name}")
    return to
