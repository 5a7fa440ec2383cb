#include "ngram.h"

#include <algorithm>
#include <cmath>

namespace {

std::string as_string(const tarn::Tensor& text) {
  std::string result;
  for (const auto c : text.to_vector<std::int64_t>()) result += static_cast<char>(c);
  return result;
}

}  // namespace

NGram::NGram(const tarn::Tensor& text, int order, std::int64_t alphabet_size,
             const tarn::Tensor& validation)
    : levels_(static_cast<std::size_t>(order)), uniform_(1.0 / static_cast<double>(alphabet_size)) {
  count(as_string(text));
  estimate_discounts();
  choose_factor(validation);
}

void NGram::count(const std::string& text) {
  for (std::size_t length = levels_.size(); length-- > 0;) {
    Level& level = levels_[length];
    if (length + 1 == levels_.size()) {
      for (std::size_t i = length; i < text.size(); ++i)
        ++level.contexts[text.substr(i - length, length)].next[text[i]];
    } else {
      // A shorter context counts in how many longer ones the character followed.
      for (const auto& [context, counts] : levels_[length + 1].contexts) {
        for (const auto& [c, count] : counts.next) ++level.contexts[context.substr(1)].next[c];
      }
    }
  }
}

void NGram::estimate_discounts() {
  for (Level& level : levels_) {
    double once = 0;
    double twice = 0;
    for (auto& [context, counts] : level.contexts) {
      for (const auto& [c, count] : counts.next) {
        counts.total += count;
        once += count == 1;
        twice += count == 2;
      }
    }
    level.discount = once > 0 && twice > 0 ? once / (once + 2 * twice) : 0.5;
  }
}

void NGram::choose_factor(const tarn::Tensor& validation) {
  double best = 1;
  double least = bits_per_character(validation);
  for (const double factor : {0.6, 0.7, 0.8, 0.9, 1.1, 1.2, 1.3}) {
    factor_ = factor;
    const double bits = bits_per_character(validation);
    if (bits < least) {
      least = bits;
      best = factor;
    }
  }
  factor_ = best;
}

double NGram::probability(const std::string& before, char c) const {
  double p = uniform_;
  for (std::size_t length = 0; length < levels_.size() && length <= before.size(); ++length) {
    const Level& level = levels_[length];
    const auto found = level.contexts.find(before.substr(before.size() - length));
    if (found == level.contexts.end()) break;
    const Counts& counts = found->second;
    const auto next = counts.next.find(c);
    const double count = next == counts.next.end() ? 0 : static_cast<double>(next->second);
    const auto total = static_cast<double>(counts.total);
    const double discount = std::min(factor_ * level.discount, 1.0);
    p = (std::max(count - discount, 0.0) + discount * static_cast<double>(counts.next.size()) * p) /
        total;
  }
  return p;
}

double NGram::bits_per_character(const tarn::Tensor& tensor) const {
  const std::string text = as_string(tensor);
  double bits = 0;
  for (std::size_t i = 1; i < text.size(); ++i) {
    const std::size_t length = std::min(i, levels_.size() - 1);
    bits -= std::log2(probability(text.substr(i - length, length), text[i]));
  }
  return bits / static_cast<double>(text.size() - 1);
}
