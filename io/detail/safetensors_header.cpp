#include <algorithm>
#include <unordered_set>

#include <nlohmann/json.hpp>

#include <tarn/io/detail/grouped.h>
#include <tarn/io/detail/printable.h>
#include <tarn/io/detail/safetensors_header.h>
#include <tarn/tensor/error.h>
#include <tarn/tensor/str.h>

namespace tarn::io::detail {
namespace {

using Json = nlohmann::json;

constexpr std::uint64_t kMaxSafetensorsHeader = 100'000'000;
constexpr const char* kMetadata = "__metadata__";

struct StoredType {
  std::string_view name;
  ElementType element;
};
constexpr StoredType kStoredTypes[] = {
    {"F64", ElementType::f64},   {"F32", ElementType::f32}, {"F16", ElementType::f16},
    {"BF16", ElementType::bf16}, {"I64", ElementType::i64}, {"I32", ElementType::i32},
    {"I16", ElementType::i16},   {"I8", ElementType::i8},   {"U32", ElementType::u32},
    {"U16", ElementType::u16},   {"U8", ElementType::u8},   {"BOOL", ElementType::boolean}};

std::string_view name_of(ElementType element) {
  return std::find_if(std::begin(kStoredTypes), std::end(kStoredTypes),
                      [&](const StoredType& type) { return type.element == element; })
      ->name;
}

// Takes the header apart as the parser comes by its pieces: a tree of the whole could take many
// times the memory of the file, and would not tell of names that come twice. Pieces that the format
// has no place for end the parsing, so nothing nests deeper than the format does.
class HeaderReader : public Json::json_sax_t {
 public:
  HeaderReader(const FileName& file, SafetensorsHeader& header) : file_(file), header_(header) {}

  bool start_object(std::size_t) override {
    if (place_ == Place::start) return enter(Place::names);
    if (place_ != Place::names) return refuse("an object");
    if (name_ == kMetadata) return enter(Place::metadata);
    header_.entries.emplace_back().name = name_;
    has_dtype_ = has_shape_ = has_offsets_ = false;
    return enter(Place::fields);
  }

  bool key(std::string& text) override {
    if (place_ == Place::names) {
      if (!names_.insert(text).second) fail(str("\"", printable(text), "\" is listed twice"));
      name_ = text;
    } else if (place_ == Place::metadata) {
      if (!header_.metadata.try_emplace(text).second)
        fail(str(kMetadata, "[\"", printable(text), "\"] is listed twice"));
      key_ = text;
    } else {
      start_field(text);
    }
    return true;
  }

  bool string(std::string& text) override {
    if (place_ == Place::metadata) {
      header_.metadata[key_] = text;
      return true;
    }
    if (place_ != Place::fields || key_ != "dtype") return refuse("a string");
    for (const StoredType& type : kStoredTypes) {
      if (type.name != text) continue;
      entry().element = type.element;
      return true;
    }
    fail(str(shown(), " has dtype ", printable(text),
             ": supported are F64 F32 F16 BF16 I64 I32 I16 I8 U32 U16 U8 BOOL"));
  }

  bool start_array(std::size_t) override {
    if (place_ != Place::fields || key_ == "dtype") return refuse("an array");
    offsets_ = 0;
    return enter(key_ == "shape" ? Place::shape : Place::offsets);
  }

  bool number_unsigned(number_unsigned_t value) override {
    if (place_ == Place::shape) {
      if (value > INT64_MAX) return refuse(str(value));
      if (entry().shape.size() == kMaxDim)
        fail(str(shown(), " has more than ", kMaxDim, " dimensions: a tensor cannot hold it"));
      entry().shape.push_back(static_cast<std::int64_t>(value));
    } else if (place_ == Place::offsets && offsets_ < 2) {
      (offsets_ == 0 ? entry().begin : entry().end) = value;
      ++offsets_;
    } else {
      return refuse(str(value));
    }
    return true;
  }

  bool end_array() override {
    if (place_ == Place::offsets && offsets_ != 2)
      fail(str(shown(), " has data_offsets of length ", offsets_, ": expected 2"));
    return enter(Place::fields);
  }

  bool end_object() override {
    if (place_ == Place::fields && !(has_dtype_ && has_shape_ && has_offsets_)) {
      fail(str(shown(), " lacks ", has_dtype_ ? has_shape_ ? "data_offsets" : "shape" : "dtype"));
    }
    return enter(place_ == Place::names ? Place::end : Place::names);
  }

