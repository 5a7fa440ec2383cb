#pragma once

#include <optional>

#include <tarn/nn/module.h>

namespace tarn::nn {

/// What Embedding takes besides its sizes.
struct EmbeddingOptions {
  std::optional<std::int64_t> padding_idx{};  ///< a row of zeros that is not trained
  DType dtype = DType::float32;               ///< of the weight; float32 or float64
};

/// A trained vector for each of `num_embeddings` things.
///
///   nn::Embedding embedding(1000, 64);
///   Tensor y = embedding(words);   // int64 [*] -> [*, 64]
class Embedding : public Module {
 public:
  /// Throws ValueError unless both sizes are >= 1, IndexError for a padding_idx outside
  /// -num_embeddings..num_embeddings-1, DTypeError for an integer dtype.
  Embedding(std::int64_t num_embeddings, std::int64_t embedding_dim,
            const EmbeddingOptions& options = {});

  /// Draws the weight from N(0, 1), with zeros in row padding_idx.
  void reset_parameters();

  Tensor forward(const Tensor& index) override;
  std::string extra() const override;

  const std::int64_t num_embeddings;
  const std::int64_t embedding_dim;
  const std::optional<std::int64_t> padding_idx;
  Tensor& weight;  ///< [num_embeddings, embedding_dim]
};

}  // namespace tarn::nn
