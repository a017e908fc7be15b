"""What each stream's payload looks like: keys in the order of the wire, and what stands beside each.

A shape is a dict of checks, nested as the payload is; a list of one shape is an array of that shape.
"""

import re
from collections.abc import Callable
from typing import Any, Final

Check = Callable[[Any], bool]
Shape = Any

_DECIMAL: Final = re.compile(r"-?\d+(\.\d+)?")


def ms(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 10**12 < value < 10**13


def micros(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 10**15 < value < 10**16


def count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= -1


def dec(value: Any) -> bool:
    return isinstance(value, str) and _DECIMAL.fullmatch(value) is not None


def dec_or_empty(value: Any) -> bool:
    return value == "" or dec(value)


def dec_or_null(value: Any) -> bool:
    return value is None or dec(value)


def flag(value: Any) -> bool:
    return isinstance(value, bool)


def number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def text(value: Any) -> bool:
    return isinstance(value, str) and value != ""


def one_of(*wanted: Any) -> Check:
    return lambda value: any(value == one and type(value) is type(one) for one in wanted)


def ms_or_zero(value: Any) -> bool:
    return value == 0 or ms(value)


def levels(value: Any) -> bool:
    return isinstance(value, list) and all(
        isinstance(level, list) and len(level) == 2 and all(map(dec, level)) for level in value
    )


def mismatch(payload: Any, shape: Shape, where: str = "") -> str:
    """Say where a payload first differs from a shape; empty when it does not."""
    if isinstance(shape, list):
        if not isinstance(payload, list) or not payload:
            return f"{where or 'payload'} is no array with something in it"
        found = (mismatch(item, shape[0], f"{where}[{index}]") for index, item in enumerate(payload))
        return next((text for text in found if text), "")
    if isinstance(shape, dict):
        if not isinstance(payload, dict):
            return f"{where or 'payload'} is no object"
        if list(payload) != list(shape):
            return f"{where or 'payload'} has the keys {list(payload)}, wanted {list(shape)}"
        found = (mismatch(payload[key], check, f"{where}.{key}") for key, check in shape.items())
        return next((text for text in found if text), "")
    return "" if shape(payload) else f"{where} is {payload!r}"


def keys(names: str, **checks: Any) -> dict[str, Any]:
    """Make a shape from its keys in order; checks that are not given follow from the key."""
    return {name: checks.get(name, _USUAL.get(name, dec)) for name in names.split()}


# What a letter means nearly everywhere.
_USUAL: Final[dict[str, Check]] = {
    "e": text, "E": ms, "T": ms, "s": text, "ps": text, "U": count, "u": count, "pu": count, "m": flag,
    "f": count, "l": count, "L": count, "F": count, "n": count, "O": ms, "C": ms, "i": text,
}  # fmt: skip

K_TYPES: Final[dict[str, Check]] = {"t": ms, "T": ms, "f": count, "L": count, "x": flag}
K: Final = keys("t T s i f L o c h l v n x q V Q B", **K_TYPES, l=dec)
K_CONTINUOUS: Final = keys("t T i f L o c h l v n x q V Q B", **K_TYPES, l=dec)
K_OPTIONS: Final = keys("t T s i f L o c h l v n x q V Q", **K_TYPES, l=dec)
K_MICROS: Final = {**K, "t": micros, "T": micros}
TICKER_NUMBERS: Final = "p P w c Q o h l v q O C F L n"


def named(event: str) -> dict[str, Check]:
    return {"e": one_of(event)}


def depth(names: str) -> dict[str, Any]:
    return keys(names, **named("depthUpdate"), b=levels, a=levels, st=one_of(1, 2))
