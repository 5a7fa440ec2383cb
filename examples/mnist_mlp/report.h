#pragma once

#include <string>
#include <vector>

#include <tarn/tarn.h>

#include "evaluation.h"
#include "settings.h"
#include "training_log.h"

/// What is trained on what, before training. `width` is that of the terminal.
void print_header(const Settings& settings, const tarn::nn::Module& model,
                  const tarn::data::MNIST& train, const tarn::data::MNIST& test, int width);

/// The table of losses and accuracies, and the confusion matrix, after training.
void print_results(const TrainingLog& log, const std::vector<Prediction>& test, int width);
