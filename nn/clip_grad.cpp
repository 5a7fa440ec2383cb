#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>
#include <unordered_set>

#include <tarn/autograd/grad_mode.h>
#include <tarn/nn/clip_grad.h>
#include <tarn/nn/detail/first_nonfinite.h>
#include <tarn/tensor/error.h>
#include <tarn/tensor/log.h>
#include <tarn/tensor/str.h>

namespace tarn::nn {
namespace {

// A gradient without gaps or overlap in memory, and what to call it in a message.
struct Gradient {
  std::string name;
  Tensor parameter;  // undefined when there is none to give the gradient back to
  Tensor grad;
};
using Gradients = std::vector<Gradient>;

void append(Gradients& gradients, std::string name, const Tensor& parameter, const Tensor& grad) {
  if (!grad.defined()) return;
  const NoGradGuard no_grad;
  gradients.push_back({std::move(name), parameter, grad.is_dense() ? grad : grad.contiguous()});
}

Gradients gradients_of(const NamedTensors& parameters) {
  std::unordered_set<const TensorImpl*> seen;
  Gradients gradients;
  for (const auto& [name, parameter] : parameters) {
    if (seen.insert(&parameter.impl()).second) append(gradients, name, parameter, parameter.grad());
  }
  return gradients;
}

NamedTensors numbered(const std::vector<Tensor>& parameters) {
  NamedTensors named;
  for (const Tensor& parameter : parameters)
    named.emplace_back(str("parameters[", named.size(), "]"), parameter);
  return named;
}

// Calls f(first, count) with the elements in the order of memory.
template <class F>
void visit_elements(const Tensor& dense, F f) {
  if (dense.dtype() == kFloat64) {
    f(dense.data_ptr<double>(), dense.numel());
  } else {
    f(dense.data_ptr<float>(), dense.numel());
  }
}

// As many running values as keep vector units busy.
using Lanes = std::array<double, 16>;

// Folds step(value, x) over all elements x, from 0: lane i % 16 takes element i of a gradient.
template <class Step>
Lanes fold(const Gradients& gradients, Step step) {
  Lanes value{};
  constexpr auto lanes = static_cast<std::int64_t>(value.size());
  for (const Gradient& gradient : gradients) {
    visit_elements(gradient.grad, [&](const auto* x, std::int64_t count) {
      const auto take = [&](std::int64_t lane, std::int64_t i) {
        double& v = value[static_cast<std::size_t>(lane)];
        v = step(v, static_cast<double>(x[i]));
      };
      std::int64_t i = 0;
      for (; i + lanes <= count; i += lanes) {
        for (std::int64_t lane = 0; lane < lanes; ++lane) take(lane, i + lane);
      }
      for (; i < count; ++i) take(i % lanes, i);
    });
  }
  return value;
}

// The sum of term(x) over all elements.
template <class Term>
double sum(const Gradients& gradients, Term term) {
  const Lanes partial = fold(gradients, [=](double total, double x) { return total + term(x); });
  return std::accumulate(partial.begin(), partial.end(), 0.0);
}

// NaN if there is one.
double larger(double a, double b) { return b <= a || std::isnan(a) ? a : b; }

double largest_magnitude(const Gradients& gradients) {
  const Lanes partial =
      fold(gradients, [](double largest, double x) { return larger(largest, std::abs(x)); });
  return std::accumulate(partial.begin(), partial.end(), 0.0, larger);
}

template <class Scaled>
double root_of_powers(const Gradients& gradients, double p, Scaled scaled) {
  if (p == 1) return sum(gradients, [=](double x) { return std::abs(scaled(x)); });
  if (p == 2) return std::sqrt(sum(gradients, [=](double x) { return scaled(x) * scaled(x); }));
  return std::pow(sum(gradients, [=](double x) { return std::pow(std::abs(scaled(x)), p); }),
                  1 / p);
}

double norm_of(const Gradients& gradients, double p) {
  if (std::isinf(p)) return largest_magnitude(gradients);
  if (p == 1 || p == 2) {
    const double norm = root_of_powers(gradients, p, [](double x) { return x; });
    // Squares of float64 elements may leave the range of float64 where the norm does not.
    if (norm > 1e-140 && std::isfinite(norm)) return norm;
  }
  const double largest = largest_magnitude(gradients);
  if (largest == 0 || !std::isfinite(largest)) return largest;
  return largest * root_of_powers(gradients, p, [=](double x) { return x / largest; });
}

// The sign of a NaN means nothing to a reader.
std::string value_text(double value) {
  return to_text(std::isnan(value) ? std::abs(value) : value);
}

std::string first_nonfinite(const Gradients& gradients) {
  for (const Gradient& gradient : gradients) {
    const std::string text = detail::first_nonfinite(gradient.name, gradient.grad);
    if (!text.empty()) return "the first non-finite gradient is " + text;
  }
  return "all elements are finite but the norm overflows";
}

void check_norm_type(const char* op, double norm_type) {
  if (!(norm_type > 0)) {
    throw ValueError(str(op, ": norm_type = ", value_text(norm_type),
                         ": expected a number > 0, usually 2, 1 or infinity"));
  }
}

void check_not_negative(const char* op, const char* what, double value) {
  if (!(value >= 0))
    throw ValueError(str(op, ": ", what, " = ", value_text(value), ": expected a number >= 0"));
}

double checked_norm(const char* op, const Gradients& gradients,
                    const ClipGradNormOptions& options) {
  const double norm = norm_of(gradients, options.norm_type);
  if (options.error_if_nonfinite && !std::isfinite(norm)) {
    throw ValueError(str(op, ": the total norm is ", value_text(norm), "; ",
                         first_nonfinite(gradients),
                         ": expected finite gradients; lower the learning rate or skip this step"));
  }
  return norm;
}

// Replaces the gradient when it had to be copied to be dense.
void give_back(const Gradient& gradient) {
  if (!gradient.grad.is_same(gradient.parameter.grad())) gradient.parameter.set_grad(gradient.grad);
}

void scale(const Gradient& gradient, double factor) {
  visit_elements(gradient.grad, [factor]<class T>(T* x, std::int64_t count) {
    for (std::int64_t i = 0; i < count; ++i)
      x[i] = static_cast<T>(static_cast<double>(x[i]) * factor);
  });
  gradient.grad.impl().storage()->bump_version();
  give_back(gradient);
}

double clip_norm(const NamedTensors& parameters, double max_norm,
                 const ClipGradNormOptions& options) {
  constexpr const char* op = "clip_grad_norm_";
  check_not_negative(op, "max_norm", max_norm);
  check_norm_type(op, options.norm_type);
  const Gradients gradients = gradients_of(parameters);
  const double norm = checked_norm(op, gradients, options);
  if (!std::isfinite(norm)) {
    warn_once(op, str(op, ": the total norm is ", value_text(norm), "; ",
                      first_nonfinite(gradients), ": the gradients are left as they are"));
    return norm;
  }
  const double factor = max_norm / (norm + 1e-6);
  if (factor < 1) {
    for (const Gradient& gradient : gradients) scale(gradient, factor);
    log_at(LogLevel::debug, op, ": the total norm is ", value_text(norm), ": scaled to ", max_norm);
  }
  return norm;
}

void clip_value(const NamedTensors& parameters, double clip_value) {
  check_not_negative("clip_grad_value_", "clip_value", clip_value);
  const NoGradGuard no_grad;
  for (const Gradient& gradient : gradients_of(parameters)) {
    gradient.grad.clamp_(-clip_value, clip_value);
    give_back(gradient);
  }
}

}  // namespace

double clip_grad_norm_(const std::vector<Tensor>& parameters, double max_norm,
                       const ClipGradNormOptions& options) {
  return clip_norm(numbered(parameters), max_norm, options);
}

double clip_grad_norm_(const Module& model, double max_norm, const ClipGradNormOptions& options) {
  return clip_norm(model.named_parameters(), max_norm, options);
}

double get_total_norm(const std::vector<Tensor>& tensors, const ClipGradNormOptions& options) {
  check_norm_type("get_total_norm", options.norm_type);
  Gradients gradients;
  for (std::size_t i = 0; i < tensors.size(); ++i)
    append(gradients, str("tensors[", i, "]"), {}, tensors[i]);
  return checked_norm("get_total_norm", gradients, options);
}

void clip_grad_value_(const std::vector<Tensor>& parameters, double value) {
  clip_value(numbered(parameters), value);
}

void clip_grad_value_(const Module& model, double value) {
  clip_value(model.named_parameters(), value);
}

}  // namespace tarn::nn
