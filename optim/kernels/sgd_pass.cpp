#include <tarn/optim/kernels/sgd_pass.h>
#include <tarn/tensor/parallel.h>

namespace tarn::optim::kernels {

namespace {

// Up to so many elements a second thread costs more than it brings.
constexpr std::int64_t kSerial = 32768;
// Small enough that two threads get nearly equal shares of 100,000 elements.
constexpr std::int64_t kGrain = 4096;

template <class T, bool kDecay, bool kMomentum, bool kNesterov>
void run(T* p, const T* g, T* v, std::int64_t n, const SGDPass& pass) {
  const T lr = static_cast<T>(pass.lr);
  const T momentum = static_cast<T>(pass.momentum);
  const T keep = static_cast<T>(pass.keep);
  const T weight_decay = static_cast<T>(pass.weight_decay);
  const T sign = pass.maximize ? T(-1) : T(1);
  parallel_for(0, n, n <= kSerial ? kSerial : kGrain, [=](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i) {
      T d = sign * g[i];
      if constexpr (kDecay) d += weight_decay * p[i];
      if constexpr (kMomentum) {
        const T next = momentum * v[i] + keep * d;
        v[i] = next;
        d = kNesterov ? d + momentum * next : next;
      }
      p[i] -= lr * d;
    }
  });
}

template <class T, bool kDecay>
void with_decay(T* p, const T* g, T* v, std::int64_t n, const SGDPass& pass) {
  if (!v) {
    run<T, kDecay, false, false>(p, g, v, n, pass);
  } else if (!pass.nesterov) {
    run<T, kDecay, true, false>(p, g, v, n, pass);
  } else {
    run<T, kDecay, true, true>(p, g, v, n, pass);
  }
}

}  // namespace

template <class T>
void sgd_pass(T* p, const T* g, T* v, std::int64_t n, const SGDPass& pass) {
  if (pass.weight_decay != 0) {
    with_decay<T, true>(p, g, v, n, pass);
  } else {
    with_decay<T, false>(p, g, v, n, pass);
  }
}

template void sgd_pass(float*, const float*, float*, std::int64_t, const SGDPass&);
template void sgd_pass(double*, const double*, double*, std::int64_t, const SGDPass&);

}  // namespace tarn::optim::kernels
