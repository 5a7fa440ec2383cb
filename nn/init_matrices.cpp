#include <algorithm>
#include <cmath>
#include <vector>

#include <Eigen/QR>

#include <tarn/autograd/grad_mode.h>
#include <tarn/nn/init.h>
#include <tarn/tensor/error.h>
#include <tarn/tensor/factories.h>
#include <tarn/tensor/random.h>
#include <tarn/tensor/str.h>

// Initial values that are a structure rather than a distribution.
namespace tarn::nn::init {
namespace {

using Matrix = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

void check_matrix(const char* op, const Tensor& x) {
  if (x.dim() != 2) {
    throw ShapeError(
        str(op, ": the tensor has shape ", x.sizes(), ": expected a matrix [rows, columns]"));
  }
}

// x = matrix, read in row-major order.
const Tensor& assign(const Tensor& x, const Matrix& matrix) {
  const NoGradGuard no_grad;
  return x.copy_(
      from_vector(std::vector<double>(matrix.data(), matrix.data() + matrix.size()), x.sizes()));
}

Matrix standard_normal(std::int64_t rows, std::int64_t columns) {
  const std::vector<double> values = randn({rows, columns}, {.dtype = kFloat64}).to_vector();
  return Eigen::Map<const Matrix>(values.data(), rows, columns);
}

void check_floating(const char* op, const Tensor& x) {
  if (!is_floating_point(x.dtype()))
    throw DTypeError(str(op, ": expected float32 or float64, got ", x.dtype()));
}

}  // namespace

const Tensor& eye_(const Tensor& x) {
  check_matrix("eye_", x);
  return assign(x, Matrix::Identity(x.size(0), x.size(1)));
}

const Tensor& dirac_(const Tensor& x, std::int64_t groups) {
  if (x.dim() < 3 || x.dim() > 5) {
    throw ShapeError(str("dirac_: the tensor has shape ", x.sizes(),
                         ": expected the kernel of a convolution, 3 to 5 dimensions"));
  }
  if (groups < 1 || x.size(0) % groups != 0) {
    throw ValueError(str("dirac_: groups = ", groups, ": expected a divisor of ", x.size(0),
                         " output channels"));
  }
  const NoGradGuard no_grad;
  x.zero_();
  const std::int64_t of_group = x.size(0) / groups;
  for (std::int64_t out = 0; out < x.size(0); ++out) {
    if (out % of_group >= x.size(1)) continue;
    Tensor middle = x[out][out % of_group];
    while (middle.dim() > 0) middle = middle[middle.size(0) / 2];
    middle.fill_(1);
  }
  return x;
}

const Tensor& orthogonal_(const Tensor& x, double gain) {
  if (x.dim() < 2) {
    throw ShapeError(
        str("orthogonal_: the tensor has shape ", x.sizes(), ": expected at least 2 dimensions"));
  }
  check_floating("orthogonal_", x);
  if (x.numel() == 0) return x;
  const std::int64_t rows = x.size(0);
  const std::int64_t columns = x.numel() / rows;
  const Matrix random = standard_normal(std::max(rows, columns), std::min(rows, columns));
  const Eigen::HouseholderQR<Matrix> qr(random);
  Matrix q = qr.householderQ() * Matrix::Identity(random.rows(), random.cols());
  // Signs that make the decomposition unique, and with it the distribution uniform (Mezzadri 2007).
  for (Eigen::Index i = 0; i < q.cols(); ++i) q.col(i) *= qr.matrixQR()(i, i) < 0 ? -gain : gain;
  return assign(x, rows < columns ? Matrix(q.transpose()) : q);
}

const Tensor& sparse_(const Tensor& x, double sparsity, double std) {
  check_matrix("sparse_", x);
  check_floating("sparse_", x);
  if (!(sparsity >= 0 && sparsity <= 1))
    throw ValueError(str("sparse_: sparsity = ", sparsity, ": expected a number from 0 to 1"));
  if (!(std >= 0) || std::isinf(std))
    throw ValueError(str("sparse_: std = ", std, ": expected a finite number >= 0"));
  Matrix values = standard_normal(x.size(0), x.size(1)) * std;
  const auto zeros = static_cast<std::size_t>(std::ceil(sparsity * static_cast<double>(x.size(0))));
  for (std::int64_t column = 0; column < x.size(1); ++column) {
    const auto order = randperm(x.size(0)).to_vector<std::int64_t>();
    for (std::size_t i = 0; i < zeros; ++i) values(order[i], column) = 0;
  }
  return assign(x, values);
}

}  // namespace tarn::nn::init
