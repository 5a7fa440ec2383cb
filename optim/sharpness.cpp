#include <algorithm>
#include <cmath>

#include <tarn/autograd/grad_mode.h>
#include <tarn/autograd/ops/arithmetic.h>
#include <tarn/autograd/ops/pointwise.h>
#include <tarn/optim/detail/check_number.h>
#include <tarn/optim/full_gradient.h>
#include <tarn/optim/sharpness.h>
#include <tarn/tensor/error.h>
#include <tarn/tensor/random.h>
#include <tarn/tensor/str.h>

namespace tarn::optim {

namespace {

using Tensors = std::vector<Tensor>;

// The box around the parameters, and a point in it that climbs.
class Ascent {
 public:
  Ascent(const Objective& objective, const SharpnessOptions& options)
      : objective_(objective), chunk_{.chunk_size = options.chunk_size}, start_(objective) {
    start_loss_ = full_loss(objective, chunk_);
    Generator generator(options.seed);
    for (std::size_t i = 0; i < objective.params().size(); ++i) {
      const Tensor& value = start_.value(i);
      half_width_.push_back(mul(add(abs(value), 1), options.epsilon));
      const Tensor part = rand(value.shape(), generator, {.dtype = value.dtype()});
      y_.push_back(mul(half_width_[i], sub(mul(part, 2), ones_like(part))));
    }
    loss_ = loss_at(y_);
  }

  double start_loss() const { return start_loss_; }
  double loss() const { return loss_; }

  // Towards the corner where the linear part of the loss is largest; false when nothing rises.
  bool step() {
    if (!std::isfinite(loss_)) return false;
    place(y_);
    const Tensors gradient = full_gradient(objective_, chunk_).gradient;
    for (double part = 1; part > 1e-3; part /= 2) {
      Tensors next;
      for (std::size_t i = 0; i < y_.size(); ++i) {
        const Tensor corner = mul(half_width_[i], sign(gradient[i]));
        next.push_back(add(mul(y_[i], 1 - part), corner, part));
      }
      const double loss = loss_at(next);
      if (!(loss > loss_)) continue;
      y_ = next;
      loss_ = loss;
      return true;
    }
    return false;
  }

 private:
  void place(const Tensors& y) {
    for (std::size_t i = 0; i < y.size(); ++i)
      objective_.params()[i].copy_(add(start_.value(i), y[i]));
  }

  double loss_at(const Tensors& y) {
    place(y);
    return full_loss(objective_, chunk_);
  }

  const Objective& objective_;
  ChunkOptions chunk_;
  Objective::Restore start_;
  Tensors half_width_;
  Tensors y_;
  double start_loss_ = 0;
  double loss_ = 0;
};

}  // namespace

Sharpness sharpness(const Objective& objective, const SharpnessOptions& options) {
  detail::check("sharpness", "epsilon", options.epsilon, Allowed::positive);
  detail::check_at_least("sharpness", "iterations", options.iterations, 1);
  const NoGradGuard no_grad;
  Ascent ascent(objective, options);
  const double loss = ascent.start_loss();
  if (!(1 + loss > 0)) {
    throw ValueError(str("sharpness: the loss is ", loss, ": expected a loss >= 0"));
  }
  for (std::int64_t i = 0; i < options.iterations && ascent.step(); ++i) {
  }
  const double highest = std::max(ascent.loss(), loss);
  return {.value = 100 * (highest - loss) / (1 + loss), .loss = loss, .max_loss = highest};
}

}  // namespace tarn::optim
