"""Records copied out of their rings: where their fields lie, and Python objects that read them in C."""

from typing import Any, ClassVar, Self

import numpy as np
from typing_extensions import disjoint_base

_Levels = np.ndarray[tuple[int, int], np.dtype[np.float64]]

class KindLayout:
    """Where the fields of one kind of record lie, as the native header says.

    Attributes
    ----------
    name : str
    kind : int
        `streams.Kind`.
    record_bytes : int
    fields : dict
        Name to ``(offset, code)``; the code is ``"q"`` int64, ``"I"`` uint32, ``"B"`` uint8, ``"d"`` float64
        or ``"?"`` bool.
    has_levels : bool
        Whether the ring has an arena of levels.
    dtype : numpy.dtype
        The records' dtype.
    """

    __slots__ = ("dtype", "fields", "has_levels", "kind", "name", "record_bytes")

    name: str
    kind: int
    record_bytes: int
    fields: dict[str, tuple[int, str]]
    has_levels: bool
    dtype: np.dtype[np.void]

    def __init__(
        self, name: str, kind: int, record_bytes: int, fields: dict[str, tuple[int, str]], has_levels: bool
    ) -> None: ...

#: Layout of each kind by its number.
layouts: dict[int, KindLayout]
#: Class of the records of each kind by its number; filled by fastbinance.records.
record_types: dict[int, Any]

@disjoint_base
class Field:
    """Descriptor of one field of a record, read in C; immutable."""

    @property
    def name(self) -> str:
        """The field's name."""

    def __new__(cls, kind: int, name: str, doc: str) -> Self: ...
    def __get__(self, instance: Any, owner: Any = None, /) -> Any: ...
    def __set__(self, instance: Any, value: Any, /) -> None: ...

@disjoint_base
class Record:
    """One record, copied out of its ring: immutable, valid for ever.

    Two records are equal when all fields are, NaN of both among them. Survives `pickle`.
    """

    kind: ClassVar[int]

    def __getitem__(self, name: str, /) -> Any:
        """Return a field by name; KeyError lists those there are."""

    @classmethod
    def fields(cls) -> tuple[str, ...]:
        """Return the names of the fields, in the order of memory."""

    @property
    def age_ns(self) -> int:
        """Nanoseconds since its receive time, by our wall clock."""

    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...
    def __reduce__(self) -> tuple[Any, ...]: ...

@disjoint_base
class DepthRecord(Record):
    """A depth record with a copy of its levels."""

    def __getitem__(self, name: str, /) -> Any:
        """Return a field by name, also ``bids`` and ``asks``; KeyError lists those there are."""

    @property
    def bids(self) -> _Levels:
        """Bid levels: float64, shape ``(bid_count, 2)``, rows ``[price, qty]`` in Binance's order,
        read-only.
        """

    @property
    def asks(self) -> _Levels:
        """Ask levels: float64, shape ``(ask_count, 2)``, rows ``[price, qty]`` in Binance's order,
        read-only.
        """

    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...
    def __reduce__(self) -> tuple[Any, ...]: ...
