// The fallback's walk over a payload. Included by one translation unit per simdjson implementation, inside
// namespace fb::<implementation>, after simdjson's On-Demand for that implementation; no include guard on purpose.

namespace ondemand = simdjson::SIMDJSON_BUILTIN_IMPLEMENTATION::ondemand;

#include "fallback_values.hpp"
#include "fallback_record.hpp"

class Walk final : public Fallback {
public:
  const char *implementation() const noexcept override { return FB_STRING(SIMDJSON_BUILTIN_IMPLEMENTATION); }
  const DriftTable &drifts() const noexcept override { return drifts_; }

  // Little: there is one of these for each connection, and simdjson wants six times the size of the longest message.
  bool reserve() noexcept { return parser_.allocate(page_bytes) == simdjson::SUCCESS && staged_.reserve(1); }

  FallbackResult run(const RouteTable &table, const char *payload, std::size_t size, std::int64_t recv_ns,
                     Route *known) noexcept override {
    result_ = FallbackResult{};
    recv_ns_ = recv_ns;
    staged_.clear();
    is_array_ = false;
    reader_.clear_surprises();
    if (size > max_message_bytes)
      result_.code = DecodeCode::too_long;
    else if (!make_room(size) || !copy(payload, size))
      result_.code = DecodeCode::out_of_memory;
    else if ((result_.code = parse(table, known)) != DecodeCode::ok)
      prefer_bad_utf8(payload, size);
    if (result_.code != DecodeCode::ok)
      result_.outcome = Outcome::rejected;
    return result_;
  }

private:
  // Of two faults simdjson tells one, and which one differs; text that is not UTF-8 is told as such, whatever else it is not.
  // What it takes it has validated.
  void prefer_bad_utf8(const char *payload, std::size_t size) noexcept {
    if (const std::size_t at = first_not_utf8(payload, size); at != size) {
      result_.code = DecodeCode::invalid_utf8;
      result_.offset = at;
    }
  }

  // simdjson makes room by itself, but no more than this message needs; messages that get longer by and by would each allocate.
  bool make_room(std::size_t size) noexcept {
    return size <= parser_.capacity() || parser_.allocate(std::min(2 * size, max_message_bytes)) == simdjson::SUCCESS;
  }

  // The payload with zeros behind it. Where one has been cut, On-Demand goes on by a comma or bracket that lies behind it, and
  // from there over the end of its own list of tokens.
  bool copy(const char *payload, std::size_t size) noexcept {
    constexpr std::size_t kept_bytes = 1u << 20; // megabytes of the message before that nobody needs again
    if (size + payload_padding > copy_room_ || (copy_room_ > kept_bytes && size < kept_bytes / 4)) {
      const std::size_t room = 2 * (size + payload_padding);
      copy_.reset(new (std::nothrow) char[room]);
      copy_room_ = copy_ == nullptr ? 0 : room;
      if (copy_ == nullptr)
        return false;
    }
    if (size != 0)
      std::memcpy(copy_.get(), payload, size);
    std::memset(copy_.get() + size, 0, payload_padding);
    payload_ = copy_.get();
    size_ = size;
    return true;
  }

  // What the top level of a payload says, when it is not a wrapper with a stream of ours.
  struct TopLevel {
    std::string_view event, symbol;
    std::string_view other_key, other_sample; // the last one that is neither "stream" nor "data", and its value
    bool has_stream = false, has_data = false, decoded = false;
    bool has_event = false, has_result = false, has_error = false, has_code = false, has_message = false;
    bool has_update_id = false, has_last_update_id = false, has_bids = false, has_contract = false;
    unsigned quote_keys = 0; // b, B, a, A

    // The kind of a payload that names no stream.
    Kind kind() const noexcept {
      if (!has_event) {
        if (has_update_id && quote_keys == 4)
          return Kind::book_ticker;
        return has_last_update_id && has_bids ? Kind::partial_depth : Kind::none;
      }
      const Kind found = kind_of_event(event); // of diff and partial depth a diff: nothing in it tells them apart
      return found == Kind::kline && has_contract ? Kind::contract_kline : found;
    }
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
      code = parse_array(table, known);
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

