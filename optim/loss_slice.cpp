#include <tarn/autograd/grad_mode.h>
#include <tarn/autograd/ops/arithmetic.h>
#include <tarn/autograd/ops/comparison.h>
#include <tarn/autograd/ops/reductions.h>
#include <tarn/optim/detail/check_direction.h>
#include <tarn/optim/loss_slice.h>
#include <tarn/tensor/factories.h>
#include <tarn/tensor/random.h>

namespace tarn::optim {

namespace {

// The norm of each row of dimension 0, of a shape that broadcasts over it.
Tensor row_norms(const Tensor& x) {
  Shape dims;
  for (int d = 1; d < x.dim(); ++d) dims.push_back(d);
  return norm(x, 2, dims, /*keepdim=*/true);
}

void move(const Objective& objective, const Objective::Restore& start,
          const std::vector<Tensor>& direction, double step) {
  for (std::size_t i = 0; i < direction.size(); ++i) {
    objective.params()[i].copy_(add(start.value(i), direction[i].detach(), step));
  }
}

}  // namespace

std::vector<Tensor> filter_normalized_direction(const std::vector<Tensor>& params,
                                                std::uint64_t seed) {
  const NoGradGuard no_grad;
  Generator generator(seed);
  std::vector<Tensor> direction;
  for (const Tensor& p : params) {
    const Tensor d = randn(p.shape(), generator, {.dtype = p.dtype()});
    direction.push_back(p.dim() < 2 ? zeros_like(p.detach())
                                    : mul(d, div(row_norms(p.detach()), row_norms(d))));
  }
  return direction;
}

std::vector<double> loss_slice(const Objective& objective, const std::vector<Tensor>& direction,
                               std::span<const double> steps, const ChunkOptions& options) {
  detail::check_direction("loss_slice", "direction", objective, direction);
  const NoGradGuard no_grad;
  const Objective::Restore start(objective);
  std::vector<double> losses;
  for (const double step : steps) {
    move(objective, start, direction, step);
    losses.push_back(full_loss(objective, options));
  }
  return losses;
}

std::vector<std::vector<double>> loss_slice(const Objective& objective,
                                            const std::vector<Tensor>& x_direction,
                                            const std::vector<Tensor>& y_direction,
                                            std::span<const double> x_steps,
                                            std::span<const double> y_steps,
                                            const ChunkOptions& options) {
  detail::check_direction("loss_slice", "x_direction", objective, x_direction);
  detail::check_direction("loss_slice", "y_direction", objective, y_direction);
  const NoGradGuard no_grad;
  const Objective::Restore start(objective);
  std::vector<std::vector<double>> losses;
  for (const double x : x_steps) {  // the slice along y comes back to where it began
    move(objective, start, x_direction, x);
    losses.push_back(loss_slice(objective, y_direction, y_steps, options));
  }
  return losses;
}

}  // namespace tarn::optim
