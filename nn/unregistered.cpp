#include <unordered_set>

#include <tarn/autograd/backward.h>
#include <tarn/nn/unregistered.h>

namespace tarn::nn {

std::vector<Tensor> unregistered(const Module& model, const Tensor& loss) {
  std::unordered_set<const TensorImpl*> registered;
  for (const Tensor& tensor : model.parameters()) registered.insert(&tensor.impl());
  std::vector<Tensor> leaves = graph_leaves(loss);
  std::erase_if(leaves, [&](const Tensor& leaf) { return registered.contains(&leaf.impl()); });
  return leaves;
}

}  // namespace tarn::nn
