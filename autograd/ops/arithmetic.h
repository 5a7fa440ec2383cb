#pragma once

#include <tarn/tensor/tensor.h>

namespace tarn {

// Element-wise arithmetic. Shapes broadcast, element types promote as in PyTorch (float32 with
// int64 gives float32; division of integers gives float32). All throw ShapeError when shapes do not
// broadcast and DTypeError for bool operands.

/// a + alpha * b
Tensor add(const Tensor& a, const Tensor& b, Scalar alpha = 1, Where where = Where::current());
/// a - alpha * b
Tensor sub(const Tensor& a, const Tensor& b, Scalar alpha = 1, Where where = Where::current());
Tensor mul(const Tensor& a, const Tensor& b, Where where = Where::current());
Tensor div(const Tensor& a, const Tensor& b, Where where = Where::current());
Tensor add(const Tensor& a, Scalar b, Where where = Where::current());
Tensor sub(const Tensor& a, Scalar b, Where where = Where::current());
Tensor mul(const Tensor& a, Scalar b, Where where = Where::current());
Tensor div(const Tensor& a, Scalar b, Where where = Where::current());
Tensor neg(const Tensor& x, Where where = Where::current());

/// An operand of an operator, with the place of the expression in the program.
struct Located {
  Located(const Tensor& operand,
          Where place = Where::current())  // NOLINT(google-explicit-constructor)
      : tensor(operand), where(place) {}
  const Tensor& tensor;
  Where where;
};

inline Tensor operator+(Located a, const Tensor& b) { return add(a.tensor, b, 1, a.where); }
inline Tensor operator-(Located a, const Tensor& b) { return sub(a.tensor, b, 1, a.where); }
inline Tensor operator*(Located a, const Tensor& b) { return mul(a.tensor, b, a.where); }
inline Tensor operator/(Located a, const Tensor& b) { return div(a.tensor, b, a.where); }
inline Tensor operator+(Located a, Scalar b) { return add(a.tensor, b, a.where); }
inline Tensor operator-(Located a, Scalar b) { return sub(a.tensor, b, a.where); }
inline Tensor operator*(Located a, Scalar b) { return mul(a.tensor, b, a.where); }
inline Tensor operator/(Located a, Scalar b) { return div(a.tensor, b, a.where); }
inline Tensor operator+(Scalar a, Located b) { return b + a; }
Tensor operator-(Scalar a, Located b);
inline Tensor operator*(Scalar a, Located b) { return b * a; }
Tensor operator/(Scalar a, Located b);
inline Tensor operator-(Located x) { return neg(x.tensor, x.where); }

}  // namespace tarn
