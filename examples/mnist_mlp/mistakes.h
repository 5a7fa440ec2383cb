#pragma once

#include <string>
#include <vector>

#include "evaluation.h"

/// The wrong predictions, those with the largest losses first.
std::vector<Prediction> find_mistakes(std::vector<Prediction> predictions);

/// Throws tarn::IoError unless a file can be written at `path`. Leaves what is there as it is.
void check_writable(const std::string& path);

/// Writes a PNG of the images of `mistakes`, eight in a row; under each its digit (green) and what
/// it was taken for (red). images  [N, 28, 28] uint8, those that were predicted throws
/// tarn::IoError when the file cannot be written
void write_mistakes(const std::string& path, const tarn::Tensor& images,
                    const std::vector<Prediction>& mistakes);
