// The one translation unit with simdjson itself. Its sources come from the build requirement pysimdjson.
#include "simdjson.cpp"
