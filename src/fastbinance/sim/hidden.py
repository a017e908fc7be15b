"""Retail price improvement orders: lots that no book shows but the RPI depth of USD-M."""

from typing import Final

__all__ = ["hidden_lots"]

_MIX: Final = 2_654_435_761
_SHARE: Final = 4


def hidden_lots(price: int, typical_lots: int) -> int:
    """Give the hidden lots at a price, which are always the same: one level in four has some."""
    mixed = price * _MIX >> 7
    return 0 if mixed % _SHARE else 1 + mixed // _SHARE % typical_lots
