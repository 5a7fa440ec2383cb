#include "digits.h"

#include <numeric>
#include <vector>

using namespace tarn;

data::Subset first(const data::Dataset& examples, std::int64_t count) {
  std::vector<std::int64_t> indices(static_cast<std::size_t>(count));
  std::iota(indices.begin(), indices.end(), 0);
  return {examples, indices};
}

Tensor cross_entropies(const Tensor& output, const Tensor& target) {
  return cross_entropy(output, target, {.reduction = Reduction::none});
}

void train_epoch(nn::Module& model, optim::SGD& sgd, data::DataLoader& loader) {
  for (auto& [x, y] : loader) {
    sgd.zero_grad();
    cross_entropy(model(x), y).backward();
    sgd.step();
  }
}
