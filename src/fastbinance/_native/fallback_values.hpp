// Values of a payload, read from their text: the fallback's steps. Included by fallback_walk.hpp, per implementation.
//
// simdjson's first stage has found the tokens and checked UTF-8, quotes and control characters of the whole payload.
// Scalars are read here from their raw token and not consumed: what holds them moves past them. Only text with escapes
// goes through simdjson's unescaping.

constexpr unsigned max_nesting = 16; // Binance's deepest (exchange information) stays below 8

DecodeCode code_of(simdjson::error_code error) noexcept {
  switch (error) {
  case simdjson::SUCCESS: return DecodeCode::ok;
  case simdjson::EMPTY: return DecodeCode::empty;
  case simdjson::UTF8_ERROR: return DecodeCode::invalid_utf8;
  case simdjson::CAPACITY: return DecodeCode::too_long;
  case simdjson::MEMALLOC: return DecodeCode::out_of_memory;
  case simdjson::DEPTH_ERROR: return DecodeCode::too_deep;
  default: return DecodeCode::invalid_json;
  }
}

#define FB_TRY(expression)                                                                                             \
  do {                                                                                                                 \
    const DecodeCode code_ = (expression);                                                                             \
    if (code_ != DecodeCode::ok) [[unlikely]]                                                                          \
      return code_;                                                                                                    \
  } while (false)

#define FB_TRY_JSON(expression)                                                                                        \
  do {                                                                                                                 \
    const simdjson::error_code error_ = (expression);                                                                  \
    if (error_ != simdjson::SUCCESS) [[unlikely]]                                                                      \
      return code_of(error_);                                                                                          \
  } while (false)

// JSON's own number grammar, which the number of a skipped value must obey.
bool is_json_number(std::string_view token) noexcept {
  std::size_t at = 0;
  const auto digits = [&] {
    const std::size_t from = at;
    while (at < token.size() && token[at] >= '0' && token[at] <= '9')
      ++at;
    return at - from;
  };
  if (at < token.size() && token[at] == '-')
    ++at;
  const std::size_t first = at;
  const std::size_t whole = digits();
  if (whole == 0 || (whole > 1 && token[first] == '0'))
    return false;
  if (at < token.size() && token[at] == '.') {
    ++at;
    if (digits() == 0)
      return false;
  }
  if (at < token.size() && (token[at] == 'e' || token[at] == 'E')) {
    ++at;
    if (at < token.size() && (token[at] == '+' || token[at] == '-'))
      ++at;
    if (digits() == 0)
      return false;
  }
  return at == token.size();
}

// The raw text of a scalar, of text with its quotes; of an object or array only the bracket.
FB_INLINE std::string_view token_of(ondemand::value &value) noexcept {
  std::string_view token = value.raw_json_token(); // never empty; white space may follow
  // A colon behind a text in the place of a value: skipping the text, On-Demand would take it for a key and skip what
  // follows the colon too. The colon is given out instead, which is no value of any type.
  if (token.front() == '"' && token.data()[token.size()] == ':') [[unlikely]]
    return {token.data() + token.size(), 1};
  while (token.back() == ' ' || token.back() == '\n' || token.back() == '\r' || token.back() == '\t') [[unlikely]]
    token.remove_suffix(1);
  return token;
}

// Is there a backslash? Eight bytes a step; may look at padding behind the text.
FB_INLINE bool has_escape(std::string_view text) noexcept {
  constexpr std::uint64_t ones = 0x0101010101010101;
  const char *p = text.data();
  for (std::size_t left = text.size(); left != 0;) {
    const std::size_t here = left < 8 ? left : 8;
    const std::uint64_t other = scalar::load8(p) ^ (ones * '\\');
    // Zero bytes of `other` are backslashes; the lowest mark is exact, and what lies behind the text is shifted out.
    if ((((other - ones) & ~other & (ones << 7)) << (64 - 8 * here)) != 0) [[unlikely]]
      return true;
    p += here;
    left -= here;
  }
  return false;
}

// The key of a field without its quotes and escapes.
FB_INLINE DecodeCode get_key(ondemand::field &field, std::string_view &key) noexcept {
  key = field.escaped_key();
  if (key.size() != 1 && has_escape(key)) [[unlikely]]
    return code_of(field.unescaped_key().get(key));
  return DecodeCode::ok;
}

// Walk a value whose content does not matter, so that nonsense in it is still refused.
DecodeCode validate(ondemand::value value, unsigned depth) noexcept {
  if (depth == 0)
    return DecodeCode::too_deep;
  const std::string_view token = token_of(value);
  switch (token.front()) {
  case '{': {
    ondemand::object object;
    FB_TRY_JSON(value.get_object().get(object));
    for (auto found : object) {
      ondemand::field field;
      FB_TRY_JSON(std::move(found).get(field));
      std::string_view key = field.escaped_key();
      if (has_escape(key))
        FB_TRY_JSON(field.unescaped_key().get(key));
      FB_TRY(validate(field.value(), depth - 1));
    }
    return DecodeCode::ok;
  }
  case '[': {
    ondemand::array array;
    FB_TRY_JSON(value.get_array().get(array));
    for (auto element : array) {
      ondemand::value inner;
      FB_TRY_JSON(element.get(inner));
      FB_TRY(validate(inner, depth - 1));
    }
    return DecodeCode::ok;
  }
  case '"': {
    std::string_view text;
    return has_escape(token) ? code_of(value.get_string().get(text)) : DecodeCode::ok;
  }
  case 't': return token == "true" ? DecodeCode::ok : DecodeCode::invalid_json;
  case 'f': return token == "false" ? DecodeCode::ok : DecodeCode::invalid_json;
  case 'n': return token == "null" ? DecodeCode::ok : DecodeCode::invalid_json;
  default: return is_json_number(token) ? DecodeCode::ok : DecodeCode::invalid_json;
  }
}

