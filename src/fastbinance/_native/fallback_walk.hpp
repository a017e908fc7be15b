// The fallback's walk over a payload. Included by one translation unit per simdjson implementation, inside
// namespace fb::<implementation>, after simdjson's On-Demand for that implementation; no include guard on purpose.

namespace ondemand = simdjson::SIMDJSON_BUILTIN_IMPLEMENTATION::ondemand;

constexpr unsigned max_nesting = 16; // Binance's deepest (exchange information) stays below 8

DecodeCode code_of(simdjson::error_code error) noexcept {
  switch (error) {
  case simdjson::SUCCESS: return DecodeCode::ok;
  case simdjson::EMPTY: return DecodeCode::empty;
  case simdjson::UTF8_ERROR: return DecodeCode::invalid_utf8;
  case simdjson::CAPACITY: return DecodeCode::too_long;
  case simdjson::MEMALLOC: return DecodeCode::out_of_memory;
  case simdjson::DEPTH_ERROR: return DecodeCode::too_deep;
  case simdjson::INCORRECT_TYPE: return DecodeCode::wrong_type;
  case simdjson::NUMBER_OUT_OF_RANGE:
  case simdjson::BIGINT_ERROR: return DecodeCode::number_range;
  case simdjson::NUMBER_ERROR: return DecodeCode::bad_number;
  case simdjson::TRAILING_CONTENT: return DecodeCode::trailing_bytes;
  default: return DecodeCode::invalid_json;
  }
}

#define FB_TRY(expression)                                                                                             \
  do {                                                                                                                 \
    const DecodeCode code_ = (expression);                                                                             \
    if (code_ != DecodeCode::ok)                                                                                       \
      return code_;                                                                                                    \
  } while (false)

// What one object says, before it has a slot.
struct Decoded {
  std::int64_t event_ns = 0, transaction_ns = 0;
  std::int64_t ids[3] = {0, 0, 0};
  double values[4] = {0, 0, 0, 0};
  std::string_view symbol;
  std::uint8_t is_buyer_maker = 0;
  bool has_symbol = false;
  bool no_trade = false;
  std::uint32_t flags = 0;
  std::uint32_t bid_count = 0, ask_count = 0;
};

enum class Type : std::uint8_t { event, symbol, id, time_event, time_transaction, decimal, maker, execution, bids, asks };

// One key of a kind. Two keys with one bit are two spellings of the same field: having both is a doubled key.
struct Key {
  std::string_view name;
  Type type;
  std::uint8_t index; // into ids or values
  std::uint16_t bit;
  bool required;
};

constexpr Key book_ticker_keys[] = {
    {"e", Type::event, 0, 1, false},     {"u", Type::id, 0, 2, true},           {"s", Type::symbol, 0, 4, true},
    {"b", Type::decimal, 0, 8, true},    {"B", Type::decimal, 1, 16, true},     {"a", Type::decimal, 2, 32, true},
    {"A", Type::decimal, 3, 64, true},   {"E", Type::time_event, 0, 128, false}, {"T", Type::time_transaction, 0, 256, false},
};
constexpr Key trade_keys[] = {
    {"e", Type::event, 0, 1, true},         {"E", Type::time_event, 0, 2, true}, {"T", Type::time_transaction, 0, 4, true},
    {"s", Type::symbol, 0, 8, true},        {"t", Type::id, 0, 16, true},        {"p", Type::decimal, 0, 32, true},
    {"q", Type::decimal, 1, 64, true},      {"m", Type::maker, 0, 128, true},    {"X", Type::execution, 0, 256, false},
};
constexpr Key agg_trade_keys[] = {
    {"e", Type::event, 0, 1, true},     {"E", Type::time_event, 0, 2, true}, {"T", Type::time_transaction, 0, 4, true},
    {"s", Type::symbol, 0, 8, true},    {"a", Type::id, 0, 16, true},        {"f", Type::id, 1, 32, true},
    {"l", Type::id, 2, 64, true},       {"p", Type::decimal, 0, 128, true},  {"q", Type::decimal, 1, 256, true},
    {"m", Type::maker, 0, 512, true},
};
constexpr Key diff_depth_keys[] = {
    {"e", Type::event, 0, 1, true},  {"E", Type::time_event, 0, 2, true}, {"T", Type::time_transaction, 0, 4, false},
    {"s", Type::symbol, 0, 8, true}, {"U", Type::id, 0, 16, true},        {"u", Type::id, 1, 32, true},
    {"pu", Type::id, 2, 64, false},  {"b", Type::bids, 0, 128, true},     {"a", Type::asks, 0, 256, true},
};
constexpr Key partial_depth_keys[] = {
    {"e", Type::event, 0, 1, false},  {"E", Type::time_event, 0, 2, false},  {"T", Type::time_transaction, 0, 4, false},
    {"s", Type::symbol, 0, 8, false}, {"U", Type::id, 0, 16, false},         {"u", Type::id, 1, 32, true},
    {"lastUpdateId", Type::id, 1, 32, true}, {"pu", Type::id, 2, 64, false}, {"b", Type::bids, 0, 128, true},
    {"bids", Type::bids, 0, 128, true},      {"a", Type::asks, 0, 256, true}, {"asks", Type::asks, 0, 256, true},
};