  // An array without wrapper: its first element tells what it is.
  DecodeCode parse_array(const RouteTable &table, Route *known) noexcept {
    TopLevel first;
    {
      ondemand::array array;
      FB_TRY_JSON(document_.get_array().get(array));
      bool is_first = true;
      for (auto element : array) {
        ondemand::value value;
        FB_TRY_JSON(element.get(value));
        if (is_first && token_of(value).front() == '{') {
          ondemand::object object;
          FB_TRY_JSON(value.get_object().get(object));
          for (auto found : object) {
            ondemand::field field;
            FB_TRY_JSON(std::move(found).get(field));
            std::string_view key;
            FB_TRY(get_key(field, key));
            FB_TRY(read_raw_key(first, key, field.value()));
          }
        } else {
          FB_TRY(validate(value, max_nesting));
        }
        is_first = false;
      }
    }
    if (!document_.at_end())
      return DecodeCode::trailing_bytes;
    result_.kind = first.kind();
    Route *route = known;
    if (route == nullptr && result_.kind != Kind::none)
      route = table.find_by_content(result_.kind, {});
    if (route == nullptr) {
      result_.outcome = Outcome::message;
      return DecodeCode::ok;
    }
    result_.route = route;
    document_.rewind();
    ondemand::array array;
    FB_TRY_JSON(document_.get_array().get(array));
    FB_TRY(decode_elements(*route, array));
    return finish(*route);
  }

  DecodeCode parse_object(const RouteTable &table, Route *known) noexcept {
    ondemand::object object;
    FB_TRY_JSON(document_.get_object().get(object));
    TopLevel top;
    for (auto found : object) {
      ondemand::field field;
      FB_TRY_JSON(std::move(found).get(field));
      std::string_view key;
      FB_TRY(get_key(field, key));
      FB_TRY(read_top_key(table, top, key, field.value()));
    }
    if (!document_.at_end())
      return DecodeCode::trailing_bytes;
    if (top.has_stream && top.has_data) {
      if (!top.other_key.empty())
        reader_.surprise(DriftWhat::key, "/", top.other_key, top.other_sample);
      if (result_.route == nullptr) {
        result_.outcome = Outcome::message;
        return DecodeCode::ok;
      }
      if (!top.decoded)
        FB_TRY(decode_earlier_data());
      return finish(*result_.route);
    }
    return parse_raw(table, known, top);
  }

  // "data" stood before "stream", which says what it is. All of it has been validated.
  DecodeCode decode_earlier_data() noexcept {
    document_.rewind();
    ondemand::object object;
    FB_TRY_JSON(document_.get_object().get(object));
    for (auto found : object) {
      ondemand::field field;
      FB_TRY_JSON(std::move(found).get(field));
      std::string_view key;
      FB_TRY(get_key(field, key));
      if (key == "data")
        return decode(*result_.route, field.value());
    }
    return DecodeCode::invalid_json;
  }

  FB_INLINE DecodeCode read_top_key(const RouteTable &table, TopLevel &top, std::string_view key,
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
      return decode(*result_.route, value);
    }
    top.other_key = key;
    top.other_sample = token_of(value);
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
      top.has_contract |= key == "ca";
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
    result_.kind = top.kind();
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
    FB_TRY(decode_element(*route, object));
    return finish(*route);
  }

  DecodeCode decode(const Route &route, ondemand::value value) noexcept {
    const char first = token_of(value).front();
    if (first == '{') [[likely]] {
      ondemand::object object;
      FB_TRY_JSON(value.get_object().get(object));
      return decode_element(route, object);
    }
    if (first != '[')
      return wrong_type(value);
    ondemand::array array;
    FB_TRY_JSON(value.get_array().get(array));
    return decode_elements(route, array);
  }

