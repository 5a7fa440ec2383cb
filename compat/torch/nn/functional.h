#pragma once

#include <torch/functions.h>
#include <torch/nn/options.h>

/// The layers' computations as functions, with the layers' options.
namespace torch::nn::functional {

using tarn::gelu, tarn::one_hot, tarn::relu, tarn::sigmoid, tarn::silu, tarn::tanh;

using MSELossFuncOptions = MSELossOptions;
using L1LossFuncOptions = L1LossOptions;
using SmoothL1LossFuncOptions = SmoothL1LossOptions;
using HuberLossFuncOptions = HuberLossOptions;
using BinaryCrossEntropyFuncOptions = BCELossOptions;
using BinaryCrossEntropyWithLogitsFuncOptions = BCEWithLogitsLossOptions;
using CrossEntropyFuncOptions = CrossEntropyLossOptions;
using NLLLossFuncOptions = NLLLossOptions;
using KLDivFuncOptions = KLDivLossOptions;
using MaxPool2dFuncOptions = MaxPool2dOptions;
using AvgPool2dFuncOptions = AvgPool2dOptions;
using LeakyReLUFuncOptions = LeakyReLUOptions;
using ELUFuncOptions = ELUOptions;
using SoftmaxFuncOptions = SoftmaxOptions;
using LogSoftmaxFuncOptions = SoftmaxOptions;

struct DropoutFuncOptions {
  TORCH_ARG(double, p) = 0.5;
  TORCH_ARG(bool, training) = false;
  TORCH_ARG(bool, inplace) = false;
};

struct Conv2dFuncOptions {
  TORCH_ARG(Tensor, bias);
  TORCH_ARG(ExpandingArray<2>, stride) = 1;
  TORCH_ARG(ExpandingArray<2>, padding) = 0;
  TORCH_ARG(ExpandingArray<2>, dilation) = 1;
  TORCH_ARG(std::int64_t, groups) = 1;
};

namespace detail {

/// A loss of tarn's that takes libtorch's options.
template <auto function, class Options>
inline constexpr auto loss = [](const Tensor& input, const Tensor& target,
                                const Options& options = {},
                                tarn::Where where = tarn::Where::current()) {
  return function(input, target, options, where);
};

}  // namespace detail

inline constexpr auto mse_loss = detail::loss<tarn::mse_loss, MSELossOptions>;
inline constexpr auto l1_loss = detail::loss<tarn::l1_loss, L1LossOptions>;
inline constexpr auto smooth_l1_loss = detail::loss<tarn::smooth_l1_loss, SmoothL1LossOptions>;
inline constexpr auto huber_loss = detail::loss<tarn::huber_loss, HuberLossOptions>;
inline constexpr auto binary_cross_entropy =
    detail::loss<tarn::binary_cross_entropy, BCELossOptions>;
inline constexpr auto binary_cross_entropy_with_logits =
    detail::loss<tarn::binary_cross_entropy_with_logits, BCEWithLogitsLossOptions>;
inline constexpr auto cross_entropy = detail::loss<tarn::cross_entropy, CrossEntropyLossOptions>;
inline constexpr auto nll_loss = detail::loss<tarn::nll_loss, NLLLossOptions>;
inline constexpr auto kl_div = detail::loss<tarn::kl_div, KLDivLossOptions>;

inline constexpr auto linear = [](const Tensor& x, const Tensor& weight, const Tensor& bias = {},
                                  tarn::Where where = tarn::Where::current()) {
  return tarn::linear(x, weight, bias, where);
};
inline constexpr auto conv2d = [](const Tensor& x, const Tensor& weight,
                                  const Conv2dFuncOptions& options = {},
                                  tarn::Where where = tarn::Where::current()) {
  return torch::conv2d(x, weight, options.bias(), options.stride(), options.padding(),
                       options.dilation(), options.groups(), where);
};
inline constexpr auto max_pool2d = [](const Tensor& x, const MaxPool2dOptions& options,
                                      tarn::Where where = tarn::Where::current()) {
  return torch::max_pool2d(x, options.kernel_size(), options.stride(), options.padding(),
                           options.dilation(), options.ceil_mode(), where);
};
inline constexpr auto avg_pool2d = [](const Tensor& x, const AvgPool2dOptions& options,
                                      tarn::Where where = tarn::Where::current()) {
  return torch::avg_pool2d(x, options.kernel_size(), options.stride(), options.padding(),
                           options.ceil_mode(), options.count_include_pad(), where);
};
inline constexpr auto dropout = [](const Tensor& x, const DropoutFuncOptions& options = {},
                                   tarn::Where where = tarn::Where::current()) {
  return tarn::dropout(x, options.p(), options.training(), where);
};
inline constexpr auto leaky_relu = [](const Tensor& x, const LeakyReLUOptions& options = {},
                                      tarn::Where where = tarn::Where::current()) {
  return tarn::leaky_relu(x, options.negative_slope(), where);
};
inline constexpr auto elu = [](const Tensor& x, const ELUOptions& options = {},
                               tarn::Where where = tarn::Where::current()) {
  return tarn::elu(x, options.alpha(), where);
};
inline constexpr auto softmax = [](const Tensor& x, const SoftmaxOptions& options,
                                   tarn::Where where = tarn::Where::current()) {
  return tarn::softmax(x, options.dim(), where);
};
inline constexpr auto log_softmax = [](const Tensor& x, const SoftmaxOptions& options,
                                       tarn::Where where = tarn::Where::current()) {
  return tarn::log_softmax(x, options.dim(), where);
};

}  // namespace torch::nn::functional
