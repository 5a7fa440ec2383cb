#include "evaluation_on_ranks.h"

#include <numeric>

using namespace tarn;

std::vector<Prediction> evaluate_on_ranks(nn::Module& model, const data::Dataset& dataset) {
  const std::int64_t ranks = distributed::size();
  if (ranks == 1) return evaluate(model, dataset);
  const std::int64_t rank = distributed::rank();
  const std::int64_t count = dataset.size();
  const std::int64_t first = count * rank / ranks;
  const std::int64_t last = count * (rank + 1) / ranks;
  std::vector<std::int64_t> own(static_cast<std::size_t>(last - first));
  std::iota(own.begin(), own.end(), first);

  // Each place has one number and zeros to add up, so that sums over the ranks are exact.
  std::vector<std::int64_t> classes(static_cast<std::size_t>(2 * count));
  std::vector<double> losses(static_cast<std::size_t>(count));
  if (!own.empty()) {
    for (const Prediction& p : evaluate(model, data::Subset(dataset, own))) {
      const auto place = static_cast<std::size_t>(first + p.index);
      classes[2 * place] = p.target;
      classes[2 * place + 1] = p.predicted;
      losses[place] = p.loss;
    }
  }
  const Tensor all_classes = from_vector(classes, {2 * count});
  const Tensor all_losses = from_vector(losses, {count});
  distributed::all_reduce(all_classes);
  distributed::all_reduce(all_losses);
  classes = all_classes.to_vector<std::int64_t>();
  losses = all_losses.to_vector<double>();

  std::vector<Prediction> predictions;
  for (std::size_t i = 0; i < losses.size(); ++i)
    predictions.push_back(
        {static_cast<std::int64_t>(i), classes[2 * i], classes[2 * i + 1], losses[i]});
  return predictions;
}
