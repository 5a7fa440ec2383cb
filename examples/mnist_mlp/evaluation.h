#pragma once

#include <cstdint>
#include <vector>

#include <tarn/tarn.h>

/// What the model makes of one example.
struct Prediction {
  std::int64_t index;  ///< in the data set
  std::int64_t target;
  std::int64_t predicted;  ///< the class with the largest logit
  double loss;             ///< cross entropy

  bool is_right() const { return predicted == target; }
};

/// The predictions of `model` for all of `dataset`, in its order. Leaves the model in training
/// mode.
std::vector<Prediction> evaluate(tarn::nn::Module& model, const tarn::data::Dataset& dataset);

/// Mean of the losses.
double mean_loss(const std::vector<Prediction>& predictions);
/// The share of right predictions.
double accuracy(const std::vector<Prediction>& predictions);
