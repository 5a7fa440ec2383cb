#pragma once

#include <functional>
#include <memory>
#include <utility>

#include <torch/nn/module_holder.h>
#include <torch/nn/options.h>

#include <tarn/nn/nn.h>

namespace torch::nn {

/// A layer of tarn's as a module of libtorch's.
template <class Core>
class Layer : public Module {
 public:
  Tensor forward(const Tensor& x, tarn::Where where = tarn::Where::current()) {
    return layer()(x, where);
  }

 protected:
  explicit Layer(Core core) : Layer(std::make_shared<Core>(std::move(core))) {}
  explicit Layer(std::shared_ptr<Core> core) : Module(std::move(core)) {}
  Core& layer() const { return static_cast<Core&>(core()); }
};

/// Its weight is row-major, as programs for libtorch may take for granted; tarn's is not.
struct LinearImpl : Layer<tarn::nn::Linear> {
  LinearImpl(std::int64_t in_features, std::int64_t out_features)
      : LinearImpl(LinearOptions(in_features, out_features)) {}
  explicit LinearImpl(const LinearOptions& options_)
      : Layer(tarn::nn::Linear(options_.in_features(), options_.out_features(),
                               {.bias = options_.bias()})),
        options(options_),
        weight(layer().weight),
        bias(layer().bias) {
    weight = weight.detach().contiguous().requires_grad_();
  }
  void reset_parameters() { layer().reset_parameters(); }

  LinearOptions options;
  Tensor& weight;
  Tensor& bias;
};
TORCH_MODULE(Linear);

struct Conv2dImpl : Layer<tarn::nn::Conv2d> {
  Conv2dImpl(std::int64_t in_channels, std::int64_t out_channels, ExpandingArray<2> kernel_size)
      : Conv2dImpl(Conv2dOptions(in_channels, out_channels, kernel_size)) {}
  explicit Conv2dImpl(const Conv2dOptions& options_)
      : Layer(tarn::nn::Conv2d(options_.in_channels(), options_.out_channels(),
                               {.kernel_size = options_.kernel_size(),
                                .stride = options_.stride(),
                                .padding = options_.padding(),
                                .dilation = options_.dilation(),
                                .groups = options_.groups(),
                                .bias = options_.bias()})),
        options(options_),
        weight(layer().weight),
        bias(layer().bias) {}
  void reset_parameters() { layer().reset_parameters(); }

  Conv2dOptions options;
  Tensor& weight;
  Tensor& bias;
};
TORCH_MODULE(Conv2d);

struct ConvTranspose2dImpl : Layer<tarn::nn::ConvTranspose2d> {
  ConvTranspose2dImpl(std::int64_t in_channels, std::int64_t out_channels,
                      ExpandingArray<2> kernel_size)
      : ConvTranspose2dImpl(ConvTranspose2dOptions(in_channels, out_channels, kernel_size)) {}
  explicit ConvTranspose2dImpl(const ConvTranspose2dOptions& options_)
      : Layer(tarn::nn::ConvTranspose2d(options_.in_channels(), options_.out_channels(),
                                        {.kernel_size = options_.kernel_size(),
                                         .stride = options_.stride(),
                                         .padding = options_.padding(),
                                         .output_padding = options_.output_padding(),
                                         .groups = options_.groups(),
                                         .bias = options_.bias(),
                                         .dilation = options_.dilation()})),
        options(options_),
        weight(layer().weight),
        bias(layer().bias) {}
  void reset_parameters() { layer().reset_parameters(); }

  ConvTranspose2dOptions options;
  Tensor& weight;
  Tensor& bias;
};
TORCH_MODULE(ConvTranspose2d);

template <class Core>
struct BatchNormImpl : Layer<Core> {
  explicit BatchNormImpl(const BatchNormOptions& options_)
      : Layer<Core>(
            Core(options_.num_features(), {.eps = options_.eps(),
                                           .momentum = options_.momentum(),
                                           .affine = options_.affine(),
                                           .track_running_stats = options_.track_running_stats()})),
        options(options_),
        weight(this->layer().weight),
        bias(this->layer().bias),
        running_mean(this->layer().running_mean),
        running_var(this->layer().running_var),
        num_batches_tracked(this->layer().num_batches_tracked) {}
  void reset_parameters() { this->layer().reset_parameters(); }
  void reset_running_stats() { this->layer().reset_running_stats(); }

