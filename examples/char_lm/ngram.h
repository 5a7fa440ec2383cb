#pragma once

#include <map>
#include <string>
#include <unordered_map>
#include <vector>

#include <tarn/tensor/tensor.h>

/// Predicts a character from the `order` - 1 before it: interpolated Kneser-Ney smoothing (Kneser
/// and Ney 1995; Chen and Goodman 1999, section 3), one discount for each length of context.
class NGram {
 public:
  /// The discounts are those that the counts suggest, times the factor that predicts `validation`
  /// best.
  NGram(const tarn::Tensor& text, int order, std::int64_t alphabet_size,
        const tarn::Tensor& validation);

  /// The mean of -log2 p over the characters of `text` but the first.
  double bits_per_character(const tarn::Tensor& text) const;

 private:
  struct Counts {
    std::map<char, std::int64_t> next;
    std::int64_t total = 0;
  };
  struct Level {
    std::unordered_map<std::string, Counts> contexts;
    double discount = 0;
  };

  void count(const std::string& text);
  void estimate_discounts();
  void choose_factor(const tarn::Tensor& validation);
  double probability(const std::string& before, char c) const;

  std::vector<Level> levels_;  // by the length of the context
  double uniform_;
  double factor_ = 1;  // of all discounts
};