  bool null() override { return refuse("null"); }
  bool boolean(bool value) override { return refuse(value ? "true" : "false"); }
  bool number_integer(number_integer_t value) override { return refuse(str(value)); }
  bool number_float(number_float_t, const std::string& text) override {
    return refuse(printable(text));
  }
  bool binary(binary_t&) override { return refuse("binary data"); }

  bool parse_error(std::size_t position, const std::string& token,
                   const nlohmann::detail::exception&) override {
    file_.fail(str("header is no JSON in UTF-8 at offset ", kSafetensorsLengthBytes + position,
                   " (\"", printable(token), "\"): truncated, or not a safetensors file"),
               kSafetensorsLengthBytes + position);
  }

 private:
  enum class Place { start, names, metadata, fields, shape, offsets, end };

  bool enter(Place place) {
    place_ = place;
    return true;
  }

  void start_field(const std::string& text) {
    bool* const seen = text == "dtype"          ? &has_dtype_
                       : text == "shape"        ? &has_shape_
                       : text == "data_offsets" ? &has_offsets_
                                                : nullptr;
    if (!seen) {
      fail(str(shown(), " has an unknown field \"", printable(text),
               "\": expected dtype, shape and data_offsets"));
    }
    if (*seen) fail(str(shown(), " has ", text, " twice"));
    *seen = true;
    key_ = text;
  }

  SafetensorsEntry& entry() { return header_.entries.back(); }
  std::string shown() const { return str("\"", printable(name_), "\""); }
  [[noreturn]] void fail(const std::string& text) const {
    file_.fail("header: " + text, kSafetensorsLengthBytes);
  }

  // A value where the format wants another.
  [[noreturn]] bool refuse(const std::string& value) {
    switch (place_) {
      case Place::start:
      case Place::end:
        fail(str("is ", value, ": expected an object"));
      case Place::names:
        fail(str(shown(), " is ", value, ": expected an object"));
      case Place::metadata:
        fail(str(kMetadata, "[\"", printable(key_), "\"] is ", value,
                 ": the format allows only strings"));
      case Place::shape:
        fail(str(shown(), ": shape[", entry().shape.size(), "] = ", value,
                 ": expected an integer from 0 to 2^63-1"));
      case Place::offsets:
        fail(str(shown(), ": data_offsets[", offsets_, "] = ", value,
                 ": expected two integers from 0 to 2^64-1"));
      case Place::fields:
        break;
    }
    fail(str(shown(), ": ", key_, " is ", value, ": expected ",
             key_ == "dtype" ? "a string" : "an array of integers"));
  }

