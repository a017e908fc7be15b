// One object of a payload to one record that has no slot yet. Included by fallback_walk.hpp, per implementation.

// A record before it is published.
struct Staged {
  alignas(8) std::byte record[max_record_size];
  std::string_view symbol; // into the payload, or the parser's memory; valid until the next payload
  ShortText<max_symbol_bytes> composed; // the symbol instead, where two keys give it
  bool has_symbol = false;
  bool no_trade = false; // "X":"NA", or "X" and price 0: a filler, counted and not published

  std::string_view symbol_text() const noexcept { return composed.length == 0 ? symbol : composed.view(); }
  RecordHead &head() noexcept { return *reinterpret_cast<RecordHead *>(record); }
  template <class T> T &at(std::size_t offset) noexcept { return *reinterpret_cast<T *>(record + offset); }
};

// The records of one payload. Grows, and keeps what it has grown to: all-market frames have hundreds.
class StagedRecords {
public:
  bool reserve(std::size_t wanted) noexcept {
    if (wanted <= capacity_)
      return true;
    const std::size_t capacity = std::max<std::size_t>(wanted, 2 * capacity_);
    std::unique_ptr<Staged[]> grown(new (std::nothrow) Staged[capacity]);
    if (grown == nullptr)
      return false;
    std::copy(records_.get(), records_.get() + size_, grown.get());
    records_ = std::move(grown);
    capacity_ = capacity;
    return true;
  }
  Staged *add() noexcept {
    if (!reserve(size_ + 1)) [[unlikely]]
      return nullptr;
    return &records_[size_++];
  }
  void clear() noexcept { size_ = 0; }
  Staged *begin() noexcept { return records_.get(); }
  Staged *end() noexcept { return records_.get() + size_; }

private:
  std::unique_ptr<Staged[]> records_;
  std::size_t capacity_ = 0;
  std::size_t size_ = 0;
};

// What every record of a kind is before its keys are read: NaN for numbers that may be missing, 0 for the rest.
struct Blanks {
  alignas(8) std::byte record[kind_count][max_record_size] = {};

  Blanks() noexcept {
    const double missing = std::numeric_limits<double>::quiet_NaN();
    for (std::uint32_t kind = 1; kind < kind_count; ++kind)
      for (std::uint32_t i = 0; i < kinds[kind].field_count; ++i)
        if (kinds[kind].fields[i].code == 'd')
          std::memcpy(record[kind] + kinds[kind].fields[i].offset, &missing, sizeof missing);
  }
};

// `5m` and the like; false for what we cannot read.
inline bool interval_to_ns(std::string_view text, std::int64_t &ns) noexcept {
  if (text.size() < 2 || text.size() > 5)
    return false;
  std::int64_t seconds;
  switch (text.back()) {
  case 's': seconds = 1; break;
  case 'm': seconds = 60; break;
  case 'h': seconds = 3'600; break;
  case 'd': seconds = 86'400; break;
  case 'w': seconds = 604'800; break;
  default: return false;
  }
  std::int64_t count = 0;
  for (const char digit : text.substr(0, text.size() - 1)) {
    if (digit < '0' || digit > '9')
      return false;
    count = count * 10 + (digit - '0');
  }
  ns = count * seconds * 1'000'000'000;
  return true;
}

class RecordReader {
public:
  void clear_surprises() noexcept { surprise_count_ = 0; }

  DecodeCode read(const Route &route, ondemand::object object, std::size_t payload_bytes, Staged &staged) noexcept {
    static const Blanks blanks;
    const auto kind = static_cast<std::uint32_t>(route.kind);
    std::memcpy(staged.record, blanks.record[kind], kinds[kind].record_size);
    staged.symbol = {};
    staged.composed.length = 0;
    staged.has_symbol = staged.no_trade = false;
    asks_first_ = truncated_ = composes_ = false;
    pair_ = contract_type_ = {};
    if (kinds[kind].has_levels) {
      const auto bound = static_cast<std::int64_t>(payload_bytes / 10 + 1);
      const std::int64_t taken = std::min(bound, route.ring->view.level_capacity);
      std::int64_t begin;
      levels_ = room_.at = route.ring->begin_levels(taken, begin);
      room_.left = static_cast<std::size_t>(taken);
      auto &depth = staged.at<DepthRecord>(0);
      depth.levels_begin = begin;
    }
    FB_TRY(read_keys(schemas[kind], object, "", staged));
    if (kinds[kind].has_levels)
      finish_levels(staged);
    if (route.kind == Kind::trade && staged.at<TradeRecord>(0).trade_type != 0 && staged.at<TradeRecord>(0).price == 0)
      staged.no_trade = true;
    return composes_ ? compose_symbol(staged) : DecodeCode::ok;
  }

  // Count what was new in a payload that has been published.
  void report(DriftTable &table, const Route &route, std::int64_t recv_ns, std::uint32_t &added) noexcept {
    for (std::size_t i = 0; i < surprise_count_; ++i)
      added += table.note(route.name_text(), route.kind, surprises_[i], recv_ns);
  }

  // Keep what is new until the whole payload is known to be good. `path` "/": beside the wrapper's own keys.
  __attribute__((noinline)) void surprise(DriftWhat what, std::string_view path, std::string_view name,
                                          std::string_view sample) noexcept {
    if (surprise_count_ == most_surprises)
      return;
    Drift &drift = surprises_[surprise_count_++];
    drift = Drift{};
    drift.what = what;
    drift.path.set(path);
    if (!path.empty() && path != "/")
      drift.path.append(".");
    drift.path.append(name);
    drift.sample.set(sample);
  }

private:
  static constexpr std::size_t most_surprises = 16; // of one payload; its other ones come up again with the next

