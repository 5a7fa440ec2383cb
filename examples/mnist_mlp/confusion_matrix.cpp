#include "confusion_matrix.h"

#include <algorithm>
#include <cstdio>
#include <numeric>

namespace {

constexpr int kTableWidth = 74;

template <class... Values>
std::string print(const char* format, Values... values) {
  char text[128];
  std::snprintf(text, sizeof text, format, values...);
  return text;
}

}  // namespace

ConfusionMatrix::ConfusionMatrix(const std::vector<Prediction>& predictions) {
  for (const Prediction& p : predictions) {
    ++counts_.at(static_cast<std::size_t>(p.target)).at(static_cast<std::size_t>(p.predicted));
  }
}

std::string ConfusionMatrix::to_text(int width) const {
  return width >= kTableWidth ? table() : most_frequent();
}

std::string ConfusionMatrix::table() const {
  std::string text = "confusion matrix (rows: digit, columns: taken for)\n     ";
  for (int digit = 0; digit < 10; ++digit) text += print("%6d", digit);
  text += "   right\n";
  for (std::size_t target = 0; target < 10; ++target) {
    const auto& row = counts_[target];
    const auto total = std::accumulate(row.begin(), row.end(), std::int64_t{0});
    text += print("%5zu", target);
    for (const auto count : row)
      text += count ? print("%6lld", static_cast<long long>(count)) : "     .";
    text += total ? print("%7.1f%%",
                          100.0 * static_cast<double>(row[target]) / static_cast<double>(total))
                  : "       -";
    text += '\n';
  }
  return text;
}

std::string ConfusionMatrix::most_frequent() const {
  std::vector<std::array<std::size_t, 2>> pairs;
  for (std::size_t target = 0; target < 10; ++target) {
    for (std::size_t predicted = 0; predicted < 10; ++predicted) {
      if (target != predicted && count(target, predicted) > 0) pairs.push_back({target, predicted});
    }
  }
  std::stable_sort(pairs.begin(), pairs.end(),
                   [this](auto a, auto b) { return count(a[0], a[1]) > count(b[0], b[1]); });
  pairs.resize(std::min<std::size_t>(pairs.size(), 10));
  std::string text = "frequent mistakes\n";
  for (const auto& [target, predicted] : pairs) {
    text += print("%zu as %zu: %lld\n", target, predicted,
                  static_cast<long long>(count(target, predicted)));
  }
  return text;
}