  BatchNormOptions options;
  Tensor& weight;
  Tensor& bias;
  Tensor& running_mean;
  Tensor& running_var;
  Tensor& num_batches_tracked;
};
struct BatchNorm1dImpl : BatchNormImpl<tarn::nn::BatchNorm1d> {
  using BatchNormImpl::BatchNormImpl;
};
struct BatchNorm2dImpl : BatchNormImpl<tarn::nn::BatchNorm2d> {
  using BatchNormImpl::BatchNormImpl;
};
TORCH_MODULE(BatchNorm1d);
TORCH_MODULE(BatchNorm2d);

struct LayerNormImpl : Layer<tarn::nn::LayerNorm> {
  explicit LayerNormImpl(std::vector<std::int64_t> normalized_shape)
      : LayerNormImpl(LayerNormOptions(std::move(normalized_shape))) {}
  explicit LayerNormImpl(const LayerNormOptions& options_)
      : Layer(tarn::nn::LayerNorm(
            IntArrayRef(options_.normalized_shape()),
            {.eps = options_.eps(), .elementwise_affine = options_.elementwise_affine()})),
        options(options_),
        weight(layer().weight),
        bias(layer().bias) {}
  void reset_parameters() { layer().reset_parameters(); }

  LayerNormOptions options;
  Tensor& weight;
  Tensor& bias;
};
TORCH_MODULE(LayerNorm);

struct EmbeddingImpl : Layer<tarn::nn::Embedding> {
  EmbeddingImpl(std::int64_t num_embeddings, std::int64_t embedding_dim)
      : EmbeddingImpl(EmbeddingOptions(num_embeddings, embedding_dim)) {}
  explicit EmbeddingImpl(const EmbeddingOptions& options_)
      : Layer(tarn::nn::Embedding(options_.num_embeddings(), options_.embedding_dim(),
                                  {.padding_idx = options_.padding_idx()})),
        options(options_),
        weight(layer().weight) {}
  void reset_parameters() { layer().reset_parameters(); }

