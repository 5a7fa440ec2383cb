#pragma once

#include <bit>
#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <tarn/tensor/tensor.h>

namespace tarn::optim {

/// Named numbers in the order in which the optimizer lists them: `{{"momentum", 0.9}}`.
using Options = std::vector<std::pair<std::string, double>>;

/// What a number may be.
enum class Allowed {
  finite,
  non_negative,  ///< and finite
  positive,      ///< and finite
  below_one,     ///< 0 <= value < 1
  zero_to_one,   ///< 0 <= value <= 1
  flag           ///< 0 or 1
};

/// A number that the groups of an optimizer have: its name, its default and what it may be.
struct Option {
  template <std::convertible_to<double> T>
  Option(std::string option, T initial, Allowed rule = Allowed::finite)
      : name(std::move(option)), value(static_cast<double>(initial)), allowed(rule) {}
  std::string name;
  double value;
  Allowed allowed;
};

/// The lr of a group that takes the optimizer's. A NaN of its own: one that comes out of a
/// computation is not mistaken for it, and is refused.
inline constexpr double kInherit = std::bit_cast<double>(std::uint64_t{0x7ff8'7461'726e'0001});

/// True for kInherit, false for every other number, including other NaNs.
constexpr bool is_inherited(double value) {
  return std::bit_cast<std::uint64_t>(value) == std::bit_cast<std::uint64_t>(kInherit);
}

namespace detail {
/// "momentum, weight_decay"
std::string names(const Options& options);
[[noreturn]] void throw_unknown_option(const Options& options, std::string_view name);
/// nullptr when there is no option of that name. In the header: against a name that is known there,
/// a comparison is an instruction or two, and optimizers look up some for every parameter.
inline const double* find(const Options& options, std::string_view name) {
  for (const auto& [key, value] : options) {
    if (key == name) return &value;
  }
  return nullptr;
}
}  // namespace detail

/// Parameters that are trained with the same numbers.
///
///   optim::SGD sgd({{.params = head, .lr = 0.1},
///                   {.params = body, .options = {{"weight_decay", 0}}}},
///                  {.lr = 0.01, .momentum = 0.9, .weight_decay = 1e-4});
///
/// What a group leaves out it takes from the optimizer. In the optimizer every group has all
/// options.
struct ParamGroup {
  std::vector<Tensor> params{};
  double lr = kInherit;  ///< learning rate, >= 0; schedulers set it
  Options options{};     ///< switches are 0 or 1

  /// The option of that name, to read or to set. Throws ValueError listing the names there are.
  double option(std::string_view name) const {
    if (const double* const value = detail::find(options, name)) return *value;
    detail::throw_unknown_option(options, name);
  }
  double& option(std::string_view name) {
    if (const double* const value = detail::find(options, name)) return const_cast<double&>(*value);
    detail::throw_unknown_option(options, name);
  }
};

/// "4 parameters, lr = 0.1, momentum = 0.9"
std::string to_string(const ParamGroup& group);

}  // namespace tarn::optim
