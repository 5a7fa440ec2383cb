#include <tarn/autograd/detail/defined.h>
#include <tarn/autograd/detail/operand.h>
#include <tarn/autograd/detail/wrapped_number.h>
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

Tensor scaled(const Tensor& gradient, Scalar alpha) {
  return is_one(alpha) ? gradient : mul(gradient, alpha);
}

}  // namespace

Tensor add(const Tensor& a, const Tensor& b, Scalar alpha, Where where) {
  require_defined("add", {&a, &b});
  const DType dtype = kernels::result_dtype(a, b);
  check_alpha("add", dtype, alpha);
  const auto plain = [](const auto& x, const auto& y) { return x + y; };
  const auto with_alpha = [alpha](const auto& x, const auto& y) {
    return x + y * alpha.to<typename std::decay_t<decltype(y)>::Scalar>();
  };
  return record(
      kAdd, where,
      is_one(alpha) ? kernels::zip_numeric("add", a, b, dtype, plain)
                    : kernels::zip_numeric("add", a, b, dtype, with_alpha),
      wrt(a, [a = Operand(a)](const Tensor& g) { return a.fit(g); }),
      wrt(b, [b = Operand(b), alpha](const Tensor& g) { return b.fit(scaled(g, alpha)); }));
}

Tensor sub(const Tensor& a, const Tensor& b, Scalar alpha, Where where) {
  require_defined("sub", {&a, &b});
  const DType dtype = kernels::result_dtype(a, b);
  check_alpha("sub", dtype, alpha);
  const auto plain = [](const auto& x, const auto& y) { return x - y; };
  const auto with_alpha = [alpha](const auto& x, const auto& y) {
    return x - y * alpha.to<typename std::decay_t<decltype(y)>::Scalar>();
  };
  return record(
      kSub, where,
      is_one(alpha) ? kernels::zip_numeric("sub", a, b, dtype, plain)
                    : kernels::zip_numeric("sub", a, b, dtype, with_alpha),
      wrt(a, [a = Operand(a)](const Tensor& g) { return a.fit(g); }),
      wrt(b, [b = Operand(b), alpha](const Tensor& g) { return b.fit(neg(scaled(g, alpha))); }));
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

Tensor mul(const Tensor& a, Scalar b, Where where) { return mul(a, wrapped("mul", b, a), where); }

Tensor neg(const Tensor& x, Where where) {
  require_defined("neg", {&x});
  return record(kNeg, where,
                kernels::map_numeric("neg", x, x.dtype(), [](const auto& v) { return -v; }),
                wrt(x, [](const Tensor& g) { return neg(g); }));
}

Tensor operator+(Located a, Scalar b) {
  return add(a.tensor, wrapped("add", b, a.tensor), 1, a.where);
}
Tensor operator-(Located a, Scalar b) {
  return sub(a.tensor, wrapped("sub", b, a.tensor), 1, a.where);
}
Tensor operator*(Located a, Scalar b) {
  return mul(a.tensor, wrapped("mul", b, a.tensor), a.where);
}
Tensor operator/(Located a, Scalar b) {
  return div(a.tensor, wrapped("div", b, a.tensor), a.where);
}
Tensor operator+(Scalar a, Located b) {
  return add(wrapped("add", a, b.tensor), b.tensor, 1, b.where);
}
Tensor operator-(Scalar a, Located b) {
  return sub(wrapped("sub", a, b.tensor), b.tensor, 1, b.where);
}
Tensor operator*(Scalar a, Located b) {
  return mul(wrapped("mul", a, b.tensor), b.tensor, b.where);
}
Tensor operator/(Scalar a, Located b) {
  return div(wrapped("div", a, b.tensor), b.tensor, b.where);
}
Tensor operator-(Located x) { return neg(x.tensor, x.where); }

}  // namespace tarn
