#pragma once

#include <array>
#include <string>

#include <tarn/data/dataset.h>
#include <tarn/data/detail/gather_pixels.h>

namespace tarn::data {

/// What CIFAR10 takes besides the folder. The defaults of mean and std are those of the 50,000
/// training images.
struct CIFAR10Options {
  bool train = true;  ///< the 50,000 training examples, or the 10,000 test examples
  std::array<double, 3> mean{0.4914, 0.4822, 0.4465};  ///< red, green, blue, scaled to 0..1
  std::array<double, 3> std{0.2470, 0.2435, 0.2616};   ///< red, green, blue, scaled to 0..1
};

/// Small colour photographs of ten kinds of things (Krizhevsky 2009, "Learning multiple layers of
/// features from tiny images"), in the binary version.
///
/// Examples are data float32 [3, 32, 32], (pixel/255 - mean) / std, and target int64 [] in 0..9.
/// The pixels stay bytes in memory.
class CIFAR10 : public Dataset {
 public:
  /// Reads data_batch_1.bin to data_batch_5.bin, or test_batch.bin, from root or
  /// root/cifar-10-batches-bin (plain or gzip): records of a label and 3 x 32 x 32 bytes, as many
  /// as there are. Throws IoError listing what is missing, FormatError for a file that is no whole
  /// number of records or holds a label above 9, ValueError as MNIST.
  explicit CIFAR10(const std::string& root, CIFAR10Options options = {});

  std::int64_t size() const override { return images_.size(0); }
  Example get(std::int64_t index) const override;
  /// data float32 [B, 3, 32, 32], target int64 [B].
  Batch get_batch(std::span<const std::int64_t> indices) const override;
  bool in_memory() const override { return true; }

  /// The pixels as in the files, uint8 [N, 3, 32, 32].
  const Tensor& images() const { return images_; }
  /// The classes, int64 [N].
  const Tensor& targets() const { return targets_; }

  /// What the targets 0..9 mean.
  static constexpr std::array<const char*, 10> kClasses = {
      "airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"};

 private:
  std::array<detail::PixelScale, 3> scales_;
  Tensor images_;
  Tensor targets_;
};

}  // namespace tarn::data
