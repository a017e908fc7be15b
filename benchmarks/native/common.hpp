// What the native benchmark programs share: frames and rings from files, CPU time, and the sums that prove equal work.
//
// A frames file holds one payload a line; a routes file holds `stream name, kind, symbol` a line, tab-separated.
#pragma once

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

namespace bench {

[[noreturn]] inline void fail(const std::string &sentence) {
  std::cerr << sentence << '\n';
  std::exit(1);
}

inline std::int64_t thread_cpu_ns() { return fb::clock_ns(CLOCK_THREAD_CPUTIME_ID); }

// A ring in private memory, all of it touched, as the package makes them.
class OwnedRing {
public:
  OwnedRing(fb::Kind kind, std::string_view symbol, std::int64_t capacity, std::int64_t levels) {
    const fb::RingShape shape{kind, capacity, fb::kind_info(kind).has_levels ? levels : 0, 1};
    memory_.reset(std::aligned_alloc(fb::page_bytes, shape.total_bytes()));
    if (!memory_)
      fail("no memory for a ring");
    std::memset(memory_.get(), 0, shape.total_bytes());
    fb::format_ring(memory_.get(), shape);
    std::uint32_t row = 0;
    if (!writer.open(memory_.get(), symbol.empty()) || writer.add_symbol(symbol, row) != fb::DecodeCode::ok)
      fail("a ring refused its symbol");
  }

  fb::RingWriter writer;

private:
  struct Free {
    void operator()(void *memory) const { std::free(memory); }
  };
  std::unique_ptr<void, Free> memory_;
};

struct Routes {
  fb::RouteTable table;
  std::vector<std::unique_ptr<OwnedRing>> rings;
  std::string first_name;

  Routes(const char *path, std::int64_t capacity, std::int64_t levels) {
    std::ifstream file(path);
    for (std::string line; std::getline(file, line);) {
      const std::size_t first = line.find('\t'), second = line.find('\t', first + 1);
      if (second == std::string::npos)
        fail(std::string("not a line of a routes file: ") + line);
      const auto kind = static_cast<fb::Kind>(std::stoi(line.substr(first + 1, second - first - 1)));
      const std::string symbol = line.substr(second + 1);
      if (rings.empty())
        first_name = line.substr(0, first);
      rings.push_back(std::make_unique<OwnedRing>(kind, symbol, capacity, levels));
      table.add(line.substr(0, first), kind, &rings.back()->writer, symbol);
    }
    if (rings.empty())
      fail(std::string("no routes in ") + path);
  }

  std::int64_t published() const {
    std::int64_t count = 0;
    for (const auto &ring : rings)
      count += ring->writer.view.cursor() + 1;
    return count;
  }
};

// Payloads as they lie in a read buffer: one behind the other with a frame header between, readable bytes behind the last.
class Frames {
public:
  explicit Frames(const char *path) {
    std::ifstream file(path);
    std::vector<std::pair<std::size_t, std::size_t>> places;
    for (std::string line; std::getline(file, line);) {
      buffer_.append(4, '\x81');
      places.emplace_back(buffer_.size(), line.size());
      buffer_ += line;
    }
    if (places.empty())
      fail(std::string("no frames in ") + path);
    buffer_.append(256, '\0');
    for (const auto &[begin, size] : places)
      payloads.emplace_back(buffer_.data() + begin, size);
  }

  std::vector<std::string_view> payloads;

private:
  std::string buffer_;
};

} // namespace bench
