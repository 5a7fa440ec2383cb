#pragma once

#include <concepts>
#include <cstdint>
#include <string>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

namespace tarn::io {

/// A number or a text that a logger writes.
using MetricValue = std::variant<std::int64_t, double, bool, std::string>;

/// A named value. Made of whatever is at hand: {"step", 3}, {"loss", loss.item()}, {"note", "ok"}.
struct Metric {
  template <class T>
  requires std::is_arithmetic_v<T> || std::convertible_to<T, std::string> Metric(
      std::string metric_name, const T& metric_value)
      : name(std::move(metric_name)) {
    if constexpr (std::same_as<T, bool>) {
      value = metric_value;
    } else if constexpr (std::integral<T>) {
      value = static_cast<std::int64_t>(metric_value);
    } else if constexpr (std::floating_point<T>) {
      value = static_cast<double>(metric_value);
    } else {
      value = std::string(metric_value);
    }
  }

  std::string name;
  MetricValue value;
};

/// What a logger writes as one line.
using Metrics = std::vector<Metric>;

}  // namespace tarn::io
