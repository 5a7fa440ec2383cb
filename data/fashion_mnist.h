#pragma once

#include <array>
#include <string>

#include <tarn/data/mnist.h>

namespace tarn::data {

/// What FashionMNIST takes besides the folder. The defaults of mean and std are those of the 60,000
/// training images.
struct FashionMNISTOptions {
  bool train = true;     ///< the 60,000 training examples, or the 10,000 test examples
  bool flatten = true;   ///< images as [784], or as [1, 28, 28]
  double mean = 0.2860;  ///< of the pixels, scaled to 0..1
  double std = 0.3530;   ///< of the pixels, scaled to 0..1
};

/// Pictures of clothes in MNIST's format (Xiao, Rasul and Vollgraf 2017, "Fashion-MNIST: a novel
/// image dataset for benchmarking machine learning algorithms"). Examples are as MNIST's.
class FashionMNIST : public MNIST {
 public:
  /// As MNIST, with the first of root, root/FashionMNIST/raw, root/raw and
  /// /usr/share/datasets/fashion-mnist (Debian's package dataset-fashion-mnist) that has both
  /// files.
  explicit FashionMNIST(const std::string& root = "data/fashion-mnist",
                        FashionMNISTOptions options = {});

  /// What the targets 0..9 mean.
  static constexpr std::array<const char*, 10> kClasses = {
      "t-shirt", "trouser", "pullover", "dress", "coat",
      "sandal",  "shirt",   "sneaker",  "bag",   "ankle boot"};
};

}  // namespace tarn::data