struct Schema {
  std::string_view event;
  const Key *keys;
  std::size_t key_count;
  std::uint32_t required;
};

template <std::size_t N> constexpr Schema make_schema(std::string_view event, const Key (&keys)[N]) {
  std::uint32_t required = 0;
  for (const Key &key : keys)
    required |= key.required ? key.bit : 0u;
  return {event, keys, N, required};
}

constexpr Schema schemas[kind_count] = {
    {"", nullptr, 0, 0},
    make_schema("bookTicker", book_ticker_keys),
    make_schema("trade", trade_keys),
    make_schema("aggTrade", agg_trade_keys),
    make_schema("depthUpdate", diff_depth_keys),
    make_schema("depthUpdate", partial_depth_keys),
};

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

std::string_view trimmed(std::string_view token) noexcept {
  while (!token.empty() && (token.back() == ' ' || token.back() == '\n' || token.back() == '\r' || token.back() == '\t'))
    token.remove_suffix(1);
  return token;
}

// Walk a value whose content does not matter, so that nonsense in it is still refused.
DecodeCode validate(ondemand::value value, unsigned depth) noexcept {
  if (depth == 0)
    return DecodeCode::too_deep;
  ondemand::json_type type;
  FB_TRY(code_of(value.type().get(type)));
  switch (type) {
  case ondemand::json_type::object: {
    ondemand::object object;
    FB_TRY(code_of(value.get_object().get(object)));
    for (auto field : object) {
      FB_TRY(code_of(field.error()));
      std::string_view key;
      FB_TRY(code_of(field.unescaped_key().get(key)));
      ondemand::value inner;
      FB_TRY(code_of(field.value().get(inner)));
      FB_TRY(validate(inner, depth - 1));
    }
    return DecodeCode::ok;
  }
  case ondemand::json_type::array: {
    ondemand::array array;
    FB_TRY(code_of(value.get_array().get(array)));
    for (auto element : array) {
      ondemand::value inner;
      FB_TRY(code_of(element.get(inner)));
      FB_TRY(validate(inner, depth - 1));
    }
    return DecodeCode::ok;
  }
  case ondemand::json_type::string: {
    std::string_view text;
    return code_of(value.get_string().get(text));
  }
  case ondemand::json_type::number: {
    if (!is_json_number(trimmed(value.raw_json_token())))
      return DecodeCode::invalid_json;
    double ignored;
    const auto error = value.get_double().get(ignored); // also moves past the token
    return error == simdjson::SUCCESS || error == simdjson::NUMBER_ERROR ? DecodeCode::ok : code_of(error);
  }
  case ondemand::json_type::boolean: {
    bool ignored;
    return value.get_bool().get(ignored) == simdjson::SUCCESS ? DecodeCode::ok : DecodeCode::invalid_json;
  }
  default: {
    bool is_null = false;
    const auto error = value.is_null().get(is_null);
    return error == simdjson::SUCCESS && is_null ? DecodeCode::ok : DecodeCode::invalid_json;
  }
  }
}

