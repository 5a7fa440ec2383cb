#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <ostream>
#include <type_traits>

#include <tarn/tensor/kernels/visit.h>
#include <tarn/tensor/print.h>
#include <tarn/tensor/str.h>

namespace tarn {
namespace {

// The defaults of torch.set_printoptions.
constexpr int kPrecision = 4;
constexpr std::int64_t kThreshold = 1000;
constexpr std::int64_t kEdgeItems = 3;
constexpr std::int64_t kLineWidth = 80;

/// Of a tensor with more than kThreshold elements only the ends of each dimension are shown.
bool is_cut(const Tensor& x, int dim) {
  return x.numel() > kThreshold && x.sizes()[dim] > 2 * kEdgeItems;
}

/// The index shown after `i` along `dim`.
std::int64_t next_shown(const Tensor& x, int dim, std::int64_t i) {
  const bool gap = is_cut(x, dim) && i + 1 == kEdgeItems;
  return gap ? x.sizes()[dim] - kEdgeItems : i + 1;
}

/// Calls f with the offset of every element that is shown, in row-major order.
template <class F>
void for_each_shown(const Tensor& x, int dim, std::int64_t offset, F& f) {
  if (dim == x.dim()) return f(offset);
  for (std::int64_t i = 0; i < x.sizes()[dim]; i = next_shown(x, dim, i)) {
    for_each_shown(x, dim + 1, offset + i * x.strides()[dim], f);
  }
}

enum class Notation { integral, fixed, scientific };

bool is_plain(double value) { return std::isfinite(value) && value != 0; }

/// One notation for all numbers of a tensor: by whether all are whole, and by the magnitudes they
/// span.
Notation choose_notation(const std::vector<double>& values) {
  bool whole = true;
  double smallest = INFINITY;
  double largest = 0;
  for (const double value : values) {
    if (!is_plain(value)) continue;
    whole = whole && value == std::ceil(value);
    smallest = std::min(smallest, std::abs(value));
    largest = std::max(largest, std::abs(value));
  }
  if (largest == 0) return Notation::integral;
  const bool wide = largest / smallest > 1e3 || largest > 1e8;
  if (wide || (!whole && smallest < 1e-4)) return Notation::scientific;
  return whole ? Notation::integral : Notation::fixed;
}

std::string format(double value, Notation notation) {
  if (std::isnan(value)) return "nan";
  const bool scientific = notation == Notation::scientific;
  // 24 is enough: choose_notation() writes numbers above 1e8 with an exponent.
  std::array<char, 24> buffer;
  const auto end =
      std::to_chars(buffer.data(), buffer.data() + buffer.size(), value,
                    scientific ? std::chars_format::scientific : std::chars_format::fixed,
                    notation == Notation::integral ? 0 : kPrecision);
  std::string text(buffer.data(), end.ptr);
  if (notation == Notation::integral && std::isfinite(value)) text += '.';
  return text;
}

void pad(std::vector<std::string>& cells, std::size_t width) {
  for (std::string& cell : cells) {
    if (cell.size() < width) cell.insert(0, width - cell.size(), ' ');
  }
}

std::size_t format_floats(const std::vector<double>& values, std::vector<std::string>& cells) {
  const Notation notation = choose_notation(values);
  std::size_t width = 1;
  for (const double value : values) {
    cells.push_back(format(value, notation));
    // Zeros and non-finite values do not widen the columns.
    if (is_plain(value)) width = std::max(width, cells.back().size());
  }
  return width;
}

/// The elements that are shown as text, in row-major order, padded to the width of the columns.
class Cells {
 public:
  explicit Cells(const Tensor& x) {
    kernels::visit(x.dtype(), [&]<class T>() {
      const T* data = x.data_ptr<T>();
      if constexpr (std::is_floating_point_v<T>) {
        std::vector<double> values;
        auto add = [&](std::int64_t offset) { values.push_back(data[offset]); };
        for_each_shown(x, 0, 0, add);
        width_ = format_floats(values, cells_);
      } else {
        auto add = [&](std::int64_t offset) { append(data[offset]); };
        for_each_shown(x, 0, 0, add);
      }
    });
    pad(cells_, width_);
  }

  std::int64_t width() const { return static_cast<std::int64_t>(width_); }
  const std::string& next() { return cells_[position_++]; }

