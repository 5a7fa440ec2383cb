#include "evaluation.h"

using namespace tarn;

std::vector<Prediction> evaluate(nn::Module& model, const data::Dataset& dataset) {
  NoGradGuard no_grad;
  model.eval();
  std::vector<Prediction> predictions;
  for (auto& [x, y] : data::DataLoader(dataset, {.batch_size = 1000, .shuffle = false})) {
    const Tensor logits = model(x);
    const auto losses =
        cross_entropy(logits, y, {.reduction = Reduction::none}).to_vector<double>();
    const auto predicted = logits.argmax(1).to_vector<std::int64_t>();
    const auto targets = y.to_vector<std::int64_t>();
    for (std::size_t i = 0; i < targets.size(); ++i) {
      const auto index = static_cast<std::int64_t>(predictions.size());
      predictions.push_back({index, targets[i], predicted[i], losses[i]});
    }
  }
  model.train();
  return predictions;
}

double mean_loss(const std::vector<Prediction>& predictions) {
  double sum = 0;
  for (const Prediction& p : predictions) sum += p.loss;
  return sum / static_cast<double>(predictions.size());
}

double accuracy(const std::vector<Prediction>& predictions) {
  double right = 0;
  for (const Prediction& p : predictions) right += p.is_right();
  return right / static_cast<double>(predictions.size());
}
