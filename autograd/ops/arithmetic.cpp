#include <tarn/autograd/detail/defined.h>
#include <tarn/autograd/detail/operand.h>
#include <tarn/autograd/ops/arithmetic.h>
#include <tarn/autograd/record.h>
#include <tarn/tensor/kernels/elementwise.h>

namespace tarn {
namespace {

const Op kAdd{"add"};
const Op kSub{"sub"};
const Op kMul{"mul"};
const Op kDiv{"div"};
const Op kNeg{"neg"};

void check_alpha(const char* op, DType dtype, Scalar alpha) {
  if (is_floating_point(alpha.dtype()) && !is_floating_point(dtype)) {
    throw ValueError(
        str(op, ": alpha = ", alpha.to<double>(), " for ", dtype, " tensors: expected an integer"));
  }
}

bool is_one(Scalar alpha) { return alpha.to<double>() == 1; }

// A number in a quotient, which is floating-point: beside uint8 a -1 must not become 255.
Tensor of_quotient(Scalar number, const Tensor& other) {
  require_defined("div", {&other});
  return scalar_tensor(number, {.dtype = promote_types(other.dtype(), kFloat32)});
}

// f(a, alpha b), where f adds or subtracts and `signed_gradient` gives the gradient its sign.
template <class F, class Sign>
Tensor combine(const Op& op, const Tensor& a, const Tensor& b, Scalar alpha, const Where& where,
               F f, Sign signed_gradient) {
  require_defined(op.name(), {&a, &b});
  const DType dtype = kernels::result_dtype(a, b);
  check_alpha(op.name(), dtype, alpha);
  const bool plain = is_one(alpha);
  const auto scaled = [alpha, f](const auto& x, const auto& y) {
    return f(x, y * kernels::element<kernels::ElementOf<decltype(y)>>(alpha));
  };
  return record(op, where,
                plain ? kernels::zip_numeric(op.name(), a, b, dtype, f)
                      : kernels::zip_numeric(op.name(), a, b, dtype, scaled),
                wrt(a, [a = Operand(a)](const Tensor& g) { return a.fit(g); }),
                wrt(b, [=, b = Operand(b)](const Tensor& g) {
                  return b.fit(signed_gradient(plain ? g : mul(g, alpha)));
                }));
}

}  // namespace

Tensor add(const Tensor& a, const Tensor& b, Scalar alpha, Where where) {
  return combine(
      kAdd, a, b, alpha, where, [](const auto& x, const auto& y) { return x + y; },
      [](const Tensor& g) { return g; });
}

Tensor sub(const Tensor& a, const Tensor& b, Scalar alpha, Where where) {
  return combine(
      kSub, a, b, alpha, where, [](const auto& x, const auto& y) { return x - y; },
      [](const Tensor& g) { return neg(g); });
}

Tensor mul(const Tensor& a, const Tensor& b, Where where) {
  require_defined("mul", {&a, &b});
  return record(kMul, where,
                kernels::zip_numeric("mul", a, b, kernels::result_dtype(a, b),
                                     [](const auto& x, const auto& y) { return x * y; }),
                wrt(a, [like = Operand(a),
                        b = saved(b)](const Tensor& g) { return like.fit(mul(g, b.get())); }),
                wrt(b, [like = Operand(b), a = saved(a)](const Tensor& g) {
                  return like.fit(mul(g, a.get()));
                }));
}

Tensor div(const Tensor& a, const Tensor& b, Where where) {
  require_defined("div", {&a, &b});
  const DType dtype = promote_types(kernels::result_dtype(a, b), kFloat32);
  return record(
      kDiv, where,
      kernels::zip_numeric("div", a, b, dtype, [](const auto& x, const auto& y) { return x / y; }),
      wrt(a,
          [like = Operand(a), b = saved(b)](const Tensor& g) { return like.fit(div(g, b.get())); }),
      wrt(b, [like = Operand(b), a = saved(a), b = saved(b)](const Tensor& g) {
        return like.fit(neg(mul(g, div(div(a.get(), b.get()), b.get()))));
      }));
}

Tensor add(const Tensor& a, Scalar b, Where where) {
  return add(a, wrapped("add", b, a), 1, where);
}

Tensor sub(const Tensor& a, Scalar b, Where where) {
  return sub(a, wrapped("sub", b, a), 1, where);
}

Tensor mul(const Tensor& a, Scalar b, Where where) { return mul(a, wrapped("mul", b, a), where); }

Tensor div(const Tensor& a, Scalar b, Where where) { return div(a, of_quotient(b, a), where); }

Tensor neg(const Tensor& x, Where where) {
  require_defined("neg", {&x});
  return record(kNeg, where,
                kernels::map_numeric("neg", x, x.dtype(), [](const auto& v) { return -v; }),
                wrt(x, [](const Tensor& g) { return neg(g); }));
}

Tensor operator-(Scalar a, Located b) {
  return sub(wrapped("sub", a, b.tensor), b.tensor, 1, b.where);
}
Tensor operator/(Scalar a, Located b) { return div(of_quotient(a, b.tensor), b.tensor, b.where); }

}  // namespace tarn
