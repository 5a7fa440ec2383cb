#pragma once

#include <bit>
#include <cmath>
#include <cstdint>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include <tarn/tensor/str.h>
#include <tarn/tensor/tensor.h>

namespace tarn::testing {

/// |actual - expected| <= atol + rtol * |expected|
struct Tolerance {
  double rtol = 0;
  double atol = 0;
};

/// Same dtype, same shape.
inline ::testing::AssertionResult same_kind(const Tensor& actual, const Tensor& expected) {
  if (!actual.defined()) return ::testing::AssertionFailure() << "the tensor is undefined";
  if (actual.dtype() != expected.dtype() || actual.sizes() != expected.sizes()) {
    return ::testing::AssertionFailure()
           << str("got ", actual.dtype(), " ", actual.sizes(), ", expected ", expected.dtype(), " ",
                  expected.sizes());
  }
  return ::testing::AssertionSuccess();
}

inline bool is_close(double actual, double expected, const Tolerance& tolerance) {
  if (std::isnan(expected)) return std::isnan(actual);
  if (std::isinf(expected) || std::isinf(actual)) return actual == expected;
  return std::abs(actual - expected) <= tolerance.atol + tolerance.rtol * std::abs(expected);
}

/// Same dtype, same shape, and every element within the tolerance; NaN is close to NaN, infinities
/// to themselves.
inline ::testing::AssertionResult is_close(const Tensor& actual, const Tensor& expected,
                                           const Tolerance& tolerance) {
  if (auto same = same_kind(actual, expected); !same) return same;
  const std::vector<double> a = actual.detach().to_vector();
  const std::vector<double> e = expected.detach().to_vector();
  std::size_t wrong = 0;
  std::size_t first = 0;
  for (std::size_t i = a.size(); i-- > 0;) {
    if (is_close(a[i], e[i], tolerance)) continue;
    ++wrong;
    first = i;
  }
  if (wrong == 0) return ::testing::AssertionSuccess();
  return ::testing::AssertionFailure()
         << str(wrong, " of ", a.size(), " elements differ; the first at ", first,
                " in row-major order of ", expected.sizes(), ": got ", a[first], ", expected ",
                e[first], " (difference ", a[first] - e[first], ")");
}

/// The bits of every element in row-major order.
inline std::vector<std::uint64_t> bits_of(const Tensor& tensor) {
  std::vector<std::uint64_t> bits;
  if (tensor.dtype() == kFloat32) {
    for (const float value : tensor.detach().to_vector<float>())
      bits.push_back(std::bit_cast<std::uint32_t>(value));
  } else if (tensor.dtype() == kFloat64) {
    for (const double value : tensor.detach().to_vector<double>())
      bits.push_back(std::bit_cast<std::uint64_t>(value));
  } else {
    for (const std::int64_t value : tensor.to_vector<std::int64_t>())
      bits.push_back(static_cast<std::uint64_t>(value));
  }
  return bits;
}

/// Same dtype, same shape, same bits.
inline ::testing::AssertionResult same_bits(const Tensor& actual, const Tensor& expected) {
  if (auto same = same_kind(actual, expected); !same) return same;
  const auto a = bits_of(actual);
  const auto e = bits_of(expected);
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (a[i] == e[i]) continue;
    return ::testing::AssertionFailure()
           << str("element ", i, " in row-major order of ", expected.sizes(), " is ",
                  actual.detach().to_vector()[i], ", expected the bits of ",
                  expected.detach().to_vector()[i]);
  }
  return ::testing::AssertionSuccess();
}

}  // namespace tarn::testing
