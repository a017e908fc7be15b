// Memory that several processes map: a header, a directory of the rings in it, and the rings. It describes itself, by
// offsets; who maps it needs nothing else to read it.
//
//   [SegmentHeader, one page][RingEntry x ring_capacity][rings, each at whole pages]
//
// It is a file without a name that is as long as an address range can be spared, and empty: a ring's pages are reserved
// before anything is written to them, so that a full store is an error and not a crash.
#pragma once

#include <cerrno>
#include <cstdint>
#include <cstring>

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ring.hpp"
#include "schema.hpp"

namespace fb {

constexpr std::uint64_t segment_magic = 0x314d474553424621; // "!FBSEGM1" in memory order
constexpr std::uint32_t segment_layout_version = 1;
constexpr std::size_t max_stream_bytes = 126; // those of a route, see route.hpp

struct SegmentHeader {
  // Constant after creation.
  std::uint64_t magic;
  std::uint32_t layout_version;
  std::uint32_t ring_version;   // ring_layout_version of who made it
  std::uint64_t schema;         // schema_digest() of who made it
  std::uint64_t total_bytes;
  std::uint32_t ring_capacity;  // rows of the directory
  std::uint32_t reserved;
  std::uint64_t rings_offset;
  std::int64_t owner_pid;
  std::int64_t created_ns;
  char name[64];     // who made it, zero padded
  char version[32];  // of the package, zero padded
  // The owner's words.
  alignas(64) std::uint32_t ring_count; // rows in use or used before
  std::uint32_t ended;                  // the owner has ended it: nothing comes any more
  std::int64_t heartbeat_ns;            // wall clock of its last sign of life
};
static_assert(sizeof(SegmentHeader) <= page_bytes);

struct RingEntry {
  std::uint64_t offset; // bytes from the segment's begin; 0 is a row that is free. Stored last.
  std::uint64_t bytes;
  std::uint32_t stream_length;
  std::uint32_t symbol_length; // 0: many symbols
  char ws_key[40];             // zero padded
  char stream[128];
  char symbol[max_symbol_bytes];
  char padding[16];
};
static_assert(sizeof(RingEntry) == 256);

// What both sides must agree on besides the layout's version: the fields of each kind of record.
inline std::uint64_t schema_digest() noexcept {
  std::uint64_t hash = 0xcbf29ce484222325; // FNV-1a
  const auto add = [&hash](const void *data, std::size_t size) {
    const auto *at = static_cast<const unsigned char *>(data);
    for (std::size_t i = 0; i < size; ++i)
      hash = (hash ^ at[i]) * 0x100000001b3;
  };
  for (std::uint32_t kind = 1; kind < kind_count; ++kind) {
    const KindInfo &info = kind_info(static_cast<Kind>(kind));
    add(info.name, std::strlen(info.name));
    add(&info.record_size, sizeof info.record_size);
    for (std::uint32_t i = 0; i < info.field_count; ++i) {
      add(info.fields[i].name, std::strlen(info.fields[i].name));
      add(&info.fields[i].offset, sizeof info.fields[i].offset);
      add(&info.fields[i].code, 1);
    }
  }
  return hash;
}

inline std::size_t rings_offset(std::uint32_t ring_capacity) noexcept {
  return RingShape::round_up(page_bytes + sizeof(RingEntry) * ring_capacity);
}

// Keep so many pages of the file for us. 0 or the error's number.
inline int reserve_pages(int descriptor, std::uint64_t offset, std::uint64_t bytes) noexcept {
#if defined(__linux__)
  int failed;
  do
    failed = posix_fallocate(descriptor, static_cast<off_t>(offset), static_cast<off_t>(bytes));
  while (failed == EINTR);
  return failed;
#else
  (void)descriptor, (void)offset, (void)bytes; // not to be had there: memory is taken when it is touched
  return 0;
#endif
}

// Give them back; what is read there afterwards is zero.
inline void release_pages(int descriptor, void *memory, std::uint64_t offset, std::uint64_t bytes) noexcept {
#if defined(__linux__)
  if (fallocate(descriptor, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, static_cast<off_t>(offset), static_cast<off_t>(bytes)) == 0)
    return; // not so where nobody may write to the file but by mappings there are
#else
  (void)descriptor;
#endif
  std::memset(static_cast<std::byte *>(memory) + offset, 0, bytes);
}

// A file in memory that has no name any more, -1 and errno where there is none to be had.
inline int make_memory_file(const char *name) noexcept {
#if defined(__linux__)
  return memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING);
#else
  char path[32];
  for (unsigned attempt = 0; attempt < 100; ++attempt) {
    std::snprintf(path, sizeof path, "/fb-%ld-%u", static_cast<long>(getpid()), attempt);
    const int descriptor = shm_open(path, O_RDWR | O_CREAT | O_EXCL, 0600);
    if (descriptor < 0 && errno == EEXIST)
      continue;
    if (descriptor >= 0) {
      shm_unlink(path);
      fcntl(descriptor, F_SETFD, FD_CLOEXEC);
    }
    (void)name;
    return descriptor;
  }
  return -1;
#endif
}

inline void format_segment(void *memory, std::uint64_t bytes, std::uint32_t ring_capacity, const char *name, const char *version,
                           std::int64_t now_ns) noexcept {
  auto *header = static_cast<SegmentHeader *>(memory);
  header->layout_version = segment_layout_version;
  header->ring_version = ring_layout_version;
  header->schema = schema_digest();
  header->total_bytes = bytes;
  header->ring_capacity = ring_capacity;
  header->rings_offset = rings_offset(ring_capacity);
  header->owner_pid = getpid();
  header->created_ns = now_ns;
  header->heartbeat_ns = now_ns;
  std::strncpy(header->name, name, sizeof header->name - 1);
  std::strncpy(header->version, version, sizeof header->version - 1);
  store_release(header->magic, segment_magic);
}

// Whether a ring's header leads nowhere outside of its room: it is another process that has written it.
inline bool ring_fits(const void *memory, std::uint64_t bytes) noexcept {
  if (bytes < page_bytes)
    return false;
  const auto *header = static_cast<const RingHeader *>(memory);
  if (header->magic != ring_magic || header->layout_version != ring_layout_version)
    return false;
  if (header->kind == 0 || header->kind >= kind_count)
    return false;
  const auto power_of_two = [](std::int64_t size) { return size > 0 && (size & (size - 1)) == 0; };
  if (!power_of_two(header->capacity) || header->capacity > (std::int64_t{1} << 24) ||
      (header->level_capacity != 0 && (!power_of_two(header->level_capacity) || header->level_capacity > (std::int64_t{1} << 26))) ||
      header->symbol_capacity == 0 || header->symbol_capacity > (1u << 20))
    return false;
  const RingShape shape{static_cast<Kind>(header->kind), header->capacity, header->level_capacity, header->symbol_capacity};
  return header->record_size == kind_info(shape.kind).record_size && header->symbols_offset == page_bytes &&
         header->records_offset == shape.records_offset() && header->levels_offset == shape.levels_offset() &&
         shape.total_bytes() == header->total_bytes && header->total_bytes <= bytes;
}

} // namespace fb
