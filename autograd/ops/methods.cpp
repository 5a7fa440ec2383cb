#include <tarn/autograd/ops.h>
#include <tarn/tensor/error.h>
#include <tarn/tensor/random.h>
#include <tarn/tensor/str.h>
#include <tarn/tensor/tensor.h>

// The methods of Tensor that mirror a free function.
namespace tarn {

Tensor Tensor::clone(Where where) const { return tarn::clone(*this, where); }
Tensor Tensor::contiguous(Where where) const { return tarn::contiguous(*this, where); }
Tensor Tensor::to(DType dtype, Where where) const { return tarn::to(*this, dtype, where); }
Tensor Tensor::to(const Device& device) const {
  impl();
  if (!device.is_cpu()) {
    throw ValueError(
        str("to(", to_string(device),
            "): tensors lie in the CPU's memory only; ask cuda::is_available() first"));
  }
  return *this;
}
Tensor Tensor::to(const Device& device, DType dtype, Where where) const {
  return to(device).to(dtype, where);
}
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
Tensor Tensor::squeeze(Where where) const { return tarn::squeeze(*this, where); }
Tensor Tensor::squeeze(std::int64_t dim, Where where) const {
  return tarn::squeeze(*this, dim, where);
}
Tensor Tensor::unsqueeze(std::int64_t dim, Where where) const {
  return tarn::unsqueeze(*this, dim, where);
}
Tensor Tensor::expand(const Shape& shape, Where where) const {
  return tarn::expand(*this, shape, where);
}
Tensor Tensor::expand_as(const Tensor& other, Where where) const {
  return expand(other.sizes(), where);
}
Tensor Tensor::view_as(const Tensor& other, Where where) const {
  return view(other.sizes(), where);
}
Tensor Tensor::reshape_as(const Tensor& other, Where where) const {
  return reshape(other.sizes(), where);
}
Tensor Tensor::repeat(const Shape& repeats, Where where) const {
  return tarn::repeat(*this, repeats, where);
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

Tensor Tensor::add(const Tensor& other, Scalar alpha, Where where) const {
  return tarn::add(*this, other, alpha, where);
}
Tensor Tensor::sub(const Tensor& other, Scalar alpha, Where where) const {
  return tarn::sub(*this, other, alpha, where);
}
Tensor Tensor::mul(const Tensor& other, Where where) const {
  return tarn::mul(*this, other, where);
}
Tensor Tensor::div(const Tensor& other, Where where) const {
  return tarn::div(*this, other, where);
}
Tensor Tensor::add(Scalar other, Where where) const { return tarn::add(*this, other, where); }
Tensor Tensor::sub(Scalar other, Where where) const { return tarn::sub(*this, other, where); }
Tensor Tensor::mul(Scalar other, Where where) const { return tarn::mul(*this, other, where); }
Tensor Tensor::div(Scalar other, Where where) const { return tarn::div(*this, other, where); }
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
Tensor Tensor::mm(const Tensor& other, Where where) const { return tarn::mm(*this, other, where); }
Tensor Tensor::sum(Where where) const { return tarn::sum(*this, where); }
Tensor Tensor::sum(const Shape& dims, bool keepdim, Where where) const {
  return tarn::sum(*this, dims, keepdim, where);
}
Tensor Tensor::mean(Where where) const { return tarn::mean(*this, where); }
Tensor Tensor::mean(const Shape& dims, bool keepdim, Where where) const {
  return tarn::mean(*this, dims, keepdim, where);
}
Tensor Tensor::pow(const Tensor& exponent, Where where) const {
  return tarn::pow(*this, exponent, where);
}
Tensor Tensor::clamp(Scalar min, Scalar max, Where where) const {
  return tarn::clamp(*this, min, max, where);
}
Tensor Tensor::index(const std::vector<Index>& indices, Where where) const {
  return tarn::index(*this, indices, where);
}
const Tensor& Tensor::index_put_(const std::vector<Index>& indices, const Tensor& values,
                                 bool accumulate, Where where) const {
  return tarn::index_put_(*this, indices, values, accumulate, where);
}
const Tensor& Tensor::index_put_(const std::vector<Index>& indices, Scalar value,
                                 Where where) const {
  return tarn::index_put_(*this, indices, value, where);
}
Tensor Tensor::gather(std::int64_t dim, const Tensor& index, Where where) const {
  return tarn::gather(*this, dim, index, where);
}
Tensor Tensor::scatter(std::int64_t dim, const Tensor& index, const Tensor& source,
                       Where where) const {
  return tarn::scatter(*this, dim, index, source, where);
}
Tensor Tensor::scatter(std::int64_t dim, const Tensor& index, Scalar value, Where where) const {
  return tarn::scatter(*this, dim, index, value, where);
}
Tensor Tensor::scatter_add(std::int64_t dim, const Tensor& index, const Tensor& source,
                           Where where) const {
  return tarn::scatter_add(*this, dim, index, source, where);
}
Tensor Tensor::masked_select(const Tensor& mask, Where where) const {
  return tarn::masked_select(*this, mask, where);
}
Tensor Tensor::masked_fill(const Tensor& mask, Scalar value, Where where) const {
  return tarn::masked_fill(*this, mask, value, where);
}
Tensor Tensor::flip(const Shape& dims, Where where) const { return tarn::flip(*this, dims, where); }
std::vector<Tensor> Tensor::split(std::int64_t split_size, std::int64_t dim, Where where) const {
  return tarn::split(*this, split_size, dim, where);
}
std::vector<Tensor> Tensor::chunk(std::int64_t chunks, std::int64_t dim, Where where) const {
  return tarn::chunk(*this, chunks, dim, where);
}
Tensor Tensor::var(const Shape& dims, double correction, bool keepdim, Where where) const {
  return tarn::var(*this, dims, correction, keepdim, where);
}
Tensor Tensor::std(const Shape& dims, double correction, bool keepdim, Where where) const {
  return tarn::std(*this, dims, correction, keepdim, where);
}
Tensor Tensor::norm(double p, const Shape& dims, bool keepdim, Where where) const {
  return tarn::norm(*this, p, dims, keepdim, where);
}
Tensor Tensor::prod(Where where) const { return tarn::prod(*this, where); }
Tensor Tensor::prod(std::int64_t dim, bool keepdim, Where where) const {
  return tarn::prod(*this, dim, keepdim, where);
}
Tensor Tensor::cumsum(std::int64_t dim, Where where) const {
  return tarn::cumsum(*this, dim, where);
}
Tensor Tensor::max(Where where) const { return tarn::max(*this, where); }
ValuesIndices Tensor::max(std::int64_t dim, bool keepdim, Where where) const {
  return tarn::max(*this, dim, keepdim, where);
}
Tensor Tensor::min(Where where) const { return tarn::min(*this, where); }
ValuesIndices Tensor::min(std::int64_t dim, bool keepdim, Where where) const {
  return tarn::min(*this, dim, keepdim, where);
}
Tensor Tensor::argmax() const { return tarn::argmax(*this); }
Tensor Tensor::argmax(std::int64_t dim, bool keepdim) const {
  return tarn::argmax(*this, dim, keepdim);
}
Tensor Tensor::argmin() const { return tarn::argmin(*this); }
Tensor Tensor::argmin(std::int64_t dim, bool keepdim) const {
  return tarn::argmin(*this, dim, keepdim);
}
ValuesIndices Tensor::sort(std::int64_t dim, bool descending, Where where) const {
  return tarn::sort(*this, dim, descending, where);
}
ValuesIndices Tensor::topk(std::int64_t k, std::int64_t dim, bool largest, Where where) const {
  return tarn::topk(*this, k, dim, largest, where);
}
Tensor Tensor::eq(const Tensor& other) const { return tarn::eq(*this, other); }
Tensor Tensor::eq(Scalar other) const { return tarn::eq(*this, other); }
const Tensor& Tensor::eq_(const Tensor& other, Where where) const {
  return copy_(eq(other), where);
}
const Tensor& Tensor::eq_(Scalar other, Where where) const { return copy_(eq(other), where); }
const Tensor& Tensor::uniform_(double low, double high) const {
  return tarn::uniform_(*this, low, high);
}
const Tensor& Tensor::normal_(double mean, double std) const {
  return tarn::normal_(*this, mean, std);
}
Tensor Tensor::ne(const Tensor& other) const { return tarn::ne(*this, other); }
Tensor Tensor::ne(Scalar other) const { return tarn::ne(*this, other); }
Tensor Tensor::lt(const Tensor& other) const { return tarn::lt(*this, other); }
Tensor Tensor::lt(Scalar other) const { return tarn::lt(*this, other); }
Tensor Tensor::le(const Tensor& other) const { return tarn::le(*this, other); }
Tensor Tensor::le(Scalar other) const { return tarn::le(*this, other); }
Tensor Tensor::gt(const Tensor& other) const { return tarn::gt(*this, other); }
Tensor Tensor::gt(Scalar other) const { return tarn::gt(*this, other); }
Tensor Tensor::ge(const Tensor& other) const { return tarn::ge(*this, other); }
Tensor Tensor::ge(Scalar other) const { return tarn::ge(*this, other); }
Tensor Tensor::any() const { return tarn::any(*this); }
Tensor Tensor::any(std::int64_t dim, bool keepdim) const { return tarn::any(*this, dim, keepdim); }
Tensor Tensor::all() const { return tarn::all(*this); }
Tensor Tensor::all(std::int64_t dim, bool keepdim) const { return tarn::all(*this, dim, keepdim); }

}  // namespace tarn
