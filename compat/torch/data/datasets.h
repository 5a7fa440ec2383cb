#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include <torch/data/example.h>

#include <tarn/data/mnist.h>

namespace torch::data::datasets {

template <class Source, class Transform>
class MapDataset;

/// Something that gives batches by index. `Self` is the class that derives from it.
template <class Self, class Batch = std::vector<Example<>>,
          class BatchRequest = ArrayRef<std::size_t>>
class BatchDataset {
 public:
  using SelfType = Self;
  using BatchType = Batch;
  using BatchRequestType = BatchRequest;

  virtual ~BatchDataset() = default;
  virtual Batch get_batch(BatchRequest request) = 0;
  /// Number of examples.
  virtual std::optional<std::size_t> size() const = 0;

  /// The data set with `transform` applied to each batch.
  template <class Transform>
  MapDataset<Self, Transform> map(Transform transform) & {
    return {static_cast<Self&>(*this), std::move(transform)};
  }
  template <class Transform>
  MapDataset<Self, Transform> map(Transform transform) && {
    return {std::move(static_cast<Self&>(*this)), std::move(transform)};
  }
};

/// Something that gives examples by index. One of one's own is two functions:
///
///   struct Squares : torch::data::datasets::Dataset<Squares> {
///     torch::data::Example<> get(size_t i) override;
///     torch::optional<size_t> size() const override;
///   };
///
/// A loader with workers makes copies, so that get() runs once at a time in each of them.
template <class Self, class SingleExample = Example<>>
class Dataset : public BatchDataset<Self, std::vector<SingleExample>> {
 public:
  using ExampleType = SingleExample;

  virtual SingleExample get(std::size_t index) = 0;

  std::vector<SingleExample> get_batch(ArrayRef<std::size_t> indices) override {
    std::vector<SingleExample> batch;
    batch.reserve(indices.size());
    for (const std::size_t index : indices) batch.push_back(get(index));
    return batch;
  }
};

/// Batches of `Source`, transformed. map() makes it.
template <class Source, class Transform>
class MapDataset
    : public BatchDataset<MapDataset<Source, Transform>, typename Transform::OutputBatchType> {
 public:
  using DatasetType = Source;
  using TransformType = Transform;

  MapDataset(Source source, Transform transform)
      : source_(std::move(source)), transform_(std::move(transform)) {}

  typename Transform::OutputBatchType get_batch(ArrayRef<std::size_t> indices) override {
    return transform_.apply_batch(source_.get_batch(indices));
  }
  std::optional<std::size_t> size() const override { return source_.size(); }

  const Source& dataset() const { return source_; }
  const Transform& transform() const { return transform_; }

 private:
  Source source_;
  Transform transform_;
};

/// The rows of a tensor.
class TensorDataset : public Dataset<TensorDataset, TensorExample> {
 public:
  explicit TensorDataset(Tensor rows) : rows_(std::move(rows)) {}
  TensorExample get(std::size_t index) override { return rows_[static_cast<std::int64_t>(index)]; }
  std::optional<std::size_t> size() const override {
    return static_cast<std::size_t>(rows_.size(0));
  }

 private:
  Tensor rows_;
};

/// The MNIST digits: images float32 [1, 28, 28] in 0..1, targets int64 []. Finds and checks its
/// files as tarn::data::MNIST does.
class MNIST : public Dataset<MNIST> {
 public:
  enum class Mode { kTrain, kTest };

  explicit MNIST(const std::string& root, Mode mode = Mode::kTrain)
      : is_train_(mode == Mode::kTrain) {
    const tarn::data::MNIST files(root, {.train = is_train_});
    images_ = files.images().unsqueeze(1).to(kFloat32).div_(255);
    targets_ = files.targets();
  }

  Example<> get(std::size_t index) override {
    const auto row = static_cast<std::int64_t>(index);
    return {images_[row], targets_[row]};
  }
  std::optional<std::size_t> size() const override {
    return static_cast<std::size_t>(images_.size(0));
  }
  bool is_train() const { return is_train_; }
  /// float32 [N, 1, 28, 28]
  const Tensor& images() const { return images_; }
  /// int64 [N]
  const Tensor& targets() const { return targets_; }

 private:
  bool is_train_;
  Tensor images_;
  Tensor targets_;
};

}  // namespace torch::data::datasets
