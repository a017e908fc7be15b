// Mutations that keep a payload close to JSON of Binance, beside libFuzzer's own of bytes. Without them nearly every
// input dies at its first byte.
#pragma once

#include <algorithm>
#include <cctype>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "world.hpp"

extern "C" std::size_t LLVMFuzzerMutate(std::uint8_t *data, std::size_t size, std::size_t room);

namespace fuzz {

inline constexpr std::string_view odd_numbers[] = {
    "0", "1", "-1", "00", "01", "0.0", "-0", "-0.0", "1.", ".5", "1e5", "1E-7", "1e400", "-1e-400", "1e", "+1", "nan",
    "0.00000001", "299999997.00000000", "9007199254740993", "9574408932046.716317", "99999999999.99999999",
    "123456789012345", "1234567890123456", "12345678901234567", "123456789.0123456", "1234567890.123456789",
    "999999999999999999", "9223372036854775807", "9223372036854775808", "-9223372036854775808", "18446744073709551615",
    "1844674407370955161.6", "0000000000000000000000001", "1.000000000000", "0.1234567890123456789", "5e-324",
    "1.7976931348623157e308", "1760000000000", "1760000000000000", "9223372036854", "9223372036855", "99999999999999",
    "100000000000000", "9223372036854775", "9223372036854776", "1_0", "1 ", "1,5", "",
};
inline constexpr std::string_view keys[] = {
    "e", "E", "T", "s", "S", "ps", "st", "u", "U", "pu", "b", "B", "a", "A", "t", "p", "P", "q", "Q", "X", "m", "M",
    "f", "l", "L", "nq", "lastUpdateId", "bids", "asks", "k", "o", "c", "h", "v", "V", "n", "x", "i", "w", "O", "C",
    "F", "r", "ap", "ct", "ca", "ot", "z", "mp", "bo", "ao", "bq", "aq", "hl", "ll", "vo", "rf", "d", "g", "G",
    "stream", "data", "zz", "",
};
inline constexpr std::string_view texts[] = {
    "bookTicker", "trade", "aggTrade", "depthUpdate", "blockTrade", "kline", "continuous_kline", "indexPrice_kline",
    "markPrice_kline", "24hrTicker", "1hTicker", "4hTicker", "1dTicker", "24hrMiniTicker", "avgPrice",
    "referencePrice", "markPriceUpdate", "markPrice", "indexPriceUpdate", "indexPrice", "forceOrder", "openInterest",
    "assetIndexUpdate", "MARKET", "RPI", "NA", "ADL", "BUY", "SELL", "LIMIT", "IOC", "FILLED", "PERPETUAL", "1m", "5m",
    "9999w", "BTCUSDT", "ETHUSDT", "ETHUSD_PERP", "\\u0041", "\xe7\x89\x9b", "a\\", "",
};
inline constexpr std::string_view values[] = {
    "null", "true", "false", "0", "1", "2", "3", "-1", "1e3", "tru", "{}", "[]", "[[]]", "[[\"1\",\"2\"]]", "\"\"",
    "\"1\"", "{\"a\":[1,{\"b\":null}]}", "[1,\"x\"]", "\"\\ud83d\"", "\"\\q\"", "01",
    "[[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]",
};

class Mutator {
public:
  Mutator(std::string_view payload, unsigned seed) : random_(seed), text_(payload) {}

  std::string mutated() {
    for (std::size_t left = 1 + below(3); left != 0; --left)
      step();
    return std::move(text_);
  }

private:
  struct Span {
    std::size_t begin, end;
    std::size_t size() const noexcept { return end - begin; }
  };
  struct Member {
    Span key, value, whole; // the key with its quotes
  };

  std::size_t below(std::size_t bound) { return static_cast<std::size_t>(random_()) % bound; }
  template <class T, std::size_t N> const T &any(const T (&list)[N]) { return list[below(N)]; }
  template <class T> const T &any(const std::vector<T> &list) { return list[below(list.size())]; }
  std::string_view at(Span span) const { return std::string_view(text_).substr(span.begin, span.size()); }
  void replace(Span span, std::string_view by) { text_.replace(span.begin, span.size(), by); }