  // The elements of an all-market frame; depth comes in no such.
  DecodeCode decode_elements(const Route &route, ondemand::array array) noexcept {
    is_array_ = true;
    const bool levels = kind_info(route.kind).has_levels;
    for (auto element : array) {
      ondemand::value value;
      FB_TRY_JSON(element.get(value));
      if (levels || token_of(value).front() != '{')
        return wrong_type(value);
      ondemand::object object;
      FB_TRY_JSON(value.get_object().get(object));
      FB_TRY(decode_element(route, object));
    }
    return DecodeCode::ok;
  }

  DecodeCode decode_element(const Route &route, ondemand::object object) noexcept {
    Staged *staged = staged_.add();
    if (staged == nullptr)
      return DecodeCode::out_of_memory;
    return reader_.read(route, object, size_, *staged);
  }

  // The whole payload is known to be good: give its records their symbols and publish them.
  DecodeCode finish(Route &route) noexcept {
    bool any_trade = false; // and not only fillers
    for (Staged &staged : staged_) {
      result_.symbol = staged.symbol_text();
      if (!staged.has_symbol) // spot partial depth names none
        continue;
      if (route.symbol_length != 0 && route.symbol_text() != staged.symbol_text())
        return DecodeCode::wrong_symbol;
      FB_TRY(check_symbol(staged.symbol_text()));
    }
    FB_TRY(find_rows(*route.ring));
    bool held = false;
    if (is_array_)
      route.ring->begin_frame();
    for (Staged &staged : staged_) {
      staged.head().recv_ns = recv_ns_;
      if (staged.no_trade) {
        pass_over(route, staged);
        continue;
      }
      any_trade = true;
      const Fate fate = route.merge(staged.head());
      held |= fate == Fate::held;
      result_.records += fate != Fate::dropped;
    }
    if (is_array_)
      route.ring->end_frame(true);
    reader_.report(drifts_, route, recv_ns_, result_.new_drifts);
    ++route.details->fallback;
    result_.outcome = held ? Outcome::held : result_.records != 0 ? Outcome::published : Outcome::dropped;
    if (!any_trade) { // fillers, or an empty array
      ++route.details->skipped;
      result_.outcome = Outcome::skipped;
    }
    return DecodeCode::ok;
  }

  // A filler is no record, but its id is used up. Without a row nothing of its symbol has come.
  void pass_over(Route &route, Staged &staged) noexcept {
    const std::int64_t row = staged.has_symbol ? route.ring->find_symbol(staged.symbol_text()) : 0;
    if (row < 0)
      return;
    staged.head().symbol_id = static_cast<std::uint32_t>(row);
    route.merge(staged.head(), true);
  }

  // Rows for the symbols of all records or, when the table is full, of none: a rejected payload adds no symbol.
  DecodeCode find_rows(RingWriter &ring) noexcept {
    for (Staged &staged : staged_) {
      if (!staged.has_symbol || staged.no_trade)
        continue;
      const DecodeCode code = ring.stage_symbol(staged.symbol_text(), staged.head().symbol_id);
      if (code != DecodeCode::ok) [[unlikely]] {
        ring.forget_staged_symbols();
        return code;
      }
    }
    ring.keep_staged_symbols();
    return DecodeCode::ok;
  }

  ondemand::parser parser_{max_message_bytes};
  ondemand::document document_;
  FallbackResult result_;
  RecordReader reader_;
  StagedRecords staged_;
  DriftTable drifts_;
  std::unique_ptr<char[]> copy_;
  std::size_t copy_room_ = 0;
  const char *payload_ = nullptr;
  std::size_t size_ = 0;
  std::int64_t recv_ns_ = 0;
  bool is_array_ = false;
};

std::unique_ptr<Fallback> make() noexcept {
  std::unique_ptr<Walk> walk(new (std::nothrow) Walk);
  if (walk != nullptr && !walk->reserve())
    walk.reset();
  return walk;
}

#undef FB_TRY
#undef FB_TRY_JSON
