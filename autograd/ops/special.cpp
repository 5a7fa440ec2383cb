#include <cmath>
#include <numbers>

#include <tarn/autograd/detail/defined.h>
#include <tarn/autograd/ops/arithmetic.h>
#include <tarn/autograd/ops/pointwise.h>
#include <tarn/autograd/ops/special.h>
#include <tarn/autograd/record.h>
#include <tarn/tensor/kernels/elementwise.h>

namespace tarn {
namespace {

using kernels::each;
using kernels::ElementOf;

const Op kErf{"erf"};
const Op kExpm1{"expm1"};
const Op kLog1p{"log1p"};

}  // namespace

Tensor erf(const Tensor& x, Where where) {
  require_defined("erf", {&x});
  const Tensor y = kernels::map_floating("erf", x, [](const auto& v) {
    using T = ElementOf<decltype(v)>;
    return each([](T e) { return std::erf(e); }, v);
  });
  return record(kErf, where, y, wrt(x, [x = saved(x)](const Tensor& g) {
                  return mul(mul(g, exp(neg(square(x.get())))), 2 * std::numbers::inv_sqrtpi);
                }));
}

Tensor expm1(const Tensor& x, Where where) {
  require_defined("expm1", {&x});
  const Tensor y = kernels::map_floating("expm1", x, [](const auto& v) {
    using T = ElementOf<decltype(v)>;
    return each([](T e) { return std::expm1(e); }, v);
  });
  return record(kExpm1, where, y,
                wrt(x, [y = saved_output(y)](const Tensor& g) { return mul(g, add(y.get(), 1)); }));
}

Tensor log1p(const Tensor& x, Where where) {
  require_defined("log1p", {&x});
  const Tensor y = kernels::map_floating("log1p", x, [](const auto& v) {
    using T = ElementOf<decltype(v)>;
    return each([](T e) { return std::log1p(e); }, v);
  });
  return record(kLog1p, where, y,
                wrt(x, [x = saved(x)](const Tensor& g) { return div(g, add(x.get(), 1)); }));
}

}  // namespace tarn
