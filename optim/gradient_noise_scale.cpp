#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <vector>

#include <tarn/optim/detail/check_number.h>
#include <tarn/optim/detail/state_reader.h>
#include <tarn/optim/gradient_noise_scale.h>
#include <tarn/tensor/detail/number_text.h>
#include <tarn/tensor/error.h>
#include <tarn/tensor/str.h>

namespace tarn::optim {

namespace {

constexpr const char* kNoiseScale = "GradientNoiseScale";
constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

void check_parts(std::span<const double> norms, std::span<const std::int64_t> sizes, double norm) {
  if (norms.size() != sizes.size() || norms.size() < 2) {
    throw ValueError(str(kNoiseScale, ": ", norms.size(), " norms of parts and ", sizes.size(),
                         " sizes: expected as many of both, at least two"));
  }
  for (const double n : norms)
    detail::check(kNoiseScale, "norm of a part", n, Allowed::non_negative);
  for (const std::int64_t size : sizes)
    detail::check_at_least(kNoiseScale, "size of a part", size, 1);
  detail::check(kNoiseScale, "norm", norm, Allowed::non_negative);
}

}  // namespace

std::string to_string(const BatchSizeLimit& l) {
  const auto text = [](double value) { return number_text(value, 4); };
  return str(l.noise_limited ? "noise" : "curvature", "-limited: batch size ", l.batch_size, " is ",
             text(l.factor), " times ", l.noise_limited ? "below" : "above", " the critical ",
             to_string(l.critical), "; it takes ", text(l.step_factor),
             " times the fewest steps and ", text(l.sample_factor), " times the fewest examples");
}

GradientNoiseScale::GradientNoiseScale(const GradientNoiseScaleOptions& options)
    : decay_(options.decay) {
  detail::check(kNoiseScale, "decay", options.decay, Allowed::positive);
  detail::check(kNoiseScale, "decay", options.decay, Allowed::zero_to_one);
}

void GradientNoiseScale::update(std::span<const double> part_norms,
                                std::span<const std::int64_t> part_sizes, double norm) {
  check_parts(part_norms, part_sizes, norm);
  double examples = 0;
  double squares = 0;
  for (std::size_t k = 0; k < part_norms.size(); ++k) {
    const auto size = static_cast<double>(part_sizes[k]);
    examples += size;
    squares += size * part_norms[k] * part_norms[k];
  }
  const double parts = static_cast<double>(part_norms.size());
  const double trace = (squares - examples * norm * norm) / (parts - 1);
  const double norm_squared = norm * norm - trace / examples;

  // West 1979, with the weights of earlier steps shrinking.
  Moments& m = moments_;
  m.weight = decay_ * m.weight + 1;
  m.squared_weight = decay_ * decay_ * m.squared_weight + 1;
  const double trace_off = trace - m.trace;
  const double norm_off = norm_squared - m.norm;
  m.trace += trace_off / m.weight;
  m.norm += norm_off / m.weight;
  m.trace_trace = decay_ * m.trace_trace + trace_off * (trace - m.trace);
  m.norm_norm = decay_ * m.norm_norm + norm_off * (norm_squared - m.norm);
  m.trace_norm = decay_ * m.trace_norm + trace_off * (norm_squared - m.norm);
  ++n_updates_;
}

void GradientNoiseScale::update(const Tensor& norms, double norm) {
  if (!norms.defined() || norms.dim() != 1) {
    throw ShapeError(str(kNoiseScale, ": norms is ",
                         norms.defined() ? "of shape " + to_string(norms.shape()) : "undefined",
                         ": expected [B], the norm of each example's gradient"));
  }
  const std::vector<double> values = norms.detach().to_vector();
  update(values, std::vector<std::int64_t>(values.size(), 1), norm);
}

// The unbiased variance of a step is the sum of squares over weight - squared_weight / weight; the
// variance of the weighted mean is that times squared_weight / weight^2.
double GradientNoiseScale::mean_variance() const {
  const double w = moments_.weight;
  const double effective = w * w / moments_.squared_weight;
  return effective > 1 + 1e-12 ? 1 / (w * (effective - 1)) : kNaN;
}

Estimate GradientNoiseScale::trace() const {
  if (n_updates_ == 0) return {kNaN, kNaN};
  return {moments_.trace, std::sqrt(moments_.trace_trace * mean_variance())};
}

Estimate GradientNoiseScale::norm_squared() const {
  if (n_updates_ == 0) return {kNaN, kNaN};
  return {moments_.norm, std::sqrt(moments_.norm_norm * mean_variance())};
}

Estimate GradientNoiseScale::critical_batch_size() const {
  if (n_updates_ == 0) return {kNaN, kNaN};
  const Moments& m = moments_;
  if (!(m.norm > 0)) return {std::numeric_limits<double>::infinity(), kNaN};
  const double ratio = std::max(m.trace, 0.0) / m.norm;
  const double spread = m.trace_trace - 2 * ratio * m.trace_norm + ratio * ratio * m.norm_norm;
  return {ratio, std::sqrt(std::max(spread, 0.0) * mean_variance()) / m.norm};
}

BatchSizeLimit GradientNoiseScale::limit(std::int64_t batch_size) const {
  detail::check_at_least(kNoiseScale, "batch_size", batch_size, 1);
  if (n_updates_ == 0) throw ValueError(str(kNoiseScale, ": limit: expected an update() before"));
  const Estimate critical = critical_batch_size();
  const double ratio = critical.value / static_cast<double>(batch_size);
  return {.batch_size = batch_size,
          .critical = critical,
          .noise_limited = ratio > 1,
          .factor = std::max(ratio, 1 / ratio),
          .step_factor = 1 + ratio,
          .sample_factor = 1 + 1 / ratio};
}

StateDict GradientNoiseScale::state_dict() const {
  StateDict dict;
  dict.set("n_updates", detail::integer_entry(n_updates_));
  dict.set("weight", detail::number_entry(moments_.weight));
  dict.set("squared_weight", detail::number_entry(moments_.squared_weight));
  dict.set("trace", detail::number_entry(moments_.trace));
  dict.set("norm", detail::number_entry(moments_.norm));
  dict.set("trace_trace", detail::number_entry(moments_.trace_trace));
  dict.set("norm_norm", detail::number_entry(moments_.norm_norm));
  dict.set("trace_norm", detail::number_entry(moments_.trace_norm));
  return dict;
}

void GradientNoiseScale::load_state_dict(const StateDict& dict) {
  const detail::StateReader reader(kNoiseScale, dict);
  const std::int64_t n_updates = reader.count("n_updates");
  moments_ = {.weight = reader.number("weight"),
              .squared_weight = reader.number("squared_weight"),
              .trace = reader.number("trace"),
              .norm = reader.number("norm"),
              .trace_trace = reader.number("trace_trace"),
              .norm_norm = reader.number("norm_norm"),
              .trace_norm = reader.number("trace_norm")};
  n_updates_ = n_updates;
}

}  // namespace tarn::optim
