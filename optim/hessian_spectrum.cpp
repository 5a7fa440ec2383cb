#include <algorithm>
#include <cmath>

#include <Eigen/Eigenvalues>

#include <tarn/optim/detail/check_number.h>
#include <tarn/optim/full_gradient.h>
#include <tarn/optim/hessian_spectrum.h>
#include <tarn/tensor/error.h>
#include <tarn/tensor/factories.h>
#include <tarn/tensor/random.h>
#include <tarn/tensor/str.h>

namespace tarn::optim {

namespace {

using Eigen::Index;
using Eigen::VectorXd;

// All parameters' elements as one vector, and back.
VectorXd flat(const std::vector<Tensor>& tensors, std::int64_t size) {
  VectorXd result(size);
  Index start = 0;
  for (const Tensor& tensor : tensors) {
    const std::vector<double> values = tensor.to_vector();
    std::copy(values.begin(), values.end(), result.begin() + start);
    start += static_cast<Index>(values.size());
  }
  return result;
}

std::vector<Tensor> shaped(const VectorXd& vector, const std::vector<Tensor>& like) {
  std::vector<Tensor> result;
  const double* next = vector.data();
  for (const Tensor& p : like) {
    const std::vector<double> values(next, next + p.numel());
    result.push_back(from_vector(values, p.shape()).to(p.dtype()));
    next += p.numel();
  }
  return result;
}

// Lanczos' recurrence: an orthonormal basis in which the Hessian is tridiagonal.
class Lanczos {
 public:
  Lanczos(const Objective& objective, const HessianEigenvaluesOptions& options)
      : objective_(objective), options_(options), generator_(options.seed) {
    basis_.push_back(random_direction());
  }

  bool done() const {
    const auto steps = static_cast<std::int64_t>(diagonal_.size());
    return steps == objective_.num_parameters() || steps >= options_.max_iterations;
  }

  // One Hessian-vector product; the next direction of the basis.
  void step() {
    if (basis_.size() == diagonal_.size()) {
      // An invariant subspace is complete: on into the rest of the space.
      basis_.push_back(random_direction());
      ++exhausted_;
      block_ = diagonal_.size();
    }
    VectorXd next = product(basis_.back());
    diagonal_.push_back(next.dot(basis_.back()));
    orthogonalize(next);
    const double length = next.norm();
    scale_ = std::max({scale_, std::abs(diagonal_.back()), length});
    const bool complete = length <= 1e-10 * scale_;
    off_diagonal_.push_back(complete ? 0 : length);
    if (!complete) basis_.push_back(next / length);
    solve();
  }

  bool converged() const {
    const Index steps = values_.size();
    if (steps < options_.count) return false;
    // Each invariant subspace holds an eigenvalue that occurs several times once only.
    const bool complete = off_diagonal_.back() == 0;
    if ((complete || exhausted_ > 0) && exhausted_ + 1 < options_.count) return false;
    const double limit = options_.tolerance * values_.cwiseAbs().maxCoeff();
    for (Index i = 0; i < options_.count; ++i) {
      if (residual(place(i)) > limit) return false;
    }
    if (block_ == 0) return true;
    return residual(leading_of_block()) <= limit;
  }

  std::vector<Eigenpair> pairs() const {
    std::vector<Eigenpair> result;
    for (Index i = 0; i < options_.count; ++i) {
      const Index k = place(i);
      VectorXd vector = VectorXd::Zero(objective_.num_parameters());
      for (Index j = 0; j < values_.size(); ++j)
        vector += vectors_(j, k) * basis_[static_cast<std::size_t>(j)];
      vector.normalize();
      result.push_back({.value = values_[k],
                        .residual = residual(k),
                        .vector = shaped(vector, objective_.params())});
    }
    return result;
  }

 private:
  VectorXd random_direction() {
    const Tensor draws = randn({objective_.num_parameters()}, generator_, {.dtype = kFloat64});
    VectorXd direction = flat({draws}, objective_.num_parameters());
    orthogonalize(direction);
    return direction.normalized();
  }

