#pragma once

#include <optional>

#include <tarn/nn/module.h>

namespace tarn::nn {

/// What batch normalisation takes besides the number of features.
struct BatchNormOptions {
  double eps = 1e-5;  ///< added to the variance
  /// Weight of a batch in the running statistics; nullopt: they are the plain means over all
  /// batches.
  std::optional<double> momentum = 0.1;
  bool affine = true;               ///< has weight and bias
  bool track_running_stats = true;  ///< otherwise evaluation takes the batch's statistics too
  DType dtype = DType::float32;     ///< of parameters and statistics; float32 or float64
};

/// Batch normalisation, batch_norm(): in training by the statistics of the batch, in evaluation by
/// running means of them. Use BatchNorm1d or BatchNorm2d.
class BatchNorm : public Module {
 public:
  /// weight 1, bias 0.
  void reset_parameters();
  /// running_mean 0, running_var 1, num_batches_tracked 0.
  void reset_running_stats();

  /// Throws ShapeError unless x has num_features channels and the class's number of dimensions,
  /// ValueError in training for one value per channel.
  Tensor forward(const Tensor& x) override;
  std::string extra() const override;

  const std::int64_t num_features;
  const BatchNormOptions options;
  /// Starts as that of the options.
  std::optional<double> momentum;
  /// [num_features], or undefined, as the others.
  Tensor& weight;
  Tensor& bias;
  Tensor& running_mean;
  Tensor& running_var;
  /// Batches seen in training, int64 [].
  Tensor& num_batches_tracked;

 protected:
  /// Inputs have `min_dim` to `max_dim` dimensions; `form` names them in messages.
  BatchNorm(const char* form, int min_dim, int max_dim, std::int64_t num_features,
            const BatchNormOptions& options);

 private:
  const char* form_;
  int min_dim_;
  int max_dim_;
};

/// Over x [N, C] or [N, C, L].
///
///   nn::BatchNorm1d norm(128);
class BatchNorm1d : public BatchNorm {
 public:
  /// Throws ValueError unless num_features >= 1, eps >= 0 and 0 <= momentum <= 1.
  explicit BatchNorm1d(std::int64_t num_features, const BatchNormOptions& options = {});
};

/// Over x [N, C, H, W].
class BatchNorm2d : public BatchNorm {
 public:
  /// Throws as BatchNorm1d.
  explicit BatchNorm2d(std::int64_t num_features, const BatchNormOptions& options = {});
};

}  // namespace tarn::nn
