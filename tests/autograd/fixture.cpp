#include "fixture.h"

#include <bit>
#include <charconv>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <stdexcept>

#include <tarn/tensor/factories.h>

namespace tarn::testing {
namespace {

std::int64_t to_integer(std::string_view text) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) {
    throw std::runtime_error("fixture: not an integer: " + std::string(text));
  }
  return value;
}

Shape to_shape(const std::string& text) {
  Shape shape;
  std::stringstream stream(text);
  for (std::string item; std::getline(stream, item, ',');) shape.push_back(to_integer(item));
  return shape;
}

DType to_dtype(const std::string& text) {
  for (const DType dtype : {kFloat32, kFloat64, kInt64, kInt32, kUInt8, kBool}) {
    if (text == name(dtype)) return dtype;
  }
  throw std::runtime_error("fixture: unknown dtype " + text);
}

template <class T, class Bits>
std::vector<T> to_values(std::string_view text) {
  constexpr std::size_t digits = 2 * sizeof(Bits);
  if (text.size() % digits != 0) throw std::runtime_error("fixture: a tensor's bits end early");
  std::vector<T> values;
  for (std::size_t i = 0; i < text.size(); i += digits) {
    Bits bits = 0;
    const auto [end, error] = std::from_chars(text.data() + i, text.data() + i + digits, bits, 16);
    if (error != std::errc() || end != text.data() + i + digits)
      throw std::runtime_error("fixture: bad digits");
    values.push_back(static_cast<T>(
        std::bit_cast<std::conditional_t<sizeof(T) == sizeof(Bits), T, Bits>>(bits)));
  }
  return values;
}

Tensor read_tensor(std::istream& line) {
  std::string dtype;
  std::string sizes;
  std::string bits;
  line >> dtype >> sizes >> bits;
  const Shape shape = sizes == "-" ? Shape() : to_shape(sizes);
  switch (to_dtype(dtype)) {
    case kFloat32:
      return from_vector(to_values<float, std::uint32_t>(bits), shape);
    case kFloat64:
      return from_vector(to_values<double, std::uint64_t>(bits), shape);
    case kInt64:
      return from_vector(to_values<std::int64_t, std::uint64_t>(bits), shape);
    case kInt32:
      return from_vector(to_values<std::int32_t, std::uint32_t>(bits), shape);
    case kUInt8:
      return from_vector(to_values<std::uint8_t, std::uint8_t>(bits), shape);
    case kBool:
      return from_vector(to_values<bool, std::uint8_t>(bits), shape);
  }
  throw std::runtime_error("fixture: unknown dtype " + dtype);
}

Fixture read_header(std::istream& line) {
  Fixture fixture;
  std::string flag;
  line >> fixture.op >> fixture.sample >> fixture.dtype >> flag;
  fixture.smooth = flag == "smooth";
  return fixture;
}

void read_line(Fixture& fixture, const std::string& kind, std::istream& line) {
  if (kind == "arg") {
    std::string key;
    std::string text;
    line >> key >> text;
    fixture.arguments.set(key, text);
  } else if (kind == "variable" || kind == "constant") {
    fixture.inputs.push_back({read_tensor(line), kind == "variable"});
  } else if (kind == "error") {
    fixture.error = true;
  } else if (kind == "output") {
    fixture.output = read_tensor(line);
  } else if (kind == "grad_output") {
    fixture.grad_output = read_tensor(line);
  } else if (kind == "gradient") {
    fixture.gradients.push_back(read_tensor(line));
  } else if (kind == "weight") {
    fixture.weights.push_back(read_tensor(line));
  } else if (kind == "second") {
    fixture.second.push_back(read_tensor(line));
  } else {
    throw std::runtime_error("fixture: unknown line " + kind);
  }
}

using Rows = std::map<std::string, std::vector<Fixture>>;

void read_file(const std::filesystem::path& path, Rows& rows) {
  std::ifstream file(path);
  if (!file) throw std::runtime_error("fixture: cannot read " + path.string());
  Fixture* current = nullptr;
  for (std::string text; std::getline(file, text);) {
    std::istringstream line(text);
    std::string kind;
    line >> kind;
    if (kind.empty() || kind == "#") continue;
    if (kind == "sample") {
      Fixture fixture = read_header(line);
      current = &rows[fixture.op].emplace_back(std::move(fixture));
    } else if (current) {
      read_line(*current, kind, line);
    }
  }
}

Rows read_all() {
  Rows rows;
  const std::filesystem::path folder =
      std::filesystem::path(TARN_SOURCE_DIR) / "tests/fixtures/ops";
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (entry.path().extension() == ".txt") read_file(entry.path(), rows);
  }
  return rows;
}

const Rows& all_rows() {
  static const Rows rows = read_all();
  return rows;
}

const std::vector<Fixture>& row_of(const Rows& rows, const std::string& op) {
  static const std::vector<Fixture> none;
  const auto found = rows.find(op);
  return found == rows.end() ? none : found->second;
}

}  // namespace

Scalar Arguments::number(const std::string& name) const {
  const std::string& value = text(name);
  if (value.find_first_of(".einf") == std::string::npos) return to_integer(value);
  double number = 0;
  const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), number);
  if (error != std::errc()) throw std::runtime_error("fixture: not a number: " + value);
  return number;
}

Shape Arguments::integers(const std::string& name) const { return to_shape(text(name)); }

const std::vector<Fixture>& fixtures_of(const std::string& op) { return row_of(all_rows(), op); }

const std::vector<Fixture>& dtype_fixtures_of(const std::string& op) {
  static const Rows rows = [] {
    Rows all;
    read_file(std::filesystem::path(TARN_SOURCE_DIR) / "tests/fixtures/dtypes.txt", all);
    return all;
  }();
  return row_of(rows, op);
}

std::vector<std::string> fixture_rows() {
  std::vector<std::string> names;
  for (const auto& [name, fixtures] : all_rows()) names.push_back(name);
  return names;
}

}  // namespace tarn::testing
