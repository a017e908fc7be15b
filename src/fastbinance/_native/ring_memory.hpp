// Memory for rings that only this process reads: carved out of 2 MiB blocks, so that the kernel may back them with huge
// pages. A thousand rings then need a hundred translations instead of three thousand, which the processor does not have.
//
// Small rings are kept for the next one of the same size until the process ends; those of 2 MiB and more have a mapping of
// their own, which goes with them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <map>
#include <mutex>
#include <new>
#include <vector>

#include <sys/mman.h>

namespace fb {

class RingMemory {
public:
  // Zeroed and touched, aligned to a cache line at least. nullptr when there is no memory.
  static void *allocate(std::size_t bytes) noexcept {
    if (bytes >= block_bytes) {
      void *own = map_aligned(whole_blocks(bytes));
      if (own != nullptr)
        std::memset(own, 0, bytes); // zero already; touched by this
      return own;
    }
    try {
      const std::lock_guard lock(mutex());
      std::vector<void *> &spare = pool().spare[bytes];
      void *memory;
      if (!spare.empty()) {
        memory = spare.back();
        spare.pop_back();
      } else {
        memory = carve(bytes);
      }
      if (memory != nullptr)
        std::memset(memory, 0, bytes);
      return memory;
    } catch (const std::bad_alloc &) {
      return nullptr;
    }
  }

  static void release(void *memory, std::size_t bytes) noexcept {
    if (bytes >= block_bytes) {
      munmap(memory, whole_blocks(bytes));
      return;
    }
    try {
      const std::lock_guard lock(mutex());
      pool().spare[bytes].push_back(memory);
    } catch (const std::bad_alloc &) {
      // Nowhere to note it: the memory is only not used again.
    }
  }

private:
  static constexpr std::size_t block_bytes = 2u << 20;
  static constexpr std::size_t line_bytes = 64;

  struct Pool {
    std::map<std::size_t, std::vector<void *>> spare; // by size
    std::byte *free = nullptr;                        // what is left of the newest block
    std::size_t free_bytes = 0;
    std::size_t carved = 0;
  };

  static std::size_t whole_blocks(std::size_t bytes) noexcept {
    return (bytes + block_bytes - 1) / block_bytes * block_bytes;
  }

  static std::mutex &mutex() noexcept {
    static std::mutex instance;
    return instance;
  }
  // Never destroyed: rings may outlive static objects when the interpreter ends.
  static Pool &pool() {
    static Pool *instance = new Pool;
    return *instance;
  }

  static void *carve(std::size_t bytes) {
    Pool &p = pool();
    // Rings have the same shape, and would put the same words of each into the same few sets of the cache. Each begins at
    // another line of its page.
    const std::size_t shift = line_bytes * (p.carved++ * 11 % 61);
    const std::size_t wanted = bytes + shift;
    if (wanted > p.free_bytes) {
      const std::size_t blocks = whole_blocks(wanted);
      auto *fresh = static_cast<std::byte *>(map_aligned(blocks));
      if (fresh == nullptr)
        return nullptr;
      p.free = fresh;
      p.free_bytes = blocks;
    }
    std::byte *memory = p.free + shift;
    const std::size_t used = (wanted + 4095) / 4096 * 4096;
    p.free += used < p.free_bytes ? used : p.free_bytes;
    p.free_bytes -= used < p.free_bytes ? used : p.free_bytes;
    return memory;
  }

  // Anonymous memory that begins at a huge page.
  static void *map_aligned(std::size_t bytes) noexcept {
    const std::size_t mapped = bytes + block_bytes;
    void *raw = mmap(nullptr, mapped, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (raw == MAP_FAILED)
      return nullptr;
    auto *begin = static_cast<std::byte *>(raw);
    const auto address = reinterpret_cast<std::uintptr_t>(begin);
    const std::size_t skip = (block_bytes - address % block_bytes) % block_bytes;
    if (skip != 0)
      munmap(begin, skip);
    if (block_bytes - skip != 0)
      munmap(begin + skip + bytes, block_bytes - skip);
#if defined(MADV_HUGEPAGE)
    madvise(begin + skip, bytes, MADV_HUGEPAGE); // a wish: without huge pages everything works, a little slower
#endif
    return begin + skip;
  }
};

} // namespace fb
