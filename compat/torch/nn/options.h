#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include <torch/functions.h>
#include <torch/macros.h>
#include <torch/types.h>

#include <tarn/nn/nn.h>

// What layers are made of, with setters that can be chained:
// `Conv2dOptions(3, 64, 5).stride(2).bias(false)`. Meanings and defaults are those of tarn's
// options of the same names.
namespace torch::nn {

struct LinearOptions {
  LinearOptions(std::int64_t in_features, std::int64_t out_features)
      : in_features_(in_features), out_features_(out_features) {}
  TORCH_ARG(std::int64_t, in_features);
  TORCH_ARG(std::int64_t, out_features);
  TORCH_ARG(bool, bias) = true;
};

template <std::size_t D>
struct ConvOptions {
  ConvOptions(std::int64_t in_channels, std::int64_t out_channels, ExpandingArray<D> kernel_size)
      : in_channels_(in_channels), out_channels_(out_channels), kernel_size_(kernel_size) {}
  TORCH_ARG(std::int64_t, in_channels);
  TORCH_ARG(std::int64_t, out_channels);
  TORCH_ARG(ExpandingArray<D>, kernel_size);
  TORCH_ARG(ExpandingArray<D>, stride) = 1;
  TORCH_ARG(ExpandingArray<D>, padding) = 0;
  TORCH_ARG(ExpandingArray<D>, dilation) = 1;
  TORCH_ARG(std::int64_t, groups) = 1;
  TORCH_ARG(bool, bias) = true;
};
using Conv2dOptions = ConvOptions<2>;

template <std::size_t D>
struct ConvTransposeOptions {
  ConvTransposeOptions(std::int64_t in_channels, std::int64_t out_channels,
                       ExpandingArray<D> kernel_size)
      : in_channels_(in_channels), out_channels_(out_channels), kernel_size_(kernel_size) {}
  TORCH_ARG(std::int64_t, in_channels);
  TORCH_ARG(std::int64_t, out_channels);
  TORCH_ARG(ExpandingArray<D>, kernel_size);
  TORCH_ARG(ExpandingArray<D>, stride) = 1;
  TORCH_ARG(ExpandingArray<D>, padding) = 0;
  TORCH_ARG(ExpandingArray<D>, output_padding) = 0;
  TORCH_ARG(std::int64_t, groups) = 1;
  TORCH_ARG(bool, bias) = true;
  TORCH_ARG(ExpandingArray<D>, dilation) = 1;
};
using ConvTranspose2dOptions = ConvTransposeOptions<2>;

struct BatchNormOptions {
  BatchNormOptions(std::int64_t num_features)  // NOLINT(google-explicit-constructor)
      : num_features_(num_features) {}
  TORCH_ARG(std::int64_t, num_features);
  TORCH_ARG(double, eps) = 1e-5;
  TORCH_ARG(std::optional<double>, momentum) = 0.1;
  TORCH_ARG(bool, affine) = true;
  TORCH_ARG(bool, track_running_stats) = true;
};
using BatchNorm1dOptions = BatchNormOptions;
using BatchNorm2dOptions = BatchNormOptions;

struct LayerNormOptions {
  LayerNormOptions(std::vector<std::int64_t> normalized_shape)  // NOLINT
      : normalized_shape_(std::move(normalized_shape)) {}
  TORCH_ARG(std::vector<std::int64_t>, normalized_shape);
  TORCH_ARG(double, eps) = 1e-5;
  TORCH_ARG(bool, elementwise_affine) = true;
};

struct EmbeddingOptions {
  EmbeddingOptions(std::int64_t num_embeddings, std::int64_t embedding_dim)
      : num_embeddings_(num_embeddings), embedding_dim_(embedding_dim) {}
  TORCH_ARG(std::int64_t, num_embeddings);
  TORCH_ARG(std::int64_t, embedding_dim);
  TORCH_ARG(std::optional<std::int64_t>, padding_idx);
};

struct FlattenOptions {
  TORCH_ARG(std::int64_t, start_dim) = 1;
  TORCH_ARG(std::int64_t, end_dim) = -1;
};

/// `inplace` of these is accepted and without effect: their results are new tensors.
struct DropoutOptions {
  DropoutOptions(double p = 0.5) : p_(p) {}  // NOLINT(google-explicit-constructor)
  TORCH_ARG(double, p);
  TORCH_ARG(bool, inplace) = false;
};
using Dropout2dOptions = DropoutOptions;

struct ReLUOptions {
  ReLUOptions(bool inplace = false) : inplace_(inplace) {}  // NOLINT(google-explicit-constructor)
  TORCH_ARG(bool, inplace);
};

struct LeakyReLUOptions {
  TORCH_ARG(double, negative_slope) = 0.01;
  TORCH_ARG(bool, inplace) = false;
};

struct ELUOptions {
  TORCH_ARG(double, alpha) = 1;
  TORCH_ARG(bool, inplace) = false;
};

struct SoftplusOptions {
  TORCH_ARG(double, beta) = 1;
  TORCH_ARG(double, threshold) = 20;
};

struct SoftmaxOptions {
  SoftmaxOptions(std::int64_t dim) : dim_(dim) {}  // NOLINT(google-explicit-constructor)
  TORCH_ARG(std::int64_t, dim);
};
using LogSoftmaxOptions = SoftmaxOptions;

template <std::size_t D>
struct MaxPoolOptions {
  MaxPoolOptions(ExpandingArray<D> kernel_size)  // NOLINT(google-explicit-constructor)
      : kernel_size_(kernel_size), stride_(kernel_size) {}
  TORCH_ARG(ExpandingArray<D>, kernel_size);
  TORCH_ARG(ExpandingArray<D>, stride);
  TORCH_ARG(ExpandingArray<D>, padding) = 0;
  TORCH_ARG(ExpandingArray<D>, dilation) = 1;
  TORCH_ARG(bool, ceil_mode) = false;
};
using MaxPool2dOptions = MaxPoolOptions<2>;

template <std::size_t D>
struct AvgPoolOptions {
  AvgPoolOptions(ExpandingArray<D> kernel_size)  // NOLINT(google-explicit-constructor)
      : kernel_size_(kernel_size), stride_(kernel_size) {}
  TORCH_ARG(ExpandingArray<D>, kernel_size);
  TORCH_ARG(ExpandingArray<D>, stride);
  TORCH_ARG(ExpandingArray<D>, padding) = 0;
  TORCH_ARG(bool, ceil_mode) = false;
  TORCH_ARG(bool, count_include_pad) = true;
};
using AvgPool2dOptions = AvgPoolOptions<2>;

// ---- losses: `.reduction(torch::kSum)` -------------------------------------------------------

namespace detail {

/// The options of a loss that has none but this; Core: tarn's for it.
template <class Core>
struct ReductionOptions {
  ReductionOptions(tarn::Reduction reduction = kMean) : reduction_(reduction) {}  // NOLINT
  TORCH_ARG(tarn::Reduction, reduction);

