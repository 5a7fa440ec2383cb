#include "transformer.h"

using namespace tarn;

Block::Block(std::int64_t width, std::int64_t heads, double dropout)
    : norm1(add("norm1", nn::LayerNorm(width))),
      attention(add("attention", nn::MultiheadAttention(
                                     width, heads, {.dropout = dropout, .batch_first = true}))),
      norm2(add("norm2", nn::LayerNorm(width))),
      mlp(add("mlp", nn::Sequential(nn::Linear(width, 4 * width), nn::GELU(),
                                    nn::Linear(4 * width, width)))),
      drop(add("drop", nn::Dropout(dropout))) {}

Tensor Block::forward(const Tensor& x) {
  const Tensor a = norm1(x);
  const Tensor y = x + drop(attention(a, a, a, {.is_causal = true, .need_weights = false}).first);
  return y + drop(mlp(norm2(y)));
}

Transformer::Transformer(std::int64_t alphabet, const TransformerOptions& options)
    : context(options.context),
      window(options.window),
      embedding(add("embedding", nn::Embedding(alphabet, 32))),
      mix(add("mix", nn::Linear(32 * options.window, options.width))),
      positions(parameter("positions", zeros({options.context, options.width}))),
      drop(add("drop", nn::Dropout(options.dropout))),
      blocks(add("blocks", nn::ModuleList<Block>())),
      norm(add("norm", nn::LayerNorm(options.width))),
      head(add("head", nn::Linear(options.width, alphabet))) {
  for (std::int64_t i = 0; i < options.layers; ++i)
    blocks.append(Block(options.width, options.heads, options.dropout));
}

Tensor Transformer::forward(const Tensor& characters) {
  const std::int64_t length = characters.size(1);
  const Tensor vectors = embedding(characters);
  const Tensor before = zeros({characters.size(0), window - 1, vectors.size(2)});
  const Tensor padded = cat({before, vectors}, 1);
  std::vector<Tensor> shifted;
  for (std::int64_t i = 0; i < window; ++i) shifted.push_back(padded.narrow(1, i, length));
  Tensor x = drop(mix(cat(shifted, 2)) + positions.narrow(0, 0, length));
  for (Block& block : blocks) x = block(x);
  return head(norm(x));
}
