#include <cmath>
#include <string>
#include <utility>

#include <tarn/autograd/grad_mode.h>
#include <tarn/autograd/ops/arithmetic.h>
#include <tarn/optim/averaged_model.h>
#include <tarn/optim/detail/check_number.h>
#include <tarn/optim/detail/state_reader.h>
#include <tarn/tensor/error.h>
#include <tarn/tensor/factories.h>
#include <tarn/tensor/str.h>

namespace tarn::optim {

namespace {

constexpr const char* kAveragedModel = "AveragedModel";

Tensor as_float64(const Tensor& x) { return empty_like(x, kFloat64).copy_(x); }

}  // namespace

AveragedModel::AveragedModel(const nn::Module& model, const AveragedModelOptions& options)
    : options_(options), tensors_(model.named_parameters()) {
  detail::check(kAveragedModel, "ema_decay", options.ema_decay, Allowed::below_one);
  detail::check_at_least(kAveragedModel, "skip", options.skip, 0);
  if (options.use_buffers) {
    for (auto& entry : model.named_buffers()) {
      if (is_floating_point(entry.second.dtype())) tensors_.push_back(std::move(entry));
    }
  }
  const NoGradGuard no_grad;
  for (const auto& [name, tensor] : tensors_) averages_.push_back(as_float64(tensor));
}

void AveragedModel::update(double weight) {
  detail::check(kAveragedModel, "weight", weight, Allowed::positive);
  const bool exponential = options_.ema_decay > 0;
  if (exponential && weight != 1) {
    throw ValueError(
        str(kAveragedModel, ": weight = ", weight, ": expected 1 for an exponential average"));
  }
  if (applied_) {
    throw ValueError(str(kAveragedModel,
                         ": update: the model has the averages now, not what it was trained "
                         "to: expected no update() while the result of apply() lives"));
  }
  ++n_updates_;
  const bool counts = n_updates_ > options_.skip;
  const bool first = weight_ == 0;
  if (counts) weight_ += weight;
  const double share = exponential ? 1 - options_.ema_decay : weight / weight_;
  const NoGradGuard no_grad;
  for (std::size_t i = 0; i < averages_.size(); ++i) {
    if (first) {
      averages_[i].copy_(tensors_[i].second);
    } else {
      averages_[i].add_(sub(tensors_[i].second, averages_[i]), share);
    }
  }
}

void AveragedModel::copy_to_model() const {
  const NoGradGuard no_grad;
  for (std::size_t i = 0; i < averages_.size(); ++i) tensors_[i].second.copy_(averages_[i]);
}

AveragedModel::Applied::Applied(AveragedModel& average) : average_(average) {
  if (average.applied_) {
    throw ValueError(str(kAveragedModel, ": apply: the model has the averages already"));
  }
  for (const auto& [name, tensor] : average.tensors_) own_.push_back(tensor.detach().clone());
  average.copy_to_model();
  average.applied_ = true;
}

AveragedModel::Applied::~Applied() {
  const NoGradGuard no_grad;
  for (std::size_t i = 0; i < own_.size(); ++i) average_.tensors_[i].second.copy_(own_[i]);
  average_.applied_ = false;
}

StateDict AveragedModel::state_dict() const {
  StateDict dict;
  dict.set("n_updates", detail::integer_entry(n_updates_));
  dict.set("weight", detail::number_entry(weight_));
  for (std::size_t i = 0; i < averages_.size(); ++i) {
    dict.set("average." + tensors_[i].first, averages_[i]);
  }
  return dict;
}

void AveragedModel::load_state_dict(const StateDict& dict) {
  const detail::StateReader reader(kAveragedModel, dict);
  const std::int64_t n_updates = reader.count("n_updates");
  const double weight = reader.number("weight");
  detail::check(kAveragedModel, "weight", weight, Allowed::non_negative);
  for (const auto& [name, tensor] : state_dict()) {
    const Tensor* saved = dict.find(name);
    if (!saved) {
      throw ValueError(str(kAveragedModel, ": load_state_dict: there is no entry \"", name,
                           "\": expected what state_dict() for the same model gives"));
    }
    if (saved->shape() != tensor.shape() || saved->dtype() != tensor.dtype()) {
      throw ShapeError(str(kAveragedModel, ": load_state_dict: \"", name, "\" is ", saved->dtype(),
                           " ", saved->shape(), ": expected ", tensor.dtype(), " ",
                           tensor.shape()));
    }
  }
  if (dict.size() != averages_.size() + 2) {
    throw ValueError(str(kAveragedModel, ": load_state_dict: ", dict.size() - 2, " averages for ",
                         averages_.size(), " tensors: expected the same model"));
  }
  for (std::size_t i = 0; i < averages_.size(); ++i) {
    averages_[i].copy_(dict.at("average." + tensors_[i].first));
  }
  n_updates_ = n_updates;
  weight_ = weight;
}

}  // namespace tarn::optim
