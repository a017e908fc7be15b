# cython: language_level=3, boundscheck=False, wraparound=False, freethreading_compatible=False, autotestdict=False
"""Records copied out of their rings: where their fields lie, and Python objects that read them in C."""

import numpy as np

from libc.stdint cimport uint32_t
from libc.string cimport memcpy

from fastbinance._core cimport native
from fastbinance._core.native cimport Kind, KindInfo, RecordHead, kind_info, wall_clock_ns

if native.max_record_size > RECORD_BYTES:
    raise ImportError("Record.data is smaller than the largest native record")

_NUMPY_CODES = {"q": "<i8", "I": "<u4", "d": "<f8", "?": "?", "B": "u1"}


class KindLayout:
    """Where the fields of one kind of record lie, as the native header says."""

    __slots__ = ("name", "kind", "record_bytes", "fields", "has_levels", "dtype")

    def __init__(self, name, kind, record_bytes, fields, has_levels):
        self.name = name
        self.kind = kind
        self.record_bytes = record_bytes
        self.fields = fields  # name -> (offset, code)
        self.has_levels = has_levels
        self.dtype = np.dtype({
            "names": list(fields),
            "formats": [_NUMPY_CODES[code] for _, code in fields.values()],
            "offsets": [offset for offset, _ in fields.values()],
            "itemsize": record_bytes,
        })

    def __repr__(self):
        return f"KindLayout({self.name!r}, {self.record_bytes} bytes, fields {', '.join(self.fields)})"


cdef object _layout(Kind kind):
    cdef const KindInfo* info = &kind_info(kind)
    cdef uint32_t i
    fields = {}
    for i in range(info.field_count):
        fields[info.fields[i].name.decode()] = (info.fields[i].offset, chr(info.fields[i].code))
    return KindLayout(info.name.decode(), <int>kind, info.record_size, fields, info.has_levels)


layouts = {number: _layout(<Kind>number) for number in range(1, native.kind_count)}
"""Layout of each kind by its number."""

record_types = {}
"""Class of the records of each kind by its number; filled by fastbinance.records when it defines them."""


cdef class Field:
    """One field of a record, read in C; immutable."""

    cdef:
        readonly str name
        readonly str __doc__
        Py_ssize_t offset
        char code

    def __cinit__(self, int kind, str name not None, str doc not None):
        layout = layouts[kind]
        offset, code = layout.fields[name]
        self.name = name
        self.__doc__ = doc
        self.offset = offset
        self.code = ord(code)

    def __get__(self, instance, owner):
        if instance is None:
            return self
        if not isinstance(instance, Record):
            raise TypeError(f"{self.name} is a field of records, not of {type(instance).__name__}")
        return value_of((<Record>instance).data + self.offset, self.code)

    def __set__(self, instance, value):
        raise AttributeError(f"records are immutable: {self.name} cannot be set")


cdef class Record:
    """One record, copied out of its ring: immutable, valid for ever."""

    kind = 0

    def __getitem__(self, str name not None):
        fields = layouts[self.kind].fields
        if name not in fields:
            raise KeyError(f"{name!r} is no field of {type(self).__name__}; it has {', '.join(fields)}")
        offset, code = fields[name]
        return value_of(self.data + <Py_ssize_t>offset, ord(code))

    def __reduce__(self):
        return _restore, (type(self), (<bytes>(<char*>self.data)[:RECORD_BYTES]))

    @classmethod
    def fields(cls):
        return tuple(layouts[cls.kind].fields)

    @property
    def age_ns(self):
        return wall_clock_ns() - (<RecordHead*>self.data).recv_ns

    def __eq__(self, other):
        if type(self) is not type(other):
            return NotImplemented
        return all(_same(self[name], other[name]) for name in self.fields())

    def __hash__(self):
        return hash((type(self), (<RecordHead*>self.data).sequence, (<RecordHead*>self.data).recv_ns))

    def __repr__(self):
        return f"{type(self).__name__}({', '.join(f'{name}={self[name]!r}' for name in self.fields())})"


cdef class DepthRecord(Record):
    """A depth record with a copy of its levels."""

    def __getitem__(self, str name not None):
        if name == "bids":
            return self.bids
        if name == "asks":
            return self.asks
        return Record.__getitem__(self, name)

    @property
    def bids(self):
        return self.levels[:(<native.DepthRecord*>self.data).bid_count]

    @property
    def asks(self):
        return self.levels[(<native.DepthRecord*>self.data).bid_count:]

    def __eq__(self, other):
        # levels_begin says where the levels lay in one ring's arena, which is not part of what the record says.
        if type(self) is not type(other):
            return NotImplemented
        same = all(_same(self[name], other[name]) for name in self.fields() if name != "levels_begin")
        return same and np.array_equal(self.levels, (<DepthRecord>other).levels)

    def __hash__(self):
        return Record.__hash__(self)

    def __reduce__(self):
        return _restore, (type(self), (<bytes>(<char*>self.data)[:RECORD_BYTES]), self.levels)


cdef bint _same(one, other) except -1:
    return one == other or (one != one and other != other)  # NaN, what a stream does not tell, is the same as NaN


def _restore(cls, bytes data not None, levels=None):
    """Make a record again from what its __reduce__ gave."""
    cdef Record record = cls.__new__(cls)
    if len(data) != RECORD_BYTES:
        raise ValueError(f"a record is restored from {RECORD_BYTES} bytes, not {len(data)}")
    memcpy(record.data, <const char*>data, RECORD_BYTES)
    if levels is not None:
        levels.flags.writeable = False
        (<DepthRecord?>record).levels = levels
    return record
