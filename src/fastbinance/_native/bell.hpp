// The bell of a feed whose readers are in other processes: one page that both sides may write, apart from the rings, which
// readers cannot.
//
// A sleeper takes the bell's number, says that somebody sleeps, looks at its rings once more, and sleeps until the number
// is another one. The feed publishes, and looks whether somebody sleeps: only then it takes the word back, changes the
// number and wakes everybody. One of the two always sees the other, because each stores before it loads, with a full fence
// in between:
//
//   sleeper: number = bell; sleeping = 1; fence; load cursors; sleep while bell == number
//   feed:    store cursors; fence; load sleeping; if 1: sleeping = 0; bell += 1; wake
//
// The word is no count, so that a sleeper that is killed costs one wake-up in vain and nothing more. Whoever writes nonsense
// here causes wake-ups in vain, or has others sleep until their time slice is over; no ring is touched by it.
#pragma once

#include <atomic>
#include <cerrno>
#include <climits>
#include <cstdint>
#include <ctime>

#if defined(__linux__)
#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>
#elif defined(__APPLE__)
extern "C" int __ulock_wait(uint32_t operation, void *address, uint64_t value, uint32_t timeout_us);
extern "C" int __ulock_wake(uint32_t operation, void *address, uint64_t wake_value);
#endif

#include "clock.hpp"
#include "ring.hpp"

namespace fb {

constexpr std::uint64_t bell_magic = 0x314c4c4542424621; // "!FBBELL1" in memory order
constexpr std::uint32_t bell_layout_version = 1;

struct BellPage {
  std::uint64_t magic;
  std::uint32_t layout_version;
  std::uint32_t reserved;
  alignas(64) std::uint32_t sleeping; // somebody sleeps, or did when the word was stored
  std::uint32_t listening;            // an event loop waits for a byte on its pipe, likewise
  alignas(64) std::uint32_t bell;     // changed with each ring
};
static_assert(sizeof(BellPage) == 192);

inline void format_bell(void *memory) noexcept {
  auto *page = static_cast<BellPage *>(memory);
  page->layout_version = bell_layout_version;
  store_release(page->magic, bell_magic);
}

inline bool is_bell(void *memory) noexcept {
  auto *page = static_cast<BellPage *>(memory);
  return load_acquire(page->magic) == bell_magic && page->layout_version == bell_layout_version;
}

// Sleep until the word is another than `seen`, somebody wakes us, a signal comes, or the time is over: at most `ns`. Tells
// whether it was a signal.
inline bool sleep_on(std::uint32_t &word, std::uint32_t seen, std::int64_t ns) noexcept {
#if defined(__linux__)
  const timespec slice = {static_cast<std::time_t>(ns / 1'000'000'000), static_cast<long>(ns % 1'000'000'000)};
  return syscall(SYS_futex, &word, FUTEX_WAIT, seen, &slice, nullptr, 0) != 0 && errno == EINTR;
#elif defined(__APPLE__)
  constexpr std::uint32_t compare_and_wait_shared = 3;
  const auto us = static_cast<std::uint32_t>(ns / 1000 > 0 ? ns / 1000 : 1);
  return __ulock_wait(compare_and_wait_shared, &word, seen, us) < 0 && errno == EINTR;
#endif
}

inline void wake_all_on(std::uint32_t &word) noexcept {
#if defined(__linux__)
  syscall(SYS_futex, &word, FUTEX_WAKE, INT_MAX, nullptr, nullptr, 0);
#elif defined(__APPLE__)
  constexpr std::uint32_t compare_and_wait_shared = 3, wake_all = 0x100;
  __ulock_wake(compare_and_wait_shared | wake_all, &word, 0);
#endif
}

// Wake everybody, whatever there is to read.
inline void ring_all(BellPage &page) noexcept {
  std::atomic_ref(page.sleeping).store(0, std::memory_order_seq_cst);
  std::atomic_ref(page.bell).fetch_add(1, std::memory_order_seq_cst);
  wake_all_on(page.bell);
}

// Called by the feed after a socket read that has published something.
inline void ring_if_asleep(BellPage &page) noexcept {
  std::atomic_thread_fence(std::memory_order_seq_cst);
  if (std::atomic_ref(page.sleeping).load(std::memory_order_relaxed) != 0)
    ring_all(page);
}

// Whether an event loop has asked for a byte since the last time. Called by the feed, after the fence of ring_if_asleep.
inline bool take_listening(BellPage &page) noexcept {
  auto word = std::atomic_ref(page.listening);
  return word.load(std::memory_order_relaxed) != 0 && word.exchange(0, std::memory_order_seq_cst) != 0;
}

// Ask for that byte. Look at the rings afterwards.
inline void ask_for_byte(BellPage &page) noexcept {
  std::atomic_ref(page.listening).store(1, std::memory_order_seq_cst);
  std::atomic_thread_fence(std::memory_order_seq_cst);
}

// Where somebody waits: the newest record that is no news of each ring.
struct Awaited {
  RingHeader *header;
  std::int64_t after;
};

inline bool has_news(const Awaited *rings, std::size_t count) noexcept {
  for (std::size_t i = 0; i < count; ++i)
    if (load_acquire(rings[i].header->cursor) > rings[i].after)
      return true;
  return false;
}

// Sleep until one of the rings has news, `woken` is another than `seen_woken` (something else happened, told within this
// process), a signal has come, or `ns` are over. True: there is something to see. Whom the bell wakes for other rings'
// news sleeps on. Holds no lock of Python's.
inline bool wait_for_news(BellPage &page, const Awaited *rings, std::size_t count, std::uint32_t &woken, std::uint32_t seen_woken,
                          std::int64_t spin_ns, std::int64_t ns) noexcept {
  const std::int64_t begun = monotonic_ns();
  const auto is_over = [&] { return has_news(rings, count) || load_acquire(woken) != seen_woken; };
  while (spin_ns > 0 && monotonic_ns() - begun < spin_ns) {
    for (int turn = 0; turn < 32; ++turn) {
      if (is_over())
        return true;
#if defined(__x86_64__)
      __builtin_ia32_pause();
#endif
    }
  }
  for (;;) {
    const std::uint32_t number = load_acquire(page.bell);
    std::atomic_ref(page.sleeping).store(1, std::memory_order_seq_cst);
    std::atomic_thread_fence(std::memory_order_seq_cst);
    if (is_over())
      return true;
    const std::int64_t left = ns - (monotonic_ns() - begun);
    if (left <= 0)
      return false;
    if (sleep_on(page.bell, number, left))
      return is_over();
  }
}

} // namespace fb
