#pragma once

#include <vector>

#include <tarn/tarn.h>

#include "evaluation.h"

/// evaluate() where each rank computes an equal share of the examples: the predictions for all of
/// `dataset`, with the same bits, on all ranks. To be called by all of them, with the same model.
std::vector<Prediction> evaluate_on_ranks(tarn::nn::Module& model,
                                          const tarn::data::Dataset& dataset);
