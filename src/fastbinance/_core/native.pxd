# C view of _native: declarations only. A comment per field stands in the header it comes from.
from libc.stddef cimport size_t
from libc.stdint cimport int64_t, uint32_t, uint64_t, uint8_t
from libcpp cimport bool
from libcpp.memory cimport unique_ptr


cdef extern from "<string_view>" namespace "std" nogil:
    cdef cppclass string_view:
        string_view()
        string_view(const char*, size_t)
        const char* data()
        size_t size()


cdef extern from "clock.hpp" namespace "fb" nogil:
    int64_t wall_clock_ns() noexcept
    int64_t monotonic_ns() noexcept


cdef extern from "error.hpp" namespace "fb" nogil:
    cdef enum class DecodeCode(unsigned char):
        ok
        invalid_utf8
        too_long
        bad_fragment
        reserved_bits
        binary_frame
        out_of_memory
        truncated
    const char* decode_code_name(DecodeCode) noexcept

    cdef enum class Outcome(unsigned char):
        declined
        published
        skipped
        control
        message
        rejected
        dropped
        held


cdef extern from "record_fields.hpp" namespace "fb" nogil:
    cdef enum class Kind(unsigned int):
        none
        book_ticker
        trade
        agg_trade
        diff_depth
        partial_depth
    uint32_t kind_count
    size_t max_record_size
    uint32_t FLAG_LEVELS_TRUNCATED

    cdef cppclass RecordHead:
        int64_t sequence
        uint32_t flags
        uint32_t symbol_id
        int64_t event_ns
        int64_t transaction_ns
        int64_t recv_ns

    cdef cppclass DepthRecord(RecordHead):
        int64_t levels_begin
        uint32_t bid_count
        uint32_t ask_count

    cdef cppclass Level:
        double price
        double qty

    cdef cppclass FieldInfo:
        const char* name
        uint32_t offset
        char code

    cdef cppclass KindInfo:
        const char* name
        uint32_t record_size
        const FieldInfo* fields
        uint32_t field_count
        bool has_levels
    const KindInfo& kind_info(Kind) noexcept


cdef extern from "ring.hpp" namespace "fb" nogil:
    uint32_t ring_layout_version
    size_t page_bytes
    size_t max_symbol_bytes

    cdef cppclass RingHeader:
        uint32_t kind
        int64_t capacity
        int64_t level_capacity
        int64_t claim
        int64_t cursor
        int64_t level_claim
        uint32_t symbol_count
        uint32_t symbol_capacity
        uint32_t state
        int64_t last_recv_ns
        int64_t heartbeat_ns
        int64_t epoch
        uint64_t rejected

    cdef cppclass SymbolRow:
        char* name
        uint32_t length
        int64_t last_sequence

    T load_acquire[T](T&) noexcept
    T load_relaxed[T](T&) noexcept
    void store_relaxed[T](T&, T) noexcept
    void store_release[T](T&, T) noexcept

    cdef cppclass RingShape:
        Kind kind
        int64_t capacity
        int64_t level_capacity
        uint32_t symbol_capacity
        size_t total_bytes()

    cdef cppclass RingView:
        RingHeader* header
        SymbolRow* symbols
        unsigned char* records
        Level* levels
        int64_t capacity
        int64_t level_capacity
        size_t record_size
        void attach(void*) noexcept
        int64_t cursor() noexcept
        unsigned char* slot(int64_t) noexcept
        int64_t oldest_intact() noexcept
        int64_t oldest_intact_level() noexcept
        bool read_last(void*) noexcept
        bool read_at(int64_t, void*) noexcept
        int64_t newest_of(uint32_t, int64_t) noexcept
        bool read_levels(const DepthRecord&, Level*) noexcept

    void format_ring(void*, const RingShape&) noexcept


cdef extern from "ring_memory.hpp" namespace "fb" nogil:
    cdef cppclass RingMemory:
        @staticmethod
        void* allocate(size_t) noexcept
        @staticmethod
        void release(void*, size_t) noexcept


cdef extern from "bell.hpp" namespace "fb" nogil:
    cdef cppclass BellPage:
        uint32_t sleeping
        uint32_t listening
        uint32_t bell

    cdef cppclass Awaited:
        RingHeader* header
        int64_t after

    void format_bell(void*) noexcept
    bool is_bell(void*) noexcept
    void ring_all(BellPage&) noexcept
    void ring_if_asleep(BellPage&) noexcept
    bool take_listening(BellPage&) noexcept
    void ask_for_byte(BellPage&) noexcept
    bool has_news(const Awaited*, size_t) noexcept
    bool wait_for_news(BellPage&, const Awaited*, size_t, uint32_t&, uint32_t, int64_t, int64_t) noexcept


