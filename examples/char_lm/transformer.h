#pragma once

#include <tarn/tarn.h>

struct TransformerOptions {
  std::int64_t width = 128;  ///< of the vector for each place
  std::int64_t layers = 2;
  std::int64_t heads = 4;
  std::int64_t context = 64;  ///< characters that it sees
  std::int64_t window = 8;    ///< of them, the last ones go in side by side
  double dropout = 0.1;
};

/// One layer: x + attention(norm(x)), then x + mlp(norm(x)) (Radford et al. 2019).
struct Block : tarn::nn::Module {
  Block(std::int64_t width, std::int64_t heads, double dropout);
  tarn::Tensor forward(const tarn::Tensor& x) override;

  tarn::nn::LayerNorm& norm1;
  tarn::nn::MultiheadAttention& attention;
  tarn::nn::LayerNorm& norm2;
  tarn::nn::Sequential& mlp;
  tarn::nn::Dropout& drop;
};

/// Characters [N, L] to the scores of those that follow them, [N, L, alphabet]. Each place starts
/// from a linear map of the embeddings of its last characters (Bengio et al. 2003), which attention
/// would take long to learn to look at, and its position.
struct Transformer : tarn::nn::Module {
  Transformer(std::int64_t alphabet, const TransformerOptions& options);
  tarn::Tensor forward(const tarn::Tensor& characters) override;

  const std::int64_t context;
  const std::int64_t window;
  tarn::nn::Embedding& embedding;
  tarn::nn::Linear& mix;
  tarn::Tensor& positions;  ///< [context, width]
  tarn::nn::Dropout& drop;
  tarn::nn::ModuleList<Block>& blocks;
  tarn::nn::LayerNorm& norm;
  tarn::nn::Linear& head;
};