  // Through the closing quote; the end of the text when there is none.
  FUZZ_PLAIN std::size_t behind_string(std::size_t from) const {
    for (std::size_t i = from + 1; i < text_.size(); ++i) {
      if (text_[i] == '\\')
        ++i;
      else if (text_[i] == '"')
        return i + 1;
    }
    return text_.size();
  }
  // Behind a value that begins here, whatever it is.
  FUZZ_PLAIN std::size_t behind_value(std::size_t from) const {
    std::size_t depth = 0;
    for (std::size_t i = from; i < text_.size(); ++i) {
      switch (text_[i]) {
      case '"':
        i = behind_string(i) - 1;
        break;
      case '{':
      case '[':
        ++depth;
        break;
      case '}':
      case ']':
        if (depth == 0)
          return i;
        --depth;
        break;
      case ',':
        if (depth == 0)
          return i;
        break;
      default:
        break;
      }
    }
    return text_.size();
  }

  FUZZ_PLAIN void look() {
    strings_.clear();
    numbers_.clear();
    members_.clear();
    objects_.clear();
    for (std::size_t i = 0; i < text_.size(); ++i) {
      if (text_[i] == '"') {
        const std::size_t end = behind_string(i);
        strings_.push_back({i, end});
        if (end < text_.size() && text_[end] == ':') {
          const std::size_t value_end = behind_value(end + 1);
          members_.push_back({{i, end}, {end + 1, value_end}, {i, value_end}});
        }
        i = end - 1;
      } else if (text_[i] == '{') {
        objects_.push_back({i, std::min(behind_value(i), text_.size())});
      } else if (std::isdigit(static_cast<unsigned char>(text_[i])) != 0) {
        std::size_t end = i;
        while (end < text_.size() && (std::isalnum(static_cast<unsigned char>(text_[end])) != 0 || text_[end] == '.'))
          ++end;
        numbers_.push_back({i, end});
        i = end - 1;
      }
    }
  }

  static std::string quoted(std::string_view text) {
    std::string whole = "\"";
    whole += text;
    return whole += '"';
  }

  // A number that is nearly like the one given: digits changed, added or taken away.
  std::string like(std::string_view number) {
    std::string other(number);
    for (std::size_t i = 1 + below(3); i != 0 && !other.empty(); --i) {
      const std::size_t place = below(other.size());
      switch (below(4)) {
      case 0: other[place] = static_cast<char>('0' + below(10)); break;
      case 1: other.insert(place, 1 + below(6), static_cast<char>('0' + below(10))); break;
      case 2: other.erase(place, 1); break;
      default: other.insert(place, 1, "-.eE+0"[below(6)]); break;
      }
    }
    return other;
  }

