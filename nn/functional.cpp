#include <tarn/nn/functional.h>
#include <tarn/tensor/error.h>

namespace tarn::nn {

Functional::Functional(std::function<Tensor(const Tensor&)> function)
    : function_(std::move(function)) {
  if (!function_) throw ValueError("Functional: the function is empty");
}

Tensor Functional::forward(const Tensor& x) { return function_(x); }

}  // namespace tarn::nn
