#pragma once

#include <string>
#include <vector>

#include <tarn/data/dataset.h>
#include <tarn/data/detail/gather_pixels.h>

namespace tarn::data {

/// What MNIST takes besides the folder. The defaults of mean and std are those of the 60,000
/// training images.
struct MNISTOptions {
  bool train = true;     ///< the 60,000 training examples, or the 10,000 test examples
  bool flatten = true;   ///< images as [784], or as [1, 28, 28]
  double mean = 0.1307;  ///< of the pixels, scaled to 0..1
  double std = 0.3081;   ///< of the pixels, scaled to 0..1
};

/// The MNIST handwritten digits (LeCun, Cortes and Burges 1998), and any data set in its format.
///
///   data::MNIST train("data/mnist", {.train = true});
///   data::MNIST test("data/mnist", {.train = false});
///
/// Examples are data float32 [784] (or [1, 28, 28]), target int64 [] in 0..9. The pixels stay bytes
/// in memory; a batch is normalised on its way out:
///
///   data = pixel * (1 / (255 std)) - mean/std       in float32; (pixel/255 - mean) / std but for
///   rounding
class MNIST : public Dataset {
 public:
  using Options = MNISTOptions;

  /// Reads NAME-images-idx3-ubyte and NAME-labels-idx1-ubyte (NAME: train or t10k; also spelt
  /// .idx3-ubyte and .idx1-ubyte; plain or gzip, with or without .gz) from the first of root,
  /// root/MNIST/raw and root/raw that has both. Throws IoError listing every path tried when a file
  /// is missing, what read_idx throws, FormatError for files that do not belong together or are not
  /// MNIST's, ValueError unless mean and std are finite and std > 0.
  explicit MNIST(const std::string& root, Options options = {});

  std::int64_t size() const override { return images_.size(0); }
  Example get(std::int64_t index) const override;
  /// data float32 [B, 784] (or [B, 1, 28, 28]), target int64 [B].
  Batch get_batch(std::span<const std::int64_t> indices) const override;
  bool in_memory() const override { return true; }

  /// The pixels as in the file, uint8 [N, 28, 28].
  const Tensor& images() const { return images_; }
  /// The digits, int64 [N].
  const Tensor& targets() const { return targets_; }
  const Options& options() const { return options_; }

 protected:
  /// What tells the data sets in this format apart.
  struct Source {
    const char* name;                  ///< opens the messages
    std::vector<std::string> folders;  ///< where the files may lie
    const char* remedy;                ///< how to get them
  };
  MNIST(const Source& source, const std::string& root, Options options);

 private:
  const char* name_;
  Options options_;
  detail::PixelScale scale_;
  Tensor images_;
  Tensor targets_;
};

}  // namespace tarn::data