  const FileName& file_;
  SafetensorsHeader& header_;
  Place place_ = Place::start;
  std::unordered_set<std::string> names_;
  std::string name_;
  std::string key_;
  int offsets_ = 0;
  bool has_dtype_ = false;
  bool has_shape_ = false;
  bool has_offsets_ = false;
};

// No byte belongs to two tensors or to none: a file must not be two things at once.
void check_places(const FileName& file, SafetensorsHeader& header, std::uint64_t data_bytes) {
  auto& entries = header.entries;
  std::stable_sort(entries.begin(), entries.end(), [](const auto& a, const auto& b) {
    return a.begin != b.begin ? a.begin < b.begin : a.end < b.end;
  });
  std::uint64_t end = 0;
  for (const SafetensorsEntry& entry : entries) {
    const auto fail = [&](const std::string& text) {
      file.fail(str("header: \"", printable(entry.name), "\"", text), kSafetensorsLengthBytes);
    };
    const auto bytes = stored_bytes(entry.shape, entry.element);
    if (!bytes) fail(str(": shape ", entry.shape, " x ", name_of(entry.element), " overflows"));
    if (entry.begin != end) {
      fail(str(" starts at ", entry.begin, ", the previous tensor ends at ", end,
               ": tensors must follow one another without gap or overlap"));
    }
    if (entry.end < entry.begin || entry.end - entry.begin != *bytes) {
      fail(str(": data_offsets [", entry.begin, ", ", entry.end, "] do not hold shape ",
               entry.shape, " x ", name_of(entry.element), ", which needs ", grouped(*bytes),
               " bytes"));
    }
    end = entry.end;
  }
  if (end != data_bytes) {
    file.fail(str("the tensors take ", grouped(end), " bytes, ", grouped(data_bytes),
                  " follow the header; ", end > data_bytes ? "truncated" : "damaged"),
              kSafetensorsLengthBytes);
  }
}

std::string quoted(const FileName& file, const std::string& text) {
  try {
    return Json(text).dump();
  } catch (const Json::exception&) {
    throw ValueError(str(file.component, ": ", file.path, ": \"", printable(text),
                         "\" is not UTF-8: names and metadata must be"));
  }
}

// By alignment, so that each tensor begins at a multiple of its elements' size, then by name.
bool comes_before(const StateDict::Entry* a, const StateDict::Entry* b) {
  constexpr int kRank[] = {2, 1, 0, 3, 4, 5};  // of float32, float64, int64, int32, uint8, bool
  const int rank_a = kRank[static_cast<int>(a->second.dtype())];
  const int rank_b = kRank[static_cast<int>(b->second.dtype())];
  return rank_a != rank_b ? rank_a < rank_b : a->first < b->first;
}

}  // namespace

std::uint64_t safetensors_header_length(const FileName& file, std::string_view start,
                                        std::uint64_t file_bytes) {
  if (start.starts_with("PK\3\4")) {
    file.fail(
        "is a zip archive, as torch.save and numpy.savez write: expected safetensors; read "
        "numpy's with read_npz(), and write PyTorch's with numpy.savez() or safetensors in Python");
  }
  if (start.size() < kSafetensorsLengthBytes)
    file.fail(str(start.size(), " bytes: too short for the 8-byte header length"));
  std::uint64_t length = 0;
  for (std::size_t i = kSafetensorsLengthBytes; i-- > 0;)
    length = length << 8 | static_cast<std::uint8_t>(start[i]);
  if (length > kMaxSafetensorsHeader || length > file_bytes - kSafetensorsLengthBytes) {
    file.fail(str("header length ", grouped(length), " at offset 0: limit ",
                  grouped(kMaxSafetensorsHeader), " (file has ", grouped(file_bytes),
                  "); truncated download, or not a safetensors file"));
  }
  return length;
}

SafetensorsHeader parse_safetensors_header(const FileName& file, std::string_view text,
                                           std::uint64_t data_bytes) {
  // Only blanks may follow the object.
  const std::size_t last = text.find_last_not_of(' ');
  if (text.empty() || text.front() != '{' || text[last] != '}') {
    file.fail(str("header \"", printable(text), "\" is no object: expected {...} and then blanks"),
              kSafetensorsLengthBytes);
  }
  SafetensorsHeader header;
  HeaderReader reader(file, header);
  Json::sax_parse(text.begin(), text.end(), &reader);
  check_places(file, header, data_bytes);
  return header;
}

SafetensorsLayout lay_out_safetensors(const FileName& file, const StateDict& tensors,
                                      const std::map<std::string, std::string>& metadata) {
  SafetensorsLayout layout;
  for (const auto& entry : tensors) {
    if (!entry.second.defined() || entry.first == kMetadata) {
      throw ValueError(str(file.component, ": ", file.path, ": \"", printable(entry.first),
                           entry.second.defined() ? "\" is the metadata's name: expected another"
                                                  : "\" is undefined: expected a tensor"));
    }
    layout.order.push_back(&entry);
  }
  std::sort(layout.order.begin(), layout.order.end(), comes_before);
  std::string json = "{";
  const auto separate = [&json] { json += json.size() > 1 ? "," : ""; };
  if (!metadata.empty()) {
    json += str("\"", kMetadata, "\":{");
    bool first = true;
    for (const auto& [key, value] : metadata) {
      json += str(first ? "" : ",", quoted(file, key), ":", quoted(file, value));
      first = false;
    }
    json += "}";
  }
  std::uint64_t begin = 0;
  for (const StateDict::Entry* entry : layout.order) {
    const Tensor& x = entry->second;
    const std::uint64_t end =
        begin + static_cast<std::uint64_t>(x.numel()) * element_size(x.dtype());
    std::string shape;
    for (const std::int64_t size : x.sizes()) shape += str(shape.empty() ? "" : ",", size);
    separate();
    json += str(quoted(file, entry->first), ":{\"dtype\":\"", name_of(stored_as(x.dtype())),
                "\",\"shape\":[", shape, "],\"data_offsets\":[", begin, ",", end, "]}");
    begin = end;
  }
  json += "}";
  json.append((8 - json.size() % 8) % 8, ' ');
  if (json.size() > kMaxSafetensorsHeader) {
    throw ValueError(str(file.component, ": ", file.path, ": the names take ", grouped(json.size()),
                         " bytes: expected at most ", grouped(kMaxSafetensorsHeader)));
  }
  for (std::size_t i = 0; i < kSafetensorsLengthBytes; ++i)
    layout.start += static_cast<char>(json.size() >> (8 * i));
  layout.start += json;
  return layout;
}

}  // namespace tarn::io::detail
