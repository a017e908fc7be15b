"""What the two machines that keep user data coming share: their driver, and how they answer refusals."""

from typing import Final, Protocol

__all__ = ["UNKNOWN_KEY", "UNKNOWN_TOKEN", "WRONG_KEY", "UserDriver"]

#: API key of the wrong form, unknown, or without the permission: asking again does not help.
WRONG_KEY: Final = frozenset({-2014, -2015, -2008})
#: The listen key is not there any more.
UNKNOWN_KEY: Final = -1125
#: The listen token cannot be used any more.
UNKNOWN_TOKEN: Final = -1209


class UserDriver(Protocol):
    """Who is told how a stream of user data is."""

    def proven(self, again: bool, /) -> None:
        """Take note that events come, for the first time or again."""

    def unproven(self, reason: str, /) -> None:
        """Take note that events may be missing from now on, and why; `proven` or `failed` follows."""

    def failed(self, reason: str, code: int | None, /) -> None:
        """Take note that nothing more is tried: the key is of no use."""
