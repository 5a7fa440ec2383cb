#include <tarn/tensor/error.h>
#include <tarn/tensor/kernels/alias.h>
#include <tarn/tensor/kernels/cast.h>
#include <tarn/tensor/kernels/visit.h>
#include <tarn/tensor/str.h>
#include <tarn/tensor/tensor.h>

namespace tarn {

std::int64_t Tensor::size(std::int64_t d) const {
  if (dim() == 0) throw IndexError(str("size: dim ", d, " of a 0-d tensor: it has no dimensions"));
  return sizes()[wrap_dim("size", d, dim())];
}

std::int64_t Tensor::stride(std::int64_t d) const {
  if (dim() == 0)
    throw IndexError(str("stride: dim ", d, " of a 0-d tensor: it has no dimensions"));
  return strides()[wrap_dim("stride", d, dim())];
}

bool Tensor::is_contiguous() const {
  const TensorImpl& self = impl();
  if (self.numel == 0) return true;
  std::int64_t expected = 1;
  for (int i = self.sizes.size() - 1; i >= 0; --i) {
    if (self.sizes[i] == 1) continue;
    if (self.strides[i] != expected) return false;
    expected *= self.sizes[i];
  }
  return true;
}

bool Tensor::is_dense() const {
  if (is_contiguous()) return true;
  // Walk the dimensions from the smallest stride up: each must start where the previous ones end.
  const TensorImpl& self = impl();
  unsigned done = 0;
  std::int64_t expected = 1;
  for (int step = 0; step < self.sizes.size(); ++step) {
    int next = -1;
    for (int i = 0; i < self.sizes.size(); ++i) {
      if ((done >> i & 1U) == 0 && self.sizes[i] != 1 && self.strides[i] == expected) next = i;
    }
    if (next < 0) break;
    done |= 1U << next;
    expected *= self.sizes[next];
  }
  return expected == self.numel;
}

template <class T>
std::vector<T> Tensor::to_vector() const {
  const Tensor source = kernels::cast(*this, dtype_of<T>, /*contiguous=*/true);
  const T* first = source.data_ptr<T>();
  return std::vector<T>(first, first + numel());
}

template std::vector<float> Tensor::to_vector() const;
template std::vector<double> Tensor::to_vector() const;
template std::vector<std::int64_t> Tensor::to_vector() const;
template std::vector<std::int32_t> Tensor::to_vector() const;
template std::vector<std::uint8_t> Tensor::to_vector() const;
template std::vector<bool> Tensor::to_vector() const;

Tensor Tensor::detach() const { return kernels::alias(*this, sizes(), strides()); }

void Tensor::throw_undefined() {
  throw ValueError(
      "tensor: this tensor is undefined (default-constructed, moved from, or a grad before "
      "backward())");
}

void Tensor::throw_dtype(DType expected) const {
  throw DTypeError(
      str("data_ptr: the tensor holds ", dtype(), ", not ", expected, "; convert it with .to()"));
}

Scalar Tensor::item_scalar() const {
  if (numel() != 1) {
    throw ValueError(str("item: the tensor has ", numel(), " elements (shape ", sizes(),
                         "): expected exactly 1; reduce it or select one"));
  }
  return kernels::visit(dtype(), [&]<class T>() { return Scalar(*data_ptr<T>()); });
}

}  // namespace tarn