// A value of the wrong type is either nonsense or really another type: say which.
__attribute__((noinline)) DecodeCode wrong_type(ondemand::value value) noexcept {
  const DecodeCode nonsense = validate(value, max_nesting);
  return nonsense == DecodeCode::ok ? DecodeCode::wrong_type : nonsense;
}

FB_INLINE DecodeCode get_text(ondemand::value value, std::string_view &text) noexcept {
  const std::string_view token = token_of(value);
  if (token.front() != '"') [[unlikely]]
    return wrong_type(value);
  text = token.substr(1, token.size() - 2);
  if (has_escape(text)) [[unlikely]]
    return code_of(value.get_string().get(text));
  return DecodeCode::ok;
}

FB_INLINE DecodeCode get_decimal(ondemand::value value, double &number) noexcept {
  const std::string_view token = token_of(value);
  if (token.front() != '"') [[unlikely]]
    return wrong_type(value);
  const DecodeCode code = parse_decimal_text(token.substr(1, token.size() - 2), number);
  if (code == DecodeCode::bad_number && has_escape(token)) [[unlikely]] { // a digit may be spelled as an escape
    std::string_view text;
    FB_TRY_JSON(value.get_string().get(text));
    return parse_decimal_text(text, number);
  }
  return code;
}

// An integer that is not one of at most 18 digits.
__attribute__((noinline)) DecodeCode get_odd_integer(ondemand::value value, std::string_view token,
                                                     std::int64_t &number) noexcept {
  const bool negative = token.front() == '-';
  if (!negative && (token.front() < '0' || token.front() > '9'))
    return wrong_type(value);
  if (!is_json_number(token))
    return DecodeCode::bad_number;
  std::uint64_t magnitude = 0;
  for (const char digit : token.substr(negative)) {
    if (digit < '0' || digit > '9')
      return DecodeCode::wrong_type; // a fraction or an exponent
    if (__builtin_mul_overflow(magnitude, std::uint64_t{10}, &magnitude) ||
        __builtin_add_overflow(magnitude, static_cast<std::uint64_t>(digit - '0'), &magnitude))
      return DecodeCode::number_range;
  }
  if (magnitude > static_cast<std::uint64_t>(INT64_MAX) + negative)
    return DecodeCode::number_range;
  number = static_cast<std::int64_t>(negative ? 0 - magnitude : magnitude);
  return DecodeCode::ok;
}

FB_INLINE DecodeCode get_integer(ondemand::value value, std::int64_t &number) noexcept {
  const std::string_view token = token_of(value);
  const char *p = token.data();
  if (*p != '0' && scalar::Digits::integer(p, number) && p == token.data() + token.size()) [[likely]]
    return DecodeCode::ok;
  return get_odd_integer(value, token, number);
}

FB_INLINE DecodeCode get_time(ondemand::value value, std::int64_t &ns) noexcept {
  std::int64_t number = 0;
  FB_TRY(get_integer(value, number));
  if (!is_time(number))
    return DecodeCode::number_range;
  ns = number * (number >= microseconds_from ? 1'000 : 1'000'000);
  return DecodeCode::ok;
}

FB_INLINE DecodeCode get_bool(ondemand::value value, std::uint8_t &truth) noexcept {
  const std::string_view token = token_of(value);
  truth = token == "true";
  return truth != 0 || token == "false" ? DecodeCode::ok : wrong_type(value);
}

// Room for levels in the ring's arena. Without room (an arena smaller than the message) the rest is checked and dropped.
struct LevelRoom {
  Level *at = nullptr;
  std::size_t left = 0;
};

DecodeCode get_levels(ondemand::value value, LevelRoom &room, std::uint32_t &count, bool &truncated) noexcept {
  if (token_of(value).front() != '[')
    return wrong_type(value);
  ondemand::array array;
  FB_TRY_JSON(value.get_array().get(array));
  count = 0;
  for (auto element : array) {
    ondemand::value pair_value;
    FB_TRY_JSON(element.get(pair_value));
    if (token_of(pair_value).front() != '[')
      return wrong_type(pair_value);
    ondemand::array pair;
    FB_TRY_JSON(pair_value.get_array().get(pair));
    double numbers[2] = {0, 0};
    unsigned n = 0;
    for (auto part : pair) {
      ondemand::value number;
      FB_TRY_JSON(part.get(number));
      if (n == 2)
        return DecodeCode::wrong_type;
      FB_TRY(get_decimal(number, numbers[n++]));
    }
    if (n != 2)
      return DecodeCode::wrong_type;
    if (room.left == 0) {
      truncated = true;
      continue;
    }
    *room.at++ = {numbers[0], numbers[1]};
    --room.left;
    ++count;
  }
  return DecodeCode::ok;
}