 private:
  template <class T>
  void append(T value) {
    if constexpr (std::is_same_v<T, bool>) {
      cells_.emplace_back(value ? "True" : "False");
    } else {
      cells_.push_back(str(value));
    }
    width_ = std::max(width_, cells_.back().size());
  }

  std::vector<std::string> cells_;
  std::size_t width_ = 1;
  std::size_t position_ = 0;
};

/// The innermost dimension: as many cells a line as fit.
void append_row(std::string& text, const Tensor& x, Cells& cells, int indent) {
  const std::string break_line = ",\n" + std::string(static_cast<std::size_t>(indent) + 1, ' ');
  const std::int64_t per_line =
      std::max<std::int64_t>(1, (kLineWidth - indent) / (cells.width() + 2));
  std::int64_t count = 0;
  auto append = [&](const std::string& cell) {
    if (count > 0) text += count % per_line == 0 ? break_line : ", ";
    text += cell;
    ++count;
  };
  const int dim = x.dim() - 1;
  text += '[';
  for (std::int64_t i = 0; i < x.sizes()[dim]; i = next_shown(x, dim, i)) {
    if (is_cut(x, dim) && i == x.sizes()[dim] - kEdgeItems) append(" ...");
    append(cells.next());
  }
  text += ']';
}

/// Dimension `dim` and those inside it.
void append_block(std::string& text, const Tensor& x, Cells& cells, int dim, int indent) {
  const int inner = x.dim() - 1 - dim;
  if (inner < 0) {
    text += cells.next();
    return;
  }
  if (inner == 0) return append_row(text, x, cells, indent);
  const std::string separator = "," + std::string(static_cast<std::size_t>(inner), '\n') +
                                std::string(static_cast<std::size_t>(indent) + 1, ' ');
  text += '[';
  for (std::int64_t i = 0; i < x.sizes()[dim]; i = next_shown(x, dim, i)) {
    if (i > 0) text += separator;
    if (is_cut(x, dim) && i == x.sizes()[dim] - kEdgeItems) text += "..." + separator;
    append_block(text, x, cells, dim + 1, indent + 1);
  }
  text += ']';
}

/// "log_softmax" becomes "LogSoftmaxBackward0", as PyTorch calls its nodes.
std::string node_name(const std::string& op) {
  std::string name;
  bool upper = true;
  for (const char c : op) {
    if (c != '_') name += upper && c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
    upper = c == '_';
  }
  return name + "Backward0";
}

std::string size_tuple(const Shape& shape) {
  const std::string list = to_string(shape);
  return "(" + list.substr(1, list.size() - 2) + ")";
}

/// What follows the elements: only what they do not show themselves.
std::vector<std::string> suffixes(const Tensor& x) {
  std::vector<std::string> parts;
  if (x.numel() == 0 && x.dim() != 1) parts.push_back("size=" + size_tuple(x.sizes()));
  const bool shows_dtype = x.numel() > 0 && (x.dtype() == kInt64 || x.dtype() == kBool);
  if (x.dtype() != kFloat32 && !shows_dtype) parts.push_back(str("dtype=torch.", x.dtype()));
  if (!x.is_leaf()) {
    parts.push_back("grad_fn=<" + node_name(x.grad_fn_name()) + ">");
  } else if (x.requires_grad()) {
    parts.emplace_back("requires_grad=True");
  }
  return parts;
}

}  // namespace

std::string to_string(const Tensor& tensor) {
  if (!tensor.defined()) return "tensor(undefined)";
  std::string text = "tensor(";
  const auto indent = text.size();
  if (tensor.numel() == 0) {
    text += "[]";
  } else {
    Cells cells(tensor);
    append_block(text, tensor, cells, 0, static_cast<int>(indent));
  }
  // PyTorch counts the last line of the elements two characters longer than it is.
  auto column = text.size() - (text.rfind('\n') + 1) + 2;
  for (const std::string& part : suffixes(tensor)) {
    if (column + part.size() + 2 > kLineWidth) {
      text += ",\n" + std::string(indent, ' ') + part;
      column = indent + part.size();
    } else {
      text += ", " + part;
      column += part.size() + 2;
    }
  }
  return text + ")";
}

std::ostream& operator<<(std::ostream& stream, const Tensor& tensor) {
  return stream << to_string(tensor);
}

std::ostream& operator<<(std::ostream& stream, const Shape& shape) {
  return stream << to_string(shape);
}

}  // namespace tarn
