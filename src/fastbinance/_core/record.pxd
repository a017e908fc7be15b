# Copied records and their fields.
from cpython.object cimport PyObject, PyTypeObject
from libc.stdint cimport int64_t, uint32_t

cdef extern from "Python.h":
    object PyFloat_FromDouble(double)
    object PyLong_FromLongLong(long long)

# Records are read into Python objects of this size; native code asserts that every kind fits.
cdef enum:
    RECORD_BYTES = 200


cdef class Record:
    cdef:
        unsigned char data[RECORD_BYTES]   # one record, as in the ring


cdef class DepthRecord(Record):
    cdef:
        object levels                      # float64 ndarray of shape (bids + asks, 2), a copy


cdef inline object value_of(const unsigned char* data, char code):
    """A field of a record as a Python object; `code` as in native.FieldInfo."""
    if code == c"d":
        return PyFloat_FromDouble((<const double*>data)[0])
    if code == c"q":
        return PyLong_FromLongLong((<const int64_t*>data)[0])
    if code == c"I":
        return (<const uint32_t*>data)[0]
    if code == c"B":
        return data[0]
    return data[0] != 0


cdef inline object new_record(object record_type):
    """An empty record of a class, without looking `__new__` up: half the cost of last()."""
    return (<PyTypeObject*>record_type).tp_new(record_type, <PyObject*>(), NULL)
