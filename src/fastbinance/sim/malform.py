"""Bodies of books with something in them that cannot be."""

import json
from decimal import Decimal
from typing import Any, Final, Literal, get_args

__all__ = ["MALFORMS", "Malform", "malformed"]

Malform = Literal["negative", "zero", "crossed"]

MALFORMS: Final[tuple[Malform, ...]] = get_args(Malform)
_DIGITS: Final = str.maketrans("123456789", "000000000")


def malformed(body: bytes, how: Malform) -> bytes:
    """Spoil the JSON of a snapshot or of a depth.

    Parameters
    ----------
    how
        ``"negative"`` gives its first level a quantity below zero, ``"zero"`` a price of zero, and
        ``"crossed"`` puts a bid into it at twice the highest price in it.
    """
    whole = json.loads(body)
    book = whole.get("data", whole)
    bids, asks = (book["bids"], book["asks"]) if "bids" in book else (book["b"], book["a"])
    side = bids or asks
    if how == "crossed":
        highest = max(Decimal(price) for price, _ in (*bids, *asks))
        bids.insert(0, [f"{2 * highest:f}", side[0][1] if float(side[0][1]) else "1"])
    elif how == "zero":
        side[0][0] = side[0][0].translate(_DIGITS)
    else:
        side[0][1] = "-" + (side[0][1] if float(side[0][1]) else "1")
    return _compact(whole)


def _compact(whole: Any) -> bytes:
    return json.dumps(whole, separators=(",", ":"), ensure_ascii=False).encode()