  EmbeddingOptions options;
  Tensor& weight;
};
TORCH_MODULE(Embedding);

struct FlattenImpl : Layer<tarn::nn::Flatten> {
  explicit FlattenImpl(const FlattenOptions& options_ = {})
      : Layer(tarn::nn::Flatten(options_.start_dim(), options_.end_dim())), options(options_) {}
  FlattenOptions options;
};
TORCH_MODULE(Flatten);

struct DropoutImpl : Layer<tarn::nn::Dropout> {
  explicit DropoutImpl(const DropoutOptions& options_ = {})
      : Layer(tarn::nn::Dropout(options_.p())), options(options_) {}
  DropoutOptions options;
};
TORCH_MODULE(Dropout);

struct Dropout2dImpl : Layer<tarn::nn::Dropout2d> {
  explicit Dropout2dImpl(const DropoutOptions& options_ = {})
      : Layer(tarn::nn::Dropout2d(options_.p())), options(options_) {}
  DropoutOptions options;
};
TORCH_MODULE(Dropout2d);

struct ReLUImpl : Layer<tarn::nn::ReLU> {
  explicit ReLUImpl(const ReLUOptions& options_ = {})
      : Layer(tarn::nn::ReLU()), options(options_) {}
  ReLUOptions options;
};
TORCH_MODULE(ReLU);

struct LeakyReLUImpl : Layer<tarn::nn::LeakyReLU> {
  explicit LeakyReLUImpl(const LeakyReLUOptions& options_ = {})
      : Layer(tarn::nn::LeakyReLU(options_.negative_slope())), options(options_) {}
  LeakyReLUOptions options;
};
TORCH_MODULE(LeakyReLU);

struct ELUImpl : Layer<tarn::nn::ELU> {
  explicit ELUImpl(const ELUOptions& options_ = {})
      : Layer(tarn::nn::ELU(options_.alpha())), options(options_) {}
  ELUOptions options;
};
TORCH_MODULE(ELU);

struct SoftplusImpl : Layer<tarn::nn::Softplus> {
  explicit SoftplusImpl(const SoftplusOptions& options_ = {})
      : Layer(tarn::nn::Softplus({.beta = options_.beta(), .threshold = options_.threshold()})),
        options(options_) {}
  SoftplusOptions options;
};
TORCH_MODULE(Softplus);

struct SoftmaxImpl : Layer<tarn::nn::Softmax> {
  explicit SoftmaxImpl(const SoftmaxOptions& options_)
      : Layer(tarn::nn::Softmax(options_.dim())), options(options_) {}
  SoftmaxOptions options;
};
TORCH_MODULE(Softmax);

struct LogSoftmaxImpl : Layer<tarn::nn::LogSoftmax> {
  explicit LogSoftmaxImpl(const SoftmaxOptions& options_)
      : Layer(tarn::nn::LogSoftmax(options_.dim())), options(options_) {}
  SoftmaxOptions options;
};
TORCH_MODULE(LogSoftmax);

struct SiLUImpl : Layer<tarn::nn::SiLU> {
  SiLUImpl() : Layer(tarn::nn::SiLU()) {}
};
TORCH_MODULE(SiLU);

struct GELUImpl : Layer<tarn::nn::GELU> {
  GELUImpl() : Layer(tarn::nn::GELU()) {}
};
TORCH_MODULE(GELU);

struct TanhImpl : Layer<tarn::nn::Tanh> {
  TanhImpl() : Layer(tarn::nn::Tanh()) {}
};
TORCH_MODULE(Tanh);

struct SigmoidImpl : Layer<tarn::nn::Sigmoid> {
  SigmoidImpl() : Layer(tarn::nn::Sigmoid()) {}
};
TORCH_MODULE(Sigmoid);

struct MaxPool2dImpl : Layer<tarn::nn::MaxPool2d> {
  explicit MaxPool2dImpl(ExpandingArray<2> kernel_size)
      : MaxPool2dImpl(MaxPool2dOptions(kernel_size)) {}
  explicit MaxPool2dImpl(const MaxPool2dOptions& options_)
      : Layer(tarn::nn::MaxPool2d({.kernel_size = options_.kernel_size(),
                                   .stride = options_.stride(),
                                   .padding = options_.padding(),
                                   .dilation = options_.dilation(),
                                   .ceil_mode = options_.ceil_mode()})),
        options(options_) {}
  MaxPool2dOptions options;
};
TORCH_MODULE(MaxPool2d);

struct AvgPool2dImpl : Layer<tarn::nn::AvgPool2d> {
  explicit AvgPool2dImpl(ExpandingArray<2> kernel_size)
      : AvgPool2dImpl(AvgPool2dOptions(kernel_size)) {}
  explicit AvgPool2dImpl(const AvgPool2dOptions& options_)
      : Layer(tarn::nn::AvgPool2d({.kernel_size = options_.kernel_size(),
                                   .stride = options_.stride(),
                                   .padding = options_.padding(),
                                   .ceil_mode = options_.ceil_mode(),
                                   .count_include_pad = options_.count_include_pad()})),
        options(options_) {}
  AvgPool2dOptions options;
};
TORCH_MODULE(AvgPool2d);

/// A function as a module, with fixed arguments after the tensor:
/// `Functional(torch::max_pool2d, 2)`.
struct FunctionalImpl : Layer<tarn::nn::Functional> {
  template <class Function, class... Arguments>
  requires(!std::derived_from<std::remove_cvref_t<Function>,
                              FunctionalImpl>) explicit FunctionalImpl(Function function,
                                                                       Arguments... arguments)
      : Layer(tarn::nn::Functional([=](const Tensor& x) -> Tensor {
          // tarn's functions end with their caller's place, which a pointer to one has no default
          // for.
          if constexpr (std::is_invocable_v<Function, const Tensor&, Arguments..., tarn::Where>) {
            return function(x, arguments..., tarn::nn::call_site());
          } else {
            return function(x, arguments...);
          }
        })) {}
};
TORCH_MODULE(Functional);

}  // namespace torch::nn