  VectorXd product(const VectorXd& v) const {
    VectorXd result = flat(hessian_vector_product(objective_, shaped(v, objective_.params()),
                                                  {.chunk_size = options_.chunk_size}),
                           objective_.num_parameters());
    if (result.allFinite()) return result;
    throw ValueError(
        "hessian_eigenvalues: the Hessian times a vector is not finite: expected a "
        "loss with finite second derivatives at the present parameters");
  }

  // Twice is enough (Parlett 1980, section 6.9).
  void orthogonalize(VectorXd& v) const {
    for (int pass = 0; pass < 2; ++pass) {
      for (const VectorXd& q : basis_) v -= q.dot(v) * q;
    }
  }

  void solve() {
    const auto steps = static_cast<Index>(diagonal_.size());
    Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd> solver;
    solver.computeFromTridiagonal(Eigen::Map<const VectorXd>(diagonal_.data(), steps),
                                  Eigen::Map<const VectorXd>(off_diagonal_.data(), steps - 1));
    values_ = solver.eigenvalues();  // rising
    vectors_ = solver.eigenvectors();
  }

  // Which of values_ is the i-th that is asked for.
  Index place(Index i) const { return options_.smallest ? i : values_.size() - 1 - i; }

  double residual(Index k) const {
    return off_diagonal_.back() * std::abs(vectors_(values_.size() - 1, k));
  }

  // The foremost eigenvalue whose vector lies in the subspace under way.
  Index leading_of_block() const {
    for (Index i = 0; i < values_.size(); ++i) {
      const Index rows = values_.size() - static_cast<Index>(block_);
      if (vectors_.col(place(i)).tail(rows).squaredNorm() > 0.5) return place(i);
    }
    return place(0);
  }

  const Objective& objective_;
  const HessianEigenvaluesOptions& options_;
  Generator generator_;
  std::vector<VectorXd> basis_;
  std::vector<double> diagonal_;
  std::vector<double> off_diagonal_;  // below diagonal_[i]; the last one leads out of the basis
  double scale_ = 0;
  std::int64_t exhausted_ = 0;
  std::size_t block_ = 0;  // where the subspace under way begins
  VectorXd values_;
  Eigen::MatrixXd vectors_;
};

}  // namespace

std::vector<Eigenpair> hessian_eigenvalues(const Objective& objective,
                                           const HessianEigenvaluesOptions& options) {
  constexpr const char* op = "hessian_eigenvalues";
  detail::check_at_least(op, "count", options.count, 1);
  if (options.count > objective.num_parameters()) {
    throw ValueError(str(op, ": count = ", options.count, ": expected 1..",
                         objective.num_parameters(), ", the number of parameters"));
  }
  detail::check_at_least(op, "max_iterations", options.max_iterations, options.count);
  detail::check(op, "tolerance", options.tolerance, Allowed::positive);
  Lanczos lanczos(objective, options);
  do {
    lanczos.step();
  } while (!lanczos.converged() && !lanczos.done());
  return lanczos.pairs();
}

Estimate hessian_trace(const Objective& objective, const HessianTraceOptions& options) {
  detail::check_at_least("hessian_trace", "samples", options.samples, 2);
  Generator generator(options.seed);
  const std::int64_t size = objective.num_parameters();
  VectorXd samples(options.samples);
  for (double& sample : samples) {
    const Tensor bits = randint(0, 2, {size}, generator);
    VectorXd v = flat({bits}, size);
    v = 2 * v.array() - 1;
    const std::vector<Tensor> product = hessian_vector_product(
        objective, shaped(v, objective.params()), {.chunk_size = options.chunk_size});
    sample = v.dot(flat(product, size));
  }
  const auto count = static_cast<double>(options.samples);
  const double mean = samples.mean();
  const double variance = (samples.array() - mean).square().sum() / (count - 1);
  return {mean, std::sqrt(variance / count)};
}

}  // namespace tarn::optim