cdef extern from "segment.hpp" namespace "fb" nogil:
    uint64_t segment_magic
    uint32_t segment_layout_version
    size_t max_stream_bytes

    cdef cppclass SegmentHeader:
        uint64_t magic
        uint32_t layout_version
        uint32_t ring_version
        uint64_t schema
        uint64_t total_bytes
        uint32_t ring_capacity
        uint64_t rings_offset
        int64_t owner_pid
        int64_t created_ns
        char* name
        char* version
        uint32_t ring_count
        uint32_t ended
        int64_t heartbeat_ns

    cdef cppclass RingEntry:
        uint64_t offset
        uint64_t bytes
        uint32_t stream_length
        uint32_t symbol_length
        char* ws_key
        char* stream
        char* symbol

    uint64_t schema_digest() noexcept
    size_t rings_offset(uint32_t) noexcept
    int reserve_pages(int, uint64_t, uint64_t) noexcept
    void release_pages(int, void*, uint64_t, uint64_t) noexcept
    int make_memory_file(const char*) noexcept
    void format_segment(void*, uint64_t, uint32_t, const char*, const char*, int64_t) noexcept
    bool ring_fits(const void*, uint64_t) noexcept


cdef extern from "merge_memory.hpp" namespace "fb" nogil:
    unsigned int most_lines

    cdef cppclass Hole:
        uint32_t symbol_id
        bool restart
        int64_t first_id
        int64_t last_id
        int64_t from_ns
        int64_t to_ns

    cdef cppclass HoleLog:
        uint64_t count() noexcept
        size_t size() noexcept
        const Hole& at(size_t) noexcept

    # In C++ a MergeStats, whose name is a namedtuple's here.
    cdef cppclass MergeCounts "fb::MergeStats":
        uint64_t duplicates
        uint64_t overlaps
        uint64_t gaps
        uint64_t held
        uint64_t late_joins
        uint64_t restarts
        uint64_t* wins
        uint64_t* copies
        int64_t* lead_ns

    cdef cppclass MergeMemory:
        HoleLog holes
        MergeCounts stats


cdef extern from "book_memory.hpp" namespace "fb" nogil:
    cdef enum class BookState(unsigned int):
        empty
        live
        stale

    cdef enum class BookRule(unsigned int):
        first_id
        previous_id
        whole

    cdef cppclass BookHead:
        uint32_t state
        uint32_t reason
        int64_t update_id
        int64_t event_ns
        int64_t recv_ns
        uint32_t bid_count
        uint32_t ask_count
        int64_t proven_since_ns
        double bid_floor
        double ask_ceiling

    cdef cppclass BookHeader:
        uint32_t rule
        uint32_t places
        uint32_t far_levels
        uint64_t diffs
        uint64_t ignored
        uint64_t gaps
        uint64_t snapshots
        uint64_t regrids
        uint64_t dropped_levels
        int64_t snapshot_id

    cdef cppclass BookShape:
        uint32_t places
        uint32_t far_levels
        bool good() noexcept
        size_t total_bytes() noexcept

    cdef cppclass BookMemory:
        BookHeader* header
        void attach(void*) noexcept

    void format_book(void*, BookShape, BookRule) noexcept
    bool book_fits(const void*, size_t) noexcept


cdef extern from "book.hpp" namespace "fb" nogil:
    cdef enum class LoadResult(int):
        proven
        ahead

    cdef cppclass BookWriter:
        void open(void*) noexcept
        void take_over() noexcept
        bool wants_snapshot() noexcept
        void suspend() noexcept
        LoadResult load(int64_t, const Level*, size_t, const Level*, size_t, size_t, bool, const RingView&, int64_t) noexcept


cdef extern from "book_read.hpp" namespace "fb" nogil:
    cdef cppclass BookTop:
        uint32_t source
        uint32_t state
        int64_t update_id
        int64_t event_ns
        int64_t recv_ns
        Level bid
        Level ask

    cdef cppclass Depth:
        double qty
        uint32_t levels
        bool exhausted
        double average_price() noexcept

    cdef cppclass BookReader:
        BookMemory memory
        const RingView* quotes
        bool head(BookHead&) noexcept
        bool top(BookTop&) noexcept
        bool read_levels(Level*, uint32_t&, Level*, uint32_t&, BookHead&) noexcept
        bool read_to_price(bool, double, Depth&, BookHead&) noexcept
        bool read_to_qty(bool, double, Depth&, BookHead&) noexcept
        bool read_to_level(uint32_t, Depth&, Depth&, BookHead&) noexcept
        bool read_qty_at(bool, double, double&, BookHead&) noexcept
        bool read_known(uint32_t&, uint32_t&) noexcept


