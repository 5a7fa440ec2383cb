#pragma once

#include <torch/types.h>

#include <tarn/autograd/ops.h>
#include <tarn/tensor/print.h>

namespace torch {

// ---- as in tarn ------------------------------------------------------------------------------

using tarn::abs, tarn::add, tarn::all, tarn::allclose, tarn::amax, tarn::amin, tarn::any,
    tarn::argmax, tarn::argmin, tarn::argsort, tarn::cat, tarn::chunk, tarn::clamp, tarn::clamp_max,
    tarn::clamp_min, tarn::clone, tarn::cos, tarn::cumsum, tarn::div, tarn::dropout, tarn::elu,
    tarn::eq, tarn::equal, tarn::erf, tarn::exp, tarn::expm1, tarn::flatten, tarn::flip,
    tarn::gather, tarn::ge, tarn::gt, tarn::index_select, tarn::isfinite, tarn::isinf, tarn::isnan,
    tarn::le, tarn::leaky_relu, tarn::log, tarn::log1p, tarn::log_softmax, tarn::logical_and,
    tarn::logical_not, tarn::logical_or, tarn::lt, tarn::masked_fill, tarn::masked_select,
    tarn::matmul, tarn::max, tarn::maximum, tarn::mean, tarn::min, tarn::minimum, tarn::mm,
    tarn::mul, tarn::narrow, tarn::ne, tarn::neg, tarn::nonzero, tarn::norm, tarn::one_hot,
    tarn::permute, tarn::pow, tarn::prod, tarn::relu, tarn::reshape, tarn::scatter,
    tarn::scatter_add, tarn::select, tarn::sigmoid, tarn::sign, tarn::silu, tarn::sin,
    tarn::softmax, tarn::softplus, tarn::sort, tarn::split, tarn::sqrt, tarn::square, tarn::squeeze,
    tarn::stack, tarn::std, tarn::sub, tarn::sum, tarn::tanh, tarn::topk, tarn::transpose,
    tarn::tril, tarn::triu, tarn::unsqueeze, tarn::var, tarn::where;

namespace indexing {
using tarn::None;
using tarn::Slice;
using TensorIndex = tarn::Index;
inline constexpr const char* Ellipsis = "...";
}  // namespace indexing

// ---- with libtorch's arguments ---------------------------------------------------------------
// Objects, so that argument-dependent lookup does not find tarn's functions beside them.

namespace Reduction {
enum Reduction : std::int64_t { None, Mean, Sum, END };
}

inline constexpr tarn::Reduction kNone = tarn::Reduction::none;
inline constexpr tarn::Reduction kMean = tarn::Reduction::mean;
inline constexpr tarn::Reduction kSum = tarn::Reduction::sum;
inline constexpr tarn::Reduction kBatchMean = tarn::Reduction::batchmean;

namespace detail {

/// Throws ValueError for a number that is not one of Reduction's.
inline tarn::Reduction reduction(std::int64_t number) {
  switch (number) {
    case Reduction::None:
      return tarn::Reduction::none;
    case Reduction::Mean:
      return tarn::Reduction::mean;
    case Reduction::Sum:
      return tarn::Reduction::sum;
    default:
      break;
  }
  throw tarn::ValueError("reduction = " + std::to_string(number) +
                         ": expected torch::Reduction::None, Mean or Sum");
}

/// One number for both directions, or two. Throws ShapeError for another count.
inline tarn::Size2d size_2d(const IntArrayRef& size) {
  if (size.size() == 1) return size[0];
  if (size.size() == 2) return {size[0], size[1]};
  throw tarn::ShapeError("expected one number or two, got " + tarn::to_string(size));
}

}  // namespace detail

inline constexpr auto nll_loss = [](const Tensor& input, const Tensor& target,
                                    const Tensor& weight = {},
                                    std::int64_t reduction = Reduction::Mean,
                                    std::int64_t ignore_index = -100,
                                    tarn::Where where = tarn::Where::current()) {
  return tarn::nll_loss(
      input, target,
      {.weight = weight, .ignore_index = ignore_index, .reduction = detail::reduction(reduction)},
      where);
};
inline constexpr auto cross_entropy_loss =
    [](const Tensor& input, const Tensor& target, const Tensor& weight = {},
       std::int64_t reduction = Reduction::Mean, std::int64_t ignore_index = -100,
       double label_smoothing = 0, tarn::Where where = tarn::Where::current()) {
      return tarn::cross_entropy(input, target,
                                 {.weight = weight,
                                  .ignore_index = ignore_index,
                                  .reduction = detail::reduction(reduction),
                                  .label_smoothing = label_smoothing},
                                 where);
    };
inline constexpr auto mse_loss = [](const Tensor& input, const Tensor& target,
                                    std::int64_t reduction = Reduction::Mean,
                                    tarn::Where where = tarn::Where::current()) {
  return tarn::mse_loss(input, target, {.reduction = detail::reduction(reduction)}, where);
};
inline constexpr auto l1_loss = [](const Tensor& input, const Tensor& target,
                                   std::int64_t reduction = Reduction::Mean,
                                   tarn::Where where = tarn::Where::current()) {
  return tarn::l1_loss(input, target, {.reduction = detail::reduction(reduction)}, where);
};
inline constexpr auto smooth_l1_loss = [](const Tensor& input, const Tensor& target,
                                          std::int64_t reduction = Reduction::Mean, double beta = 1,
                                          tarn::Where where = tarn::Where::current()) {
  return tarn::smooth_l1_loss(input, target,
                              {.beta = beta, .reduction = detail::reduction(reduction)}, where);
};
inline constexpr auto huber_loss = [](const Tensor& input, const Tensor& target,
                                      std::int64_t reduction = Reduction::Mean, double delta = 1,
                                      tarn::Where where = tarn::Where::current()) {
  return tarn::huber_loss(input, target,
                          {.delta = delta, .reduction = detail::reduction(reduction)}, where);
};
inline constexpr auto binary_cross_entropy =
    [](const Tensor& input, const Tensor& target, const Tensor& weight = {},
       std::int64_t reduction = Reduction::Mean, tarn::Where where = tarn::Where::current()) {
      return tarn::binary_cross_entropy(
          input, target, {.weight = weight, .reduction = detail::reduction(reduction)}, where);
    };
inline constexpr auto binary_cross_entropy_with_logits =
    [](const Tensor& input, const Tensor& target, const Tensor& weight = {},
       const Tensor& pos_weight = {}, std::int64_t reduction = Reduction::Mean,
       tarn::Where where = tarn::Where::current()) {
      return tarn::binary_cross_entropy_with_logits(
          input, target,
          {.weight = weight, .pos_weight = pos_weight, .reduction = detail::reduction(reduction)},
          where);
    };

/// An empty stride is the kernel's size.
inline constexpr auto max_pool2d =
    [](const Tensor& x, const IntArrayRef& kernel_size, const IntArrayRef& stride = {},
       const IntArrayRef& padding = 0, const IntArrayRef& dilation = 1, bool ceil_mode = false,
       tarn::Where where = tarn::Where::current()) {
      return tarn::max_pool2d(x,
                              {.kernel_size = detail::size_2d(kernel_size),
                               .stride = detail::size_2d(stride.empty() ? kernel_size : stride),
                               .padding = detail::size_2d(padding),
                               .dilation = detail::size_2d(dilation),
                               .ceil_mode = ceil_mode},
                              where);
    };
/// An empty stride is the kernel's size.
inline constexpr auto avg_pool2d =
    [](const Tensor& x, const IntArrayRef& kernel_size, const IntArrayRef& stride = {},
       const IntArrayRef& padding = 0, bool ceil_mode = false, bool count_include_pad = true,
       tarn::Where where = tarn::Where::current()) {
      return tarn::avg_pool2d(x,
                              {.kernel_size = detail::size_2d(kernel_size),
                               .stride = detail::size_2d(stride.empty() ? kernel_size : stride),
                               .padding = detail::size_2d(padding),
                               .ceil_mode = ceil_mode,
                               .count_include_pad = count_include_pad},
                              where);
    };
inline constexpr auto conv2d = [](const Tensor& x, const Tensor& weight, const Tensor& bias = {},
                                  const IntArrayRef& stride = 1, const IntArrayRef& padding = 0,
                                  const IntArrayRef& dilation = 1, std::int64_t groups = 1,
                                  tarn::Where where = tarn::Where::current()) {
  return tarn::conv2d(x, weight, bias,
                      {.stride = detail::size_2d(stride),
                       .padding = detail::size_2d(padding),
                       .dilation = detail::size_2d(dilation),
                       .groups = groups},
                      where);
};

}  // namespace torch