// A value of the wrong type is either nonsense or really another type: say which.
DecodeCode typed(ondemand::value value, simdjson::error_code error) noexcept {
  if (error != simdjson::INCORRECT_TYPE)
    return code_of(error);
  const DecodeCode nonsense = validate(value, max_nesting);
  return nonsense == DecodeCode::ok ? DecodeCode::wrong_type : nonsense;
}

DecodeCode get_text(ondemand::value value, std::string_view &text) noexcept {
  return typed(value, value.get_string().get(text));
}

DecodeCode get_integer(ondemand::value value, std::int64_t &number) noexcept {
  ondemand::json_type type;
  FB_TRY(code_of(value.type().get(type)));
  if (type != ondemand::json_type::number)
    return typed(value, simdjson::INCORRECT_TYPE);
  const std::string_view token = trimmed(value.raw_json_token());
  if (!is_json_number(token))
    return DecodeCode::bad_number;
  const auto error = value.get_int64().get(number);
  if (error == simdjson::SUCCESS)
    return DecodeCode::ok;
  const bool whole = token.find_first_of(".eE") == std::string_view::npos;
  return whole ? DecodeCode::number_range : DecodeCode::wrong_type;
}

DecodeCode get_time(ondemand::value value, std::int64_t &ns) noexcept {
  std::int64_t number = 0;
  FB_TRY(get_integer(value, number));
  if (number < 0 || number > largest_microseconds)
    return DecodeCode::number_range;
  ns = number * (number >= microseconds_from ? 1'000 : 1'000'000);
  return DecodeCode::ok;
}

DecodeCode get_decimal(ondemand::value value, double &number) noexcept {
  std::string_view text;
  FB_TRY(get_text(value, text));
  return parse_decimal_text(text, number);
}

// Room for levels in the ring's arena. Without room (an arena smaller than the message) the rest is checked and dropped.
struct LevelRoom {
  Level *at = nullptr;
  std::size_t left = 0;
};

DecodeCode get_levels(ondemand::value value, LevelRoom &room, std::uint32_t &count, bool &truncated) noexcept {
  ondemand::array array;
  FB_TRY(typed(value, value.get_array().get(array)));
  count = 0;
  for (auto element : array) {
    ondemand::value pair_value;
    FB_TRY(code_of(element.get(pair_value)));
    ondemand::array pair;
    FB_TRY(typed(pair_value, pair_value.get_array().get(pair)));
    double numbers[2] = {0, 0};
    unsigned n = 0;
    for (auto part : pair) {
      ondemand::value number;
      FB_TRY(code_of(part.get(number)));
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

class Walk final : public Fallback {
public:
  const char *implementation() const noexcept override { return FB_STRING(SIMDJSON_BUILTIN_IMPLEMENTATION); }

  bool reserve() noexcept { return parser_.allocate(page_bytes * 16) == simdjson::SUCCESS; }

  FallbackResult run(const RouteTable &table, const char *payload, std::size_t size, std::int64_t recv_ns,
                     Route *known) noexcept override {
    result_ = FallbackResult{};
    payload_ = payload;
    size_ = size;
    recv_ns_ = recv_ns;
    result_.code = size > max_message_bytes ? DecodeCode::too_long : parse(table, known);
    if (result_.code != DecodeCode::ok)
      result_.outcome = Outcome::rejected;
    return result_;
  }

private:
  // What the top level of a payload says, when it is not a wrapper with a stream of ours.
  struct TopLevel {
    std::string_view event, symbol;
    bool has_stream = false, has_data = false, decoded = false;
    bool has_event = false, has_result = false, has_error = false, has_code = false, has_message = false;
    bool has_update_id = false, has_last_update_id = false, has_bids = false;
    unsigned quote_keys = 0; // b, B, a, A
  };

  DecodeCode parse(const RouteTable &table, Route *known) noexcept {
    const auto error = parser_.iterate(payload_, size_, size_ + payload_padding).get(document_);
    if (error != simdjson::SUCCESS)
      return code_of(error);
    ondemand::json_type type;
    if (document_.type().get(type) != simdjson::SUCCESS)
      return DecodeCode::invalid_json;
    DecodeCode code;
    if (type == ondemand::json_type::object) {
      code = parse_object(table, known);
    } else if (type == ondemand::json_type::array) {
      code = parse_array();
    } else {
      return DecodeCode::wrong_type; // a bare number or text is no message of Binance
    }
    if (code != DecodeCode::ok) {
      const char *at = nullptr;
      if (document_.current_location().get(at) == simdjson::SUCCESS && at >= payload_ && at <= payload_ + size_)
        result_.offset = static_cast<std::size_t>(at - payload_);
      else
        result_.offset = size_;
    }
    return code;
  }

  // All-market arrays without wrapper: no kind of ours is one.
  DecodeCode parse_array() noexcept {
    ondemand::array array;
    FB_TRY(code_of(document_.get_array().get(array)));
    for (auto element : array) {
      ondemand::value value;
      FB_TRY(code_of(element.get(value)));
      FB_TRY(validate(value, max_nesting));
    }
    if (!document_.at_end())
      return DecodeCode::trailing_bytes;
    result_.outcome = Outcome::message;
    return DecodeCode::ok;
  }

  DecodeCode parse_object(const RouteTable &table, Route *known) noexcept {
    ondemand::object object;
    FB_TRY(code_of(document_.get_object().get(object)));
    TopLevel top;
    Decoded decoded;
    for (auto field : object) {
      FB_TRY(code_of(field.error()));
      std::string_view key;
      FB_TRY(code_of(field.unescaped_key().get(key)));
      ondemand::value value;
      FB_TRY(code_of(field.value().get(value)));
      FB_TRY(read_top_key(table, top, decoded, key, value));
    }
    if (!document_.at_end())
      return DecodeCode::trailing_bytes;
    if (top.has_stream && top.has_data) {
      if (result_.route == nullptr) {
        result_.outcome = Outcome::message;
        return DecodeCode::ok;
      }
      if (!top.decoded) { // "data" stood before "stream"
        document_.rewind();
        ondemand::value data;
        FB_TRY(code_of(document_["data"].get(data)));
        FB_TRY(decode(*result_.route, data, decoded));
      }
      return finish(*result_.route, decoded);
    }
    return parse_raw(table, known, top);
  }

  DecodeCode read_top_key(const RouteTable &table, TopLevel &top, Decoded &decoded, std::string_view key,
                          ondemand::value value) noexcept {
    if (key == "stream") {
      if (top.has_stream)
        return DecodeCode::duplicate_key;
      top.has_stream = true;
      FB_TRY(get_text(value, result_.stream));
      result_.route = table.find(result_.stream);
      if (result_.route != nullptr)
        result_.kind = result_.route->kind;
      return DecodeCode::ok;
    }
    if (key == "data") {
      if (top.has_data)
        return DecodeCode::duplicate_key;
      top.has_data = true;
      if (result_.route == nullptr)
        return validate(value, max_nesting);
      top.decoded = true;
      return decode(*result_.route, value, decoded);
    }
    ondemand::json_type type;
    FB_TRY(code_of(value.type().get(type)));
    if (type == ondemand::json_type::string && (key == "e" || key == "s")) {
      std::string_view &text = key == "e" ? top.event : top.symbol;
      top.has_event |= key == "e";
      return get_text(value, text);
    }
    top.has_result |= key == "result";
    top.has_error |= key == "error";
    top.has_code |= key == "code";
    top.has_message |= key == "msg";
    top.has_update_id |= key == "u";
    top.has_last_update_id |= key == "lastUpdateId";
    top.has_bids |= key == "bids";
    if (key.size() == 1 && (key[0] == 'b' || key[0] == 'B' || key[0] == 'a' || key[0] == 'A'))
      ++top.quote_keys;
    return validate(value, max_nesting);
  }

  // A payload without wrapper: the content must tell what it is.
  DecodeCode parse_raw(const RouteTable &table, Route *known, const TopLevel &top) noexcept {
    result_.route = nullptr;
    const bool answer = top.has_result || top.has_error || (top.has_code && top.has_message);
    if (known == nullptr && !top.has_event && answer) {
      result_.outcome = Outcome::control;
      return DecodeCode::ok;
    }
    if (top.event == "bookTicker" || (!top.has_event && top.has_update_id && top.quote_keys == 4))
      result_.kind = Kind::book_ticker;
    else if (top.event == "trade")
      result_.kind = Kind::trade;
    else if (top.event == "aggTrade")
      result_.kind = Kind::agg_trade;
    else if (top.event == "depthUpdate")
      result_.kind = Kind::diff_depth;
    else if (!top.has_event && top.has_last_update_id && top.has_bids)
      result_.kind = Kind::partial_depth;
    result_.symbol = top.symbol;
    Route *route = known;
    if (route == nullptr && result_.kind != Kind::none)
      route = table.find_by_content(result_.kind, top.symbol);
    if (route == nullptr) {
      result_.outcome = Outcome::message;
      return DecodeCode::ok;
    }
    result_.route = route;
    document_.rewind();
    ondemand::object object;
    FB_TRY(code_of(document_.get_object().get(object)));
    Decoded decoded;
    FB_TRY(decode_fields(*route, object, decoded));
    return finish(*route, decoded);
  }

  DecodeCode decode(const Route &route, ondemand::value value, Decoded &decoded) noexcept {
    ondemand::object object;
    FB_TRY(typed(value, value.get_object().get(object)));
    return decode_fields(route, object, decoded);
  }

  DecodeCode decode_fields(const Route &route, ondemand::object object, Decoded &decoded) noexcept {
    const Schema &schema = schemas[static_cast<std::uint32_t>(route.kind)];
    std::uint32_t seen = 0;
    bool asks_first = false;
    bool truncated = false;
    LevelRoom room;
    if (kind_info(route.kind).has_levels) {
      const auto bound = static_cast<std::int64_t>(size_ / 10 + 1);
      const std::int64_t taken = std::min(bound, route.ring->view.level_capacity);
      room.at = levels_ = route.ring->begin_levels(taken, levels_begin_);
      room.left = static_cast<std::size_t>(taken);
    }
    for (auto field : object) {
      FB_TRY(code_of(field.error()));
      std::string_view name;
      FB_TRY(code_of(field.unescaped_key().get(name)));
      ondemand::value value;
      FB_TRY(code_of(field.value().get(value)));
      const Key *key = find_key(schema, name);
      if (key == nullptr) {
        FB_TRY(validate(value, max_nesting));
        continue;
      }
      if (seen & key->bit)
        return DecodeCode::duplicate_key;
      seen |= key->bit;
      switch (key->type) {
      case Type::event: {
        std::string_view event;
        FB_TRY(get_text(value, event));
        if (event != schema.event)
          return DecodeCode::wrong_event;
        break;
      }
      case Type::symbol:
        FB_TRY(get_text(value, decoded.symbol));
        decoded.has_symbol = true;
        break;
      case Type::id: FB_TRY(get_integer(value, decoded.ids[key->index])); break;
      case Type::time_event: FB_TRY(get_time(value, decoded.event_ns)); break;
      case Type::time_transaction: FB_TRY(get_time(value, decoded.transaction_ns)); break;
      case Type::decimal: FB_TRY(get_decimal(value, decoded.values[key->index])); break;
      case Type::maker: {
        bool maker;
        FB_TRY(typed(value, value.get_bool().get(maker)));
        decoded.is_buyer_maker = maker;
        break;
      }
      case Type::execution: {
        std::string_view execution;
        FB_TRY(get_text(value, execution));
        decoded.no_trade = execution == "NA";
        break;
      }
      case Type::bids:
        asks_first = decoded.ask_count != 0;
        FB_TRY(get_levels(value, room, decoded.bid_count, truncated));
        break;
      case Type::asks: FB_TRY(get_levels(value, room, decoded.ask_count, truncated)); break;
      }
    }
    if ((seen & schema.required) != schema.required)
      return DecodeCode::missing_key;
    if (asks_first) // records promise bids first
      std::rotate(levels_, levels_ + decoded.ask_count, levels_ + decoded.ask_count + decoded.bid_count);
    if (truncated)
      decoded.flags |= FLAG_LEVELS_TRUNCATED;
    return DecodeCode::ok;
  }

  static const Key *find_key(const Schema &schema, std::string_view name) noexcept {
    for (std::size_t i = 0; i < schema.key_count; ++i)
      if (schema.keys[i].name == name)
        return &schema.keys[i];
    return nullptr;
  }

  // The whole payload is known to be good: give the record its symbol and publish it.
  DecodeCode finish(Route &route, const Decoded &d) noexcept {
    result_.symbol = d.symbol;
    if (d.symbol.empty()) {
      if (route.kind != Kind::partial_depth || d.has_symbol)
        return DecodeCode::wrong_symbol; // "s":"" names nothing
    } else if (route.symbol_length != 0 && route.symbol_text() != d.symbol) {
      return DecodeCode::wrong_symbol;
    }
    if (d.no_trade) {
      ++route.skipped;
      ++route.fallback;
      result_.outcome = Outcome::skipped;
      return DecodeCode::ok;
    }
    std::uint32_t symbol_id = 0;
    if (d.has_symbol)
      FB_TRY(route.ring->add_symbol(d.symbol, symbol_id));
    publish(route, d, symbol_id);
    ++route.fallback;
    result_.outcome = Outcome::published;
    return DecodeCode::ok;
  }

  void publish(Route &route, const Decoded &d, std::uint32_t symbol_id) noexcept {
    RingWriter &ring = *route.ring;
    switch (route.kind) {
    case Kind::book_ticker:
      store<BookTickerRecord>(ring, d, symbol_id, [&](BookTickerRecord &r) {
        r.update_id = d.ids[0];
        r.bid_price = d.values[0];
        r.bid_qty = d.values[1];
        r.ask_price = d.values[2];
        r.ask_qty = d.values[3];
      });
      break;
    case Kind::trade:
      store<TradeRecord>(ring, d, symbol_id, [&](TradeRecord &r) {
        r.trade_id = d.ids[0];
        r.price = d.values[0];
        r.qty = d.values[1];
        r.is_buyer_maker = d.is_buyer_maker;
      });
      break;
    case Kind::agg_trade:
      store<AggTradeRecord>(ring, d, symbol_id, [&](AggTradeRecord &r) {
        r.agg_trade_id = d.ids[0];
        r.first_trade_id = d.ids[1];
        r.last_trade_id = d.ids[2];
        r.price = d.values[0];
        r.qty = d.values[1];
        r.is_buyer_maker = d.is_buyer_maker;
      });
      break;
    case Kind::diff_depth:
    case Kind::partial_depth:
      store<DepthRecord>(ring, d, symbol_id, [&](DepthRecord &r) {
        r.first_update_id = d.ids[0];
        r.update_id = d.ids[1];
        r.prev_update_id = d.ids[2];
        r.levels_begin = levels_begin_;
        r.bid_count = d.bid_count;
        r.ask_count = d.ask_count;
      });
      ring.end_levels(levels_begin_ + d.bid_count + d.ask_count);
      break;
    case Kind::none: break;
    }
  }

  template <class Record, class Fill>
  void store(RingWriter &ring, const Decoded &d, std::uint32_t symbol_id, Fill &&fill) noexcept {
    std::int64_t sequence;
    Record *first = ring.claim<Record>(sequence);
    for (Record *place : {first, first + ring.view.capacity}) {
      place->sequence = sequence;
      place->flags = d.flags;
      place->symbol_id = symbol_id;
      place->event_ns = d.event_ns;
      place->transaction_ns = d.transaction_ns;
      place->recv_ns = recv_ns_;
      fill(*place);
    }
    if (ring.many_symbols())
      ring.publish<true>(symbol_id, sequence);
    else
      ring.publish<false>(symbol_id, sequence);
  }

  ondemand::parser parser_{max_message_bytes};
  ondemand::document document_;
  FallbackResult result_;
  const char *payload_ = nullptr;
  std::size_t size_ = 0;
  std::int64_t recv_ns_ = 0;
  Level *levels_ = nullptr;
  std::int64_t levels_begin_ = 0;
};

std::unique_ptr<Fallback> make() noexcept {
  std::unique_ptr<Walk> walk(new (std::nothrow) Walk);
  if (walk != nullptr && !walk->reserve())
    walk.reset();
  return walk;
}

#undef FB_TRY