cdef extern from "writer.hpp" namespace "fb" nogil:
    cdef cppclass RingWriter:
        RingView view
        MergeMemory merge
        BookWriter* book
        bool open(void*, bool, bool) noexcept
        void take_over() noexcept
        bool many_symbols() noexcept
        int64_t find_symbol(string_view) noexcept
        DecodeCode add_symbol(string_view, uint32_t&) noexcept


cdef extern from "merge.hpp" namespace "fb" nogil:
    cdef cppclass Merge:
        Merge(RingWriter&) noexcept
        bool set_lines(uint8_t) noexcept
        bool take_hold_news() noexcept
        int64_t release_held(int64_t) noexcept


cdef extern from "route.hpp" namespace "fb" nogil:
    size_t max_name_bytes

    cdef cppclass RouteDetails:
        uint64_t fallback
        uint64_t skipped
        uint64_t rejected
        bool raw

    cdef cppclass Route:
        Kind kind
        RingWriter* ring
        unique_ptr[RouteDetails] details
        uint64_t fast
        string_view name_text()
        uint64_t messages() noexcept

    cdef cppclass RouteTable:
        void set_line(uint8_t) noexcept
        void reopen() noexcept
        uint64_t duplicates() noexcept
        Route* add(string_view, Kind, RingWriter*, string_view) except +
        bool remove(string_view) except +
        Route* find(string_view) noexcept
        bool set_raw(string_view, bool) noexcept
        size_t size() noexcept


cdef extern from "histogram.hpp" namespace "fb" nogil:
    const size_t histogram_buckets
    int64_t histogram_bound(size_t) noexcept

    cdef cppclass Histogram:
        uint64_t buckets[1]  # of histogram_buckets; see sizeof
        uint64_t negative
        double sum
        int64_t least
        int64_t most
        void record(int64_t) noexcept
        uint64_t count() noexcept
        int64_t value_of_rank(uint64_t) noexcept
        void merge(const Histogram&) noexcept

    void record_lag(Histogram&, const Route&, int64_t) noexcept


cdef extern from "lookahead.hpp" namespace "fb" nogil:
    cdef cppclass Lookahead:
        @staticmethod
        bool worthwhile(const RouteTable&) noexcept
        void step(const RouteTable&, const char*, size_t) noexcept


cdef extern from "drift.hpp" namespace "fb" nogil:
    cdef enum class DriftWhat(unsigned char):
        key
        value

    cdef cppclass DriftPath "fb::ShortText<32>":
        string_view view() noexcept

    cdef cppclass DriftSample "fb::ShortText<48>":
        string_view view() noexcept

    cdef cppclass DriftStream "fb::ShortText<126>":
        string_view view() noexcept

    cdef cppclass Drift:
        DriftWhat what
        Kind kind
        uint64_t count
        int64_t first_ns
        int64_t last_ns
        DriftPath path
        DriftSample sample
        DriftStream stream

    cdef cppclass DriftTable:
        size_t size() noexcept
        const Drift& at(size_t) noexcept
        uint64_t overflow() noexcept


cdef extern from "fallback.hpp" namespace "fb" nogil:
    size_t max_message_bytes
    size_t payload_padding

    cdef cppclass FallbackResult:
        Outcome outcome
        DecodeCode code
        uint32_t records
        uint32_t new_drifts
        size_t offset
        Route* route
        Kind kind
        string_view stream
        string_view symbol

    cdef cppclass Fallback:
        FallbackResult run(const RouteTable&, const char*, size_t, int64_t, Route*) noexcept
        const char* implementation() noexcept
        const DriftTable& drifts() noexcept


cdef extern from "fast.hpp" namespace "fb" nogil:
    cdef cppclass FastResult:
        Outcome outcome() noexcept
        uint32_t records() noexcept
        Route* route

    cdef cppclass FastPath:
        FastPath()
        FastPath(bool)
        const char* name() noexcept
        FastResult combined(const RouteTable&, const char*, size_t, int64_t) noexcept
        Outcome raw(Route&, const char*, size_t, int64_t) noexcept


cdef extern from "assemble.hpp" namespace "fb" nogil:
    cdef enum class FrameType(unsigned char):
        text
        binary
        continuation

    cdef enum class AssemblerStep "fb::Assembler::Step"(unsigned char):
        partial
        complete
        rejected

    cdef cppclass Assembler:
        AssemblerStep take(FrameType, bool, const char*, size_t) noexcept
        string_view message() noexcept
        bool is_binary() noexcept
        DecodeCode code() noexcept
        bool unfinished() noexcept
        void finish() noexcept


cdef extern from "sbe.hpp" namespace "fb" nogil:
    cdef cppclass SbeDecoder:
        SbeDecoder() except +
        void rebuild(const RouteTable&) except +
        FallbackResult run(const char*, size_t, int64_t) noexcept
