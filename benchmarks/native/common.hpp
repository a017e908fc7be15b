// What the native benchmark programs share: frames and rings from files, CPU time, and the sums that prove equal work.
//
// A frames file holds one payload a line; a routes file holds `stream name, kind, symbol` a line, tab-separated.
#pragma once

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <fstream>
#include <iostream>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "clock.hpp"
#include "fast.hpp"
#include "ring_memory.hpp"

namespace bench {

[[noreturn]] inline void fail(const std::string &sentence) {
  std::cerr << sentence << '\n';
  std::exit(1);
}

inline std::int64_t thread_cpu_ns() { return fb::clock_ns(CLOCK_THREAD_CPUTIME_ID); }

// A ring in memory of the kind that the package gives to its own.
class OwnedRing {
public:
  OwnedRing(fb::Kind kind, std::string_view symbol, std::int64_t capacity, std::int64_t levels) {
    const bool many = symbol.empty();
    const fb::RingShape shape{kind, capacity, fb::kind_info(kind).has_levels ? levels : 0, many ? 4'096u : 1u};
    void *memory = fb::RingMemory::allocate(shape.total_bytes());
    if (memory == nullptr)
      fail("no memory for a ring");
    fb::format_ring(memory, shape);
    std::uint32_t row = 0;
    if (!writer.open(memory, many) || (!many && writer.add_symbol(symbol, row) != fb::DecodeCode::ok))
      fail("a ring refused its symbol");
  }

  fb::RingWriter writer;
};

struct Routes {
  fb::RouteTable table;
  std::vector<std::unique_ptr<OwnedRing>> rings;
  std::string first_name;
  bool many_symbols = false; // one of the rings is

  Routes(const char *path, std::int64_t capacity, std::int64_t levels) {
    std::ifstream file(path);
    for (std::string line; std::getline(file, line);) {
      const std::size_t first = line.find('\t'), second = line.find('\t', first + 1);
      if (second == std::string::npos)
        fail(std::string("not a line of a routes file: ") + line);
      const auto kind = static_cast<fb::Kind>(std::stoi(line.substr(first + 1, second - first - 1)));
      const std::string symbol = line.substr(second + 1);
      many_symbols = many_symbols || symbol.empty();
      if (rings.empty())
        first_name = line.substr(0, first);
      rings.push_back(std::make_unique<OwnedRing>(kind, symbol, capacity, levels));
      table.add(line.substr(0, first), kind, &rings.back()->writer, symbol);
    }
    if (rings.empty())
      fail(std::string("no routes in ") + path);
  }

  // The payloads begin again: without this, rings would drop them, and dropping is not what is measured. Each of them still
  // passes the admission, which is.
  void begin_again() const {
    for (const auto &ring : rings)
      ring->writer.forget_order();
  }

  std::int64_t published() const {
    std::int64_t count = 0;
    for (const auto &ring : rings)
      count += ring->writer.view.cursor() + 1;
    return count;
  }
};

// Frames as they lie in a read buffer: one behind the other, readable bytes behind the last.
class Frames {
public:
  explicit Frames(const char *path) {
    std::ifstream file(path);
    std::vector<std::pair<std::size_t, std::size_t>> places;
    for (std::string line; std::getline(file, line);) {
      buffer_ += '\x81';
      if (line.size() < 126) {
        buffer_ += static_cast<char>(line.size());
      } else if (line.size() < 65536) {
        buffer_ += '\x7e';
        buffer_ += static_cast<char>(line.size() >> 8);
        buffer_ += static_cast<char>(line.size() & 255);
      } else {
        buffer_ += '\x7f';
        for (int shift = 56; shift >= 0; shift -= 8)
          buffer_ += static_cast<char>(line.size() >> shift & 255);
      }
      places.emplace_back(buffer_.size(), line.size());
      buffer_ += line;
    }
    if (places.empty())
      fail(std::string("no frames in ") + path);
    const std::size_t size = buffer_.size();
    buffer_.append(256, '\0');
    end = buffer_.data() + size;
    for (const auto &[begin, size] : places)
      payloads.emplace_back(buffer_.data() + begin, size);
  }

  std::vector<std::string_view> payloads;
  const char *end = nullptr; // of the last frame

private:
  std::string buffer_;
};

} // namespace bench
