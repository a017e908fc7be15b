// The fallback's walk over a payload. Included by one translation unit per simdjson implementation, inside
// namespace fb::<implementation>, after simdjson's On-Demand for that implementation; no include guard on purpose.

namespace ondemand = simdjson::SIMDJSON_BUILTIN_IMPLEMENTATION::ondemand;

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

#include "fallback_values.hpp"

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
    FB_TRY_JSON(parser_.iterate(payload_, size_, size_ + payload_padding).get(document_));
    ondemand::json_type type;
    if (document_.type().get(type) != simdjson::SUCCESS)
      return DecodeCode::invalid_json;
    DecodeCode code;
    if (type == ondemand::json_type::object) [[likely]] {
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
    FB_TRY_JSON(document_.get_array().get(array));
    for (auto element : array) {
      ondemand::value value;
      FB_TRY_JSON(element.get(value));
      FB_TRY(validate(value, max_nesting));
    }
    if (!document_.at_end())
      return DecodeCode::trailing_bytes;
    result_.outcome = Outcome::message;
    return DecodeCode::ok;
  }

  // The key of a field without its quotes and escapes.
  static FB_INLINE DecodeCode get_key(ondemand::field &field, std::string_view &key) noexcept {
    key = field.escaped_key();
    if (key.size() != 1 && has_escape(key)) [[unlikely]]
      return code_of(field.unescaped_key().get(key));
    return DecodeCode::ok;
  }

  DecodeCode parse_object(const RouteTable &table, Route *known) noexcept {
    ondemand::object object;
    FB_TRY_JSON(document_.get_object().get(object));
    TopLevel top;
    Decoded decoded;
    for (auto found : object) {
      ondemand::field field;
      FB_TRY_JSON(std::move(found).get(field));
      std::string_view key;
      FB_TRY(get_key(field, key));
      FB_TRY(read_top_key(table, top, decoded, key, field.value()));
    }
    if (!document_.at_end())
      return DecodeCode::trailing_bytes;
    if (top.has_stream && top.has_data) {
      if (result_.route == nullptr) {
        result_.outcome = Outcome::message;
        return DecodeCode::ok;
      }
      if (!top.decoded)
        FB_TRY(decode_earlier_data(decoded));
      return finish(*result_.route, decoded);
    }
    return parse_raw(table, known, top);
  }

  // "data" stood before "stream", which says what it is. All of it has been validated.
  DecodeCode decode_earlier_data(Decoded &decoded) noexcept {
    document_.rewind();
    ondemand::object object;
    FB_TRY_JSON(document_.get_object().get(object));
    for (auto found : object) {
      ondemand::field field;
      FB_TRY_JSON(std::move(found).get(field));
      std::string_view key;
      FB_TRY(get_key(field, key));
      if (key == "data")
        return decode(*result_.route, field.value(), decoded);
    }
    return DecodeCode::invalid_json;
  }

  FB_INLINE DecodeCode read_top_key(const RouteTable &table, TopLevel &top, Decoded &decoded, std::string_view key,
                                    ondemand::value value) noexcept {
    if (key.size() == 6 && scalar::at_literal(key.data(), "stream")) {
      if (top.has_stream)
        return DecodeCode::duplicate_key;
      top.has_stream = true;
      FB_TRY(get_text(value, result_.stream));
      result_.route = table.find(result_.stream);
      if (result_.route != nullptr)
        result_.kind = result_.route->kind;
      return DecodeCode::ok;
    }
    if (key.size() == 4 && scalar::at_literal(key.data(), "data")) {
      if (top.has_data)
        return DecodeCode::duplicate_key;
      top.has_data = true;
      if (result_.route == nullptr)
        return validate(value, max_nesting);
      top.decoded = true;
      return decode(*result_.route, value, decoded);
    }
    return read_raw_key(top, key, value);
  }

  DecodeCode read_raw_key(TopLevel &top, std::string_view key, ondemand::value value) noexcept {
    if (key.size() == 1) {
      switch (key[0]) {
      case 'e':
      case 's':
        if (token_of(value).front() == '"') {
          top.has_event |= key[0] == 'e';
          return get_text(value, key[0] == 'e' ? top.event : top.symbol);
        }
        break;
      case 'u': top.has_update_id = true; break;
      case 'b':
      case 'B':
      case 'a':
      case 'A': ++top.quote_keys; break;
      default: break;
      }
    } else {
      top.has_result |= key == "result";
      top.has_error |= key == "error";
      top.has_code |= key == "code";
      top.has_message |= key == "msg";
      top.has_last_update_id |= key == "lastUpdateId";
      top.has_bids |= key == "bids";
    }
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
    FB_TRY_JSON(document_.get_object().get(object));
    Decoded decoded;
    FB_TRY(decode_fields(*route, object, decoded));
    return finish(*route, decoded);
  }

  DecodeCode decode(const Route &route, ondemand::value value, Decoded &decoded) noexcept {
    if (token_of(value).front() != '{') [[unlikely]]
      return wrong_type(value);
    ondemand::object object;
    FB_TRY_JSON(value.get_object().get(object));
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
    for (auto found : object) {
      ondemand::field field;
      FB_TRY_JSON(std::move(found).get(field));
      std::string_view name;
      FB_TRY(get_key(field, name));
      const Key *key = schema.find(name);
      const ondemand::value value = field.value();
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
      case Type::maker: FB_TRY(get_bool(value, decoded.is_buyer_maker)); break;
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

  // The whole payload is known to be good: give the record its symbol and publish it.
  DecodeCode finish(Route &route, const Decoded &d) noexcept {
    result_.symbol = d.symbol;
    if (d.has_symbol) { // spot partial depth names none
      if (route.symbol_length != 0 && route.symbol_text() != d.symbol)
        return DecodeCode::wrong_symbol;
      FB_TRY(check_symbol(d.symbol));
    }
    if (d.no_trade) {
      ++route.details->skipped;
      ++route.details->fallback;
      result_.outcome = Outcome::skipped;
      return DecodeCode::ok;
    }
    std::uint32_t symbol_id = 0;
    if (d.has_symbol)
      FB_TRY(route.ring->add_symbol(d.symbol, symbol_id));
    publish(route, d, symbol_id);
    ++route.details->fallback;
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
#undef FB_TRY_JSON