  FUZZ_PLAIN void step() {
    look();
    switch (below(16)) {
    case 0: // a text for another: numbers in quotes too
      if (!strings_.empty()) {
        const Span span = any(strings_);
        const bool number = span.size() > 2 && std::isdigit(static_cast<unsigned char>(text_[span.begin + 1])) != 0;
        if (number)
          replace(span, quoted(below(2) ? std::string(any(odd_numbers)) : like(at({span.begin + 1, span.end - 1}))));
        else
          replace(span, below(4) ? quoted(any(texts)) : std::string(at(any(strings_))));
      }
      break;
    case 1:
      if (!numbers_.empty()) {
        const Span span = any(numbers_);
        replace(span, below(2) ? std::string(any(odd_numbers)) : like(at(span)));
      }
      break;
    case 2: // two members change places
      if (members_.size() >= 2) {
        Span one = any(members_).whole, other = any(members_).whole;
        if (one.begin > other.begin)
          std::swap(one, other);
        if (one.end > other.begin) // one lies in the other
          break;
        const std::string first(at(one)), second(at(other));
        replace(other, first);
        replace(one, second);
      }
      break;
    case 3: // doubled
      if (!members_.empty()) {
        const Member member = any(members_);
        const std::string copy = std::string(at(member.whole)) + ",";
        text_.insert(any(members_).whole.begin, copy);
      }
      break;
    case 4: // left out, with its comma
      if (!members_.empty()) {
        Span span = any(members_).whole;
        if (span.end < text_.size() && text_[span.end] == ',')
          ++span.end;
        else if (span.begin > 0 && text_[span.begin - 1] == ',')
          --span.begin;
        replace(span, "");
      }
      break;
    case 5: // one that nobody asked for
      if (!members_.empty()) {
        std::string added = quoted(any(keys)) + ":";
        added += below(2) ? any(values) : any(odd_numbers);
        text_.insert(any(members_).whole.begin, added + ",");
      }
      break;
    case 6:
      if (!members_.empty())
        replace(any(members_).key, quoted(any(keys)));
      break;
    case 7:
      if (!members_.empty())
        replace(any(members_).value, any(values));
      break;
    case 8: // an element twice, or an object as an array of itself
      if (!objects_.empty()) {
        const Span span = any(objects_);
        const std::string copy(at(span));
        if (below(2))
          text_.insert(span.end, "," + copy);
        else
          replace(span, "[" + copy + (below(2) ? "]" : "," + copy + "]"));
      }
      break;
    case 9: // in and out of the wrapper
      if (text_.starts_with("{\"stream\"") && !members_.empty()) {
        const Member member = any(members_);
        if (at(member.key) == "\"data\"")
          text_ = std::string(at(member.value));
      } else {
        text_ = "{\"stream\":\"" + std::string(route_name()) + "\",\"data\":" + text_ + "}";
      }
      break;
    case 10: // to another route
      if (text_.starts_with("{\"stream\":\"") && strings_.size() > 1)
        replace(strings_[1], quoted(route_name()));
      break;
    case 11: // white space
      if (!text_.empty()) {
        std::size_t place = below(text_.size());
        while (place > 0 && text_[place] != ',' && text_[place] != ':' && text_[place] != '}')
          --place;
        text_.insert(place + 1, below(8) ? " " : "\n\t\r ");
      }
      break;
    case 12: // a letter as an escape
      if (!strings_.empty()) {
        const Span span = any(strings_);
        if (span.size() > 2) {
          const std::size_t place = span.begin + 1 + below(span.size() - 2);
          char escaped[8];
          std::snprintf(escaped, sizeof escaped, "\\u%04x", static_cast<unsigned char>(text_[place]));
          text_.replace(place, 1, escaped);
        }
      }
      break;
    case 13: // levels
      if (!members_.empty()) {
        const Member member = any(members_);
        std::string levels = "[";
        for (std::size_t i = below(6); i != 0; --i) {
          levels += "[" + quoted(any(odd_numbers)) + "," + quoted(like("123.4500")) + "]";
          levels += i == 1 ? "" : ",";
        }
        if (text_[std::min(member.value.begin, text_.size() - 1)] == '[')
          replace(member.value, levels + "]");
      }
      break;
    case 14: // cut
      if (text_.size() > 1)
        text_.resize(1 + below(text_.size() - 1));
      break;
    default:
      bytes();
      break;
    }
  }

  std::string_view route_name() {
    static const auto routes = all_routes();
    return routes[below(routes.size())].first;
  }

  void bytes() {
    std::string room(text_);
    room.resize(text_.size() + 64);
    room.resize(LLVMFuzzerMutate(reinterpret_cast<std::uint8_t *>(room.data()), text_.size(), room.size()));
    text_ = std::move(room);
  }

  std::minstd_rand random_;
  std::string text_;
  std::vector<Span> strings_, numbers_, objects_;
  std::vector<Member> members_;
};

inline std::size_t mutate_payload(std::uint8_t *data, std::size_t size, std::size_t room, unsigned seed) {
  std::string payload = Mutator({reinterpret_cast<const char *>(data), size}, seed).mutated();
  if (payload.size() > room)
    payload.resize(room);
  if (!payload.empty())
    std::memcpy(data, payload.data(), payload.size());
  return payload.size();
}

} // namespace fuzz
