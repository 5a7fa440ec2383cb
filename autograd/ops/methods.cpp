#include <tarn/autograd/ops.h>
#include <tarn/tensor/error.h>
#include <tarn/tensor/str.h>
#include <tarn/tensor/tensor.h>

// The methods of Tensor that mirror a free function.
namespace tarn {

Tensor Tensor::clone(Where where) const { return tarn::clone(*this, where); }
Tensor Tensor::contiguous(Where where) const { return tarn::contiguous(*this, where); }
Tensor Tensor::to(DType dtype, Where where) const { return tarn::to(*this, dtype, where); }
Tensor Tensor::view(const Shape& shape, Where where) const {
  return tarn::view(*this, shape, where);
}
Tensor Tensor::reshape(const Shape& shape, Where where) const {
  return tarn::reshape(*this, shape, where);
}
Tensor Tensor::flatten(std::int64_t start_dim, std::int64_t end_dim, Where where) const {
  return tarn::flatten(*this, start_dim, end_dim, where);
}
Tensor Tensor::transpose(std::int64_t dim0, std::int64_t dim1, Where where) const {
  return tarn::transpose(*this, dim0, dim1, where);
}
Tensor Tensor::t(Where where) const {
  if (dim() > 2)
    throw ShapeError(str("t: shape ", sizes(), ": expected at most 2 dimensions; use transpose()"));
  return dim() < 2 ? *this : tarn::transpose(*this, 0, 1, where);
}
Tensor Tensor::permute(const Shape& dims, Where where) const {
  return tarn::permute(*this, dims, where);
}
Tensor Tensor::squeeze(std::int64_t dim, Where where) const {
  return tarn::squeeze(*this, dim, where);
}
Tensor Tensor::unsqueeze(std::int64_t dim, Where where) const {
  return tarn::unsqueeze(*this, dim, where);
}
Tensor Tensor::expand(const Shape& shape, Where where) const {
  return tarn::expand(*this, shape, where);
}
Tensor Tensor::select(std::int64_t dim, std::int64_t index, Where where) const {
  return tarn::select(*this, dim, index, where);
}
Tensor Tensor::slice(std::int64_t dim, std::int64_t start, std::int64_t end, std::int64_t step,
                     Where where) const {
  return tarn::slice(*this, dim, start, end, step, where);
}
Tensor Tensor::narrow(std::int64_t dim, std::int64_t start, std::int64_t length,
                      Where where) const {
  return tarn::narrow(*this, dim, start, length, where);
}
Tensor Tensor::index_select(std::int64_t dim, const Tensor& index, Where where) const {
  return tarn::index_select(*this, dim, index, where);
}

Tensor Tensor::neg(Where where) const { return tarn::neg(*this, where); }
Tensor Tensor::exp(Where where) const { return tarn::exp(*this, where); }
Tensor Tensor::log(Where where) const { return tarn::log(*this, where); }
Tensor Tensor::sqrt(Where where) const { return tarn::sqrt(*this, where); }
Tensor Tensor::square(Where where) const { return tarn::square(*this, where); }
Tensor Tensor::abs(Where where) const { return tarn::abs(*this, where); }
Tensor Tensor::pow(Scalar exponent, Where where) const { return tarn::pow(*this, exponent, where); }
Tensor Tensor::relu(Where where) const { return tarn::relu(*this, where); }
Tensor Tensor::tanh(Where where) const { return tarn::tanh(*this, where); }
Tensor Tensor::sigmoid(Where where) const { return tarn::sigmoid(*this, where); }
Tensor Tensor::softmax(std::int64_t dim, Where where) const {
  return tarn::softmax(*this, dim, where);
}
Tensor Tensor::log_softmax(std::int64_t dim, Where where) const {
  return tarn::log_softmax(*this, dim, where);
}
Tensor Tensor::matmul(const Tensor& other, Where where) const {
  return tarn::matmul(*this, other, where);
}
Tensor Tensor::sum(Where where) const { return tarn::sum(*this, where); }
Tensor Tensor::sum(const Shape& dims, bool keepdim, Where where) const {
  return tarn::sum(*this, dims, keepdim, where);
}
Tensor Tensor::mean(Where where) const { return tarn::mean(*this, where); }
Tensor Tensor::mean(const Shape& dims, bool keepdim, Where where) const {
  return tarn::mean(*this, dims, keepdim, where);
}
Tensor Tensor::argmax(std::int64_t dim, bool keepdim) const {
  return tarn::argmax(*this, dim, keepdim);
}
Tensor Tensor::eq(const Tensor& other) const { return tarn::eq(*this, other); }

}  // namespace tarn
