#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include <tarn/nn/clip_grad.h>
#include <tarn/nn/detail/first_nonfinite.h>
#include <tarn/optim/detail/check_number.h>
#include <tarn/optim/detail/state_reader.h>
#include <tarn/optim/skip_non_finite.h>
#include <tarn/tensor/error.h>
#include <tarn/tensor/log.h>
#include <tarn/tensor/str.h>

namespace tarn::optim {

struct SkipNonFinite::Record {
  nn::NamedTensors names;
  std::int64_t max_in_a_row;
  std::int64_t skipped = 0;
  std::int64_t in_a_row = 0;
  std::string reason{};

  void look_at(Optimizer& optimizer);
};

namespace {

// A finite sum of squares has finite terms; where it overflows, the largest magnitude tells.
bool is_finite(const Tensor& grad) {
  constexpr double kMaximum = std::numeric_limits<double>::infinity();
  return std::isfinite(nn::get_total_norm({grad})) ||
         std::isfinite(nn::get_total_norm({grad}, {.norm_type = kMaximum}));
}

std::string first_nonfinite(const Optimizer& optimizer, const nn::NamedTensors& names) {
  std::size_t g = 0;
  for (const ParamGroup& group : optimizer.param_groups()) {
    for (std::size_t i = 0; i < group.params.size(); ++i) {
      const Tensor grad = group.params[i].grad();
      if (!grad.defined() || is_finite(grad)) continue;
      const auto named = std::ranges::find_if(
          names, [&](const auto& entry) { return entry.second.is_same(group.params[i]); });
      return nn::detail::first_nonfinite(
          named == names.end() ? str("parameter ", i, " of group ", g) : named->first, grad);
    }
    ++g;
  }
  return {};
}

}  // namespace

void SkipNonFinite::Record::look_at(Optimizer& optimizer) {
  std::string found = first_nonfinite(optimizer, names);
  if (found.empty()) {
    in_a_row = 0;
    return;
  }
  reason = std::move(found);
  ++skipped;
  ++in_a_row;
  if (in_a_row >= max_in_a_row) {
    throw ValueError(str("SkipNonFinite: ", in_a_row, " steps of ", optimizer.name(),
                         " in a row had gradients that are not finite, the last after ",
                         optimizer.step_count(), " steps: ", reason,
                         ": expected finite ones again; lower the learning rate, and go back to a "
                         "checkpoint if parameters are not finite"));
  }
  warn_once("optim.skip_non_finite",
            str("SkipNonFinite: after ", optimizer.step_count(), " steps of ", optimizer.name(),
                " a gradient is not finite: ", reason,
                ": this step is skipped, and so will be others like it"));
  log_at(LogLevel::info, "SkipNonFinite: after ", optimizer.step_count(), " steps of ",
         optimizer.name(), ": skipped, ", skipped, " so far: ", reason);
  optimizer.skip_step();
}

SkipNonFinite::SkipNonFinite(Optimizer& optimizer, nn::NamedTensors names,
                             const SkipNonFiniteOptions& options)
    : record_(std::make_shared<Record>(Record{std::move(names), options.max_in_a_row})) {
  detail::check_at_least("SkipNonFinite", "max_in_a_row", options.max_in_a_row, 1);
  optimizer.register_step_pre_hook(
      [record = record_](Optimizer& stepped) { record->look_at(stepped); });
}

SkipNonFinite::SkipNonFinite(Optimizer& optimizer, const SkipNonFiniteOptions& options)
    : SkipNonFinite(optimizer, nn::NamedTensors(), options) {}

SkipNonFinite::SkipNonFinite(Optimizer& optimizer, const nn::Module& model,
                             const SkipNonFiniteOptions& options)
    : SkipNonFinite(optimizer, model.named_parameters(), options) {}

std::int64_t SkipNonFinite::skipped() const { return record_->skipped; }
const std::string& SkipNonFinite::reason() const { return record_->reason; }

StateDict SkipNonFinite::state_dict() const {
  StateDict dict;
  dict.set("skipped", detail::integer_entry(record_->skipped));
  dict.set("in_a_row", detail::integer_entry(record_->in_a_row));
  return dict;
}

void SkipNonFinite::load_state_dict(const StateDict& dict) {
  const detail::StateReader reader("SkipNonFinite", dict);
  const std::int64_t skipped = reader.count("skipped");
  record_->in_a_row = reader.count("in_a_row");
  record_->skipped = skipped;
}

}  // namespace tarn::optim
