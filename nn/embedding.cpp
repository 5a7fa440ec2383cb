#include <tarn/autograd/grad_mode.h>
#include <tarn/autograd/ops/embedding.h>
#include <tarn/nn/detail/at_least_one.h>
#include <tarn/nn/embedding.h>
#include <tarn/nn/init.h>
#include <tarn/tensor/error.h>
#include <tarn/tensor/factories.h>
#include <tarn/tensor/str.h>

namespace tarn::nn {
namespace {

std::optional<std::int64_t> from_start(std::optional<std::int64_t> row, std::int64_t rows) {
  if (row && (*row < -rows || *row >= rows)) {
    throw IndexError(
        str("Embedding: padding_idx = ", *row, " is out of range for ", rows, " embeddings"));
  }
  return row && *row < 0 ? *row + rows : row;
}

}  // namespace

Embedding::Embedding(std::int64_t rows, std::int64_t columns, const EmbeddingOptions& options)
    : num_embeddings(at_least_one("Embedding", "num_embeddings", rows)),
      embedding_dim(at_least_one("Embedding", "embedding_dim", columns)),
      padding_idx(from_start(options.padding_idx, rows)),
      weight(parameter("weight", empty({rows, columns}, {.dtype = options.dtype}))) {
  reset_parameters();
}

void Embedding::reset_parameters() {
  init::normal_(weight);
  const NoGradGuard no_grad;
  if (padding_idx) weight[*padding_idx].zero_();
}

Tensor Embedding::forward(const Tensor& index) {
  return embedding(index, weight, padding_idx, call_site());
}

std::string Embedding::extra() const {
  return str(num_embeddings, ", ", embedding_dim,
             padding_idx ? str(", padding_idx=", *padding_idx) : str(""));
}

}  // namespace tarn::nn