 public:
  operator Core() const {
    return {.reduction = reduction_};
  }  // NOLINT(google-explicit-constructor)
};

}  // namespace detail

using MSELossOptions = detail::ReductionOptions<tarn::MseLossOptions>;
using L1LossOptions = detail::ReductionOptions<tarn::L1LossOptions>;

struct SmoothL1LossOptions {
  SmoothL1LossOptions(tarn::Reduction reduction = kMean) : reduction_(reduction) {}  // NOLINT
  TORCH_ARG(tarn::Reduction, reduction);
  TORCH_ARG(double, beta) = 1;

 public:
  operator tarn::SmoothL1LossOptions() const {  // NOLINT(google-explicit-constructor)
    return {.beta = beta_, .reduction = reduction_};
  }
};

struct HuberLossOptions {
  HuberLossOptions(tarn::Reduction reduction = kMean) : reduction_(reduction) {}  // NOLINT
  TORCH_ARG(tarn::Reduction, reduction);
  TORCH_ARG(double, delta) = 1;

 public:
  operator tarn::HuberLossOptions() const {  // NOLINT(google-explicit-constructor)
    return {.delta = delta_, .reduction = reduction_};
  }
};

struct BCELossOptions {
  TORCH_ARG(Tensor, weight);
  TORCH_ARG(tarn::Reduction, reduction) = kMean;

 public:
  operator tarn::BinaryCrossEntropyOptions() const {  // NOLINT(google-explicit-constructor)
    return {.weight = weight_, .reduction = reduction_};
  }
};

struct BCEWithLogitsLossOptions {
  TORCH_ARG(Tensor, weight);
  TORCH_ARG(tarn::Reduction, reduction) = kMean;
  TORCH_ARG(Tensor, pos_weight);

 public:
  operator tarn::BceWithLogitsOptions() const {  // NOLINT(google-explicit-constructor)
    return {.weight = weight_, .pos_weight = pos_weight_, .reduction = reduction_};
  }
};

struct CrossEntropyLossOptions {
  TORCH_ARG(Tensor, weight);
  TORCH_ARG(std::int64_t, ignore_index) = -100;
  TORCH_ARG(tarn::Reduction, reduction) = kMean;
  TORCH_ARG(double, label_smoothing) = 0;

 public:
  operator tarn::CrossEntropyOptions() const {  // NOLINT(google-explicit-constructor)
    return {.weight = weight_,
            .ignore_index = ignore_index_,
            .reduction = reduction_,
            .label_smoothing = label_smoothing_};
  }
};

struct NLLLossOptions {
  TORCH_ARG(Tensor, weight);
  TORCH_ARG(std::int64_t, ignore_index) = -100;
  TORCH_ARG(tarn::Reduction, reduction) = kMean;

 public:
  operator tarn::NllLossOptions() const {  // NOLINT(google-explicit-constructor)
    return {.weight = weight_, .ignore_index = ignore_index_, .reduction = reduction_};
  }
};

struct KLDivLossOptions {
  KLDivLossOptions(tarn::Reduction reduction = kMean) : reduction_(reduction) {}  // NOLINT
  TORCH_ARG(tarn::Reduction, reduction);
  TORCH_ARG(bool, log_target) = false;

 public:
  operator tarn::KlDivOptions() const {  // NOLINT(google-explicit-constructor)
    return {.reduction = reduction_, .log_target = log_target_};
  }
};

}  // namespace torch::nn