  DecodeCode read_keys(const Schema &schema, ondemand::object object, std::string_view path, Staged &staged) noexcept {
    std::uint32_t seen = 0;
    for (auto found : object) {
      ondemand::field field;
      FB_TRY_JSON(std::move(found).get(field));
      std::string_view name;
      FB_TRY(get_key(field, name));
      const Key *key = schema.find(name);
      if (key == nullptr) [[unlikely]] {
        ondemand::value value = field.value();
        surprise(DriftWhat::key, path, name, token_of(value));
        FB_TRY(validate(value, max_nesting));
        continue;
      }
      if (seen & key->bit)
        return DecodeCode::duplicate_key;
      seen |= key->bit;
      FB_TRY(read_value(schema, *key, field.value(), path, staged));
    }
    return (seen & schema.required) == schema.required ? DecodeCode::ok : DecodeCode::missing_key;
  }

  DecodeCode read_value(const Schema &schema, const Key &key, ondemand::value value, std::string_view path,
                        Staged &staged) noexcept {
    switch (key.type) {
    case Type::ignored: return validate(value, max_nesting);
    case Type::event: {
      std::string_view event;
      FB_TRY(get_text(value, event));
      return schema.has_event(event) ? DecodeCode::ok : DecodeCode::wrong_event;
    }
    case Type::symbol: staged.has_symbol = true; return get_text(value, staged.symbol);
    case Type::pair: composes_ = true; return get_text(value, pair_);
    case Type::contract_type: return get_text(value, contract_type_);
    case Type::contract: {
      std::string_view text;
      FB_TRY(get_text(value, text));
      staged.symbol = text.substr(0, text.find('@'));
      staged.has_symbol = true;
      return DecodeCode::ok;
    }
    case Type::integer: return get_integer(value, staged.at<std::int64_t>(key.at));
    case Type::time: return get_time(value, staged.at<std::int64_t>(key.at));
    case Type::decimal: return get_decimal(value, staged.at<double>(key.at));
    case Type::maybe_decimal: {
      const std::string_view token = token_of(value);
      // NaN is there already.
      return token == "null" || token == "\"\"" ? DecodeCode::ok : get_decimal(value, staged.at<double>(key.at));
    }
    case Type::boolean: return get_bool(value, staged.at<std::uint8_t>(key.at));
    case Type::code: {
      std::string_view text;
      FB_TRY(get_text(value, text));
      const std::uint8_t code = key.codes.find(text);
      staged.no_trade |= code == no_trade_code;
      staged.at<std::uint8_t>(key.at) = code;
      if (code == unknown_code) [[unlikely]]
        surprise(DriftWhat::value, path, key.name, text);
      return DecodeCode::ok;
    }
    case Type::product: {
      std::int64_t product = 0;
      FB_TRY(get_integer(value, product));
      if (product == 1 || product == 2)
        staged.head().flags |= product == 1 ? FLAG_USDM : FLAG_COINM;
      else
        surprise(DriftWhat::value, path, key.name, token_of(value));
      return DecodeCode::ok;
    }
    case Type::interval: {
      std::string_view text;
      FB_TRY(get_text(value, text));
      if (!interval_to_ns(text, staged.at<std::int64_t>(key.at))) [[unlikely]]
        surprise(DriftWhat::value, path, key.name, text);
      return DecodeCode::ok;
    }
    case Type::bids: {
      auto &depth = staged.at<DepthRecord>(0);
      asks_first_ = depth.ask_count != 0;
      return get_levels(value, room_, depth.bid_count, truncated_);
    }
    case Type::asks: return get_levels(value, room_, staged.at<DepthRecord>(0).ask_count, truncated_);
    case Type::object: {
      if (token_of(value).front() != '{')
        return wrong_type(value);
      ondemand::object object;
      FB_TRY_JSON(value.get_object().get(object));
      return read_keys(*key.inner, object, key.name, staged);
    }
    }
    return DecodeCode::ok;
  }

  void finish_levels(Staged &staged) noexcept {
    auto &depth = staged.at<DepthRecord>(0);
    if (asks_first_) // records promise bids first
      std::rotate(levels_, levels_ + depth.ask_count, levels_ + depth.ask_count + depth.bid_count);
    if (truncated_)
      depth.flags |= FLAG_LEVELS_TRUNCATED;
  }

  // `BTCUSDT` and `PERPETUAL`: the stream's own spelling, which tells a pair's contracts apart.
  DecodeCode compose_symbol(Staged &staged) noexcept {
    if (pair_.empty() || contract_type_.empty())
      return DecodeCode::wrong_symbol;
    if (pair_.size() + 1 + contract_type_.size() > max_symbol_bytes)
      return DecodeCode::symbol_too_long;
    staged.composed.set(pair_);
    staged.composed.append("_");
    staged.composed.append(contract_type_);
    staged.has_symbol = true;
    return DecodeCode::ok;
  }

  LevelRoom room_;
  Level *levels_ = nullptr;
  bool asks_first_ = false, truncated_ = false;
  bool composes_ = false; // a pair and a contract type make the symbol
  std::string_view pair_, contract_type_;
  std::array<Drift, most_surprises> surprises_ = {};
  std::size_t surprise_count_ = 0;
};
