#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "evaluation.h"

/// How often each digit was taken for each digit.
class ConfusionMatrix {
 public:
  explicit ConfusionMatrix(const std::vector<Prediction>& predictions);

  std::int64_t count(std::size_t target, std::size_t predicted) const {
    return counts_[target][predicted];
  }

  /// A table with a row for each target, or, where `width` is too small for it, the ten most
  /// frequent mistakes.
  std::string to_text(int width) const;

 private:
  std::string table() const;
  std::string most_frequent() const;

  std::array<std::array<std::int64_t, 10>, 10> counts_{};
};
