#pragma once

#include <cstdint>

namespace tarn::optim::kernels {

/// The numbers of one SGD step. Each is rounded to the element type once.
struct SGDPass {
  double lr;
  double momentum;
  double keep;  ///< the weight of the gradient on its way into the buffer
  double weight_decay;
  bool nesterov;
  bool maximize;
};

/// One SGD step for n elements: reads p, g, v once and writes p, v once. v is null without
/// momentum. Element i depends on element i alone. T is float or double.
template <class T>
void sgd_pass(T* p, const T* g, T* v, std::int64_t n, const SGDPass& pass);

}  // namespace tarn::optim::kernels
