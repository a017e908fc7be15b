// Payloads that are sent again, with newer ids and times: a ring takes none twice, and dropping is not what is measured.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string_view>
#include <vector>

namespace bench {

class Newer {
public:
  // Finds the numbers in JSON text, which stays where it is. Ids that belong together move together, by as much as they
  // span, so that the first of a pass follows the last of the pass before.
  void find(char *begin, char *end) {
    for (char *at = begin; at != end; ++at) {
      if (*at != '"')
        continue;
      for (Family &family : families_)
        for (const std::string_view key : family.keys)
          if (!key.empty() && static_cast<std::size_t>(end - at) > key.size() &&
              std::string_view(at, key.size()) == key && is_digit(at[key.size()]))
            family.add(at + key.size(), key != "\"pu\":");
    }
  }

  void step() {
    for (Family &family : families_)
      for (const Number &number : family.numbers)
        number.add(family.span());
  }

private:
  static bool is_digit(char sign) { return sign >= '0' && sign <= '9'; }

  struct Number {
    char *digits;
    std::size_t length;

    std::int64_t value() const {
      std::int64_t value = 0;
      for (std::size_t i = 0; i < length; ++i)
        value = value * 10 + (digits[i] - '0');
      return value;
    }
    void add(std::int64_t more) const {
      std::int64_t carry = more;
      for (std::size_t i = length; i-- > 0 && carry != 0;) {
        carry += digits[i] - '0';
        digits[i] = static_cast<char>('0' + carry % 10);
        carry /= 10;
      }
      if (carry != 0) {
        std::fputs("the ids of a benchmark have run out of digits\n", stderr);
        std::abort();
      }
    }
  };

  struct Family {
    std::string_view keys[4];
    std::vector<Number> numbers = {};
    std::int64_t least = INT64_MAX, most = 0;

    void add(char *digits, bool spans) {
      Number number{digits, 1};
      while (is_digit(digits[number.length]))
        ++number.length;
      numbers.push_back(number);
      if (spans) {
        least = std::min(least, number.value());
        most = std::max(most, number.value());
      }
    }
    std::int64_t span() const { return most - least + 1; }
  };

  Family families_[4] = {
      {{"\"u\":", "\"U\":", "\"pu\":", "\"lastUpdateId\":"}}, // of the book; the id before the first is no part of the span
      {{"\"t\":"}},
      {{"\"a\":"}},
      {{"\"E\":"}},
  };
};

} // namespace bench
