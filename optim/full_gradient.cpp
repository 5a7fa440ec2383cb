#include <numeric>

#include <tarn/autograd/backward.h>
#include <tarn/autograd/grad_mode.h>
#include <tarn/autograd/ops/reductions.h>
#include <tarn/nn/clip_grad.h>
#include <tarn/optim/detail/check_direction.h>
#include <tarn/optim/detail/index_range.h>
#include <tarn/optim/full_gradient.h>
#include <tarn/tensor/error.h>
#include <tarn/tensor/factories.h>
#include <tarn/tensor/str.h>

namespace tarn::optim {

namespace {

// Sums, in float64, of tensors of params()' shapes that are given part by part.
class Sums {
 public:
  explicit Sums(const Objective& objective) : params_(objective.params()) {
    for (const Tensor& p : params_) sums_.push_back(zeros_like(p.detach().to(kFloat64)));
  }

  void add(const std::vector<Tensor>& terms) {
    const NoGradGuard no_grad;
    for (std::size_t i = 0; i < sums_.size(); ++i) {
      if (terms[i].defined()) sums_[i].add_(terms[i]);
    }
  }

  std::vector<Tensor> over(std::int64_t count) const {
    const NoGradGuard no_grad;
    std::vector<Tensor> means;
    for (std::size_t i = 0; i < sums_.size(); ++i) {
      means.push_back(sums_[i].div_(static_cast<double>(count)).to(params_[i].dtype()));
    }
    return means;
  }

 private:
  const std::vector<Tensor>& params_;
  std::vector<Tensor> sums_;
};

double sum_of(const Tensor& losses) {
  const std::vector<double> values = losses.detach().to_vector();
  return std::accumulate(values.begin(), values.end(), 0.0);
}

}  // namespace

double LossGradient::norm() const { return nn::get_total_norm(gradient); }

LossGradient batch_gradient(const Objective& objective, std::span<const std::int64_t> indices,
                            const ChunkOptions& options) {
  if (indices.empty()) throw ValueError("batch_gradient: indices is empty: expected at least one");
  const GradModeGuard recording(true);
  Sums sums(objective);
  double loss = 0;
  objective.for_each_part(indices, options.chunk_size, [&](const Tensor& losses) {
    loss += sum_of(losses);
    if (!losses.requires_grad()) return;
    sums.add(grad({sum(losses)}, objective.params(), {.allow_unused = true}));
  });
  const auto count = static_cast<std::int64_t>(indices.size());
  return {loss / static_cast<double>(count), sums.over(count)};
}

LossGradient full_gradient(const Objective& objective, const ChunkOptions& options) {
  return batch_gradient(objective, detail::index_range(objective.size()), options);
}

double full_loss(const Objective& objective, const ChunkOptions& options) {
  const NoGradGuard no_grad;
  double loss = 0;
  objective.for_each_part(detail::index_range(objective.size()), options.chunk_size,
                          [&](const Tensor& losses) { loss += sum_of(losses); });
  return loss / static_cast<double>(objective.size());
}

std::vector<Tensor> hessian_vector_product(const Objective& objective, const std::vector<Tensor>& v,
                                           const ChunkOptions& options) {
  detail::check_direction("hessian_vector_product", "v", objective, v);
  const GradModeGuard recording(true);
  Sums sums(objective);
  const auto add_part = [&](const Tensor& losses) {
    if (!losses.requires_grad()) return;
    const std::vector<Tensor> slopes =
        grad({sum(losses)}, objective.params(), {.create_graph = true, .allow_unused = true});
    std::vector<Tensor> curved;  // the slopes that depend on the parameters
    GradOptions second{.allow_unused = true};
    for (std::size_t i = 0; i < slopes.size(); ++i) {
      if (!slopes[i].defined() || !slopes[i].requires_grad()) continue;
      curved.push_back(slopes[i]);
      second.grad_outputs.push_back(v[i].detach());
    }
    if (!curved.empty()) sums.add(grad(curved, objective.params(), second));
  };
  objective.for_each_part(detail::index_range(objective.size()), options.chunk_size, add_part);
  return sums.over(objective.size());
}

}  // namespace tarn::optim
