#pragma once

#include <functional>
#include <utility>
#include <vector>

#include <torch/data/example.h>

#include <tarn/autograd/ops.h>
#include <tarn/tensor/factories.h>

namespace torch::data::transforms {

/// Makes one batch of another. Applied by BatchDataset::map.
template <class InputBatch, class OutputBatch>
class BatchTransform {
 public:
  using InputBatchType = InputBatch;
  using OutputBatchType = OutputBatch;

  virtual ~BatchTransform() = default;
  virtual OutputBatch apply_batch(InputBatch batch) = 0;
};

/// Makes one example of another.
template <class Input, class Output>
class Transform : public BatchTransform<std::vector<Input>, std::vector<Output>> {
 public:
  using InputType = Input;
  using OutputType = Output;

  virtual Output apply(Input example) = 0;

  std::vector<Output> apply_batch(std::vector<Input> batch) override {
    std::vector<Output> results;
    results.reserve(batch.size());
    for (Input& example : batch) results.push_back(apply(std::move(example)));
    return results;
  }
};

template <class Input, class Output = Input>
class Lambda : public Transform<Input, Output> {
 public:
  explicit Lambda(std::function<Output(Input)> function) : function_(std::move(function)) {}
  Output apply(Input example) override { return function_(std::move(example)); }

 private:
  std::function<Output(Input)> function_;
};

template <class Input, class Output = Input>
class BatchLambda : public BatchTransform<Input, Output> {
 public:
  explicit BatchLambda(std::function<Output(Input)> function) : function_(std::move(function)) {}
  Output apply_batch(Input batch) override { return function_(std::move(batch)); }

 private:
  std::function<Output(Input)> function_;
};

/// Changes the data of an example and leaves its target.
template <class Target = Tensor>
class TensorTransform : public Transform<Example<Tensor, Target>, Example<Tensor, Target>> {
 public:
  virtual Tensor operator()(Tensor data) = 0;

  Example<Tensor, Target> apply(Example<Tensor, Target> example) override {
    example.data = (*this)(std::move(example.data));
    return example;
  }
};

template <class Target = Tensor>
class TensorLambda : public TensorTransform<Target> {
 public:
  explicit TensorLambda(std::function<Tensor(Tensor)> function) : function_(std::move(function)) {}
  Tensor operator()(Tensor data) override { return function_(std::move(data)); }

 private:
  std::function<Tensor(Tensor)> function_;
};

/// (x - mean) / stddev, with one number for all elements or one for each channel of [C, H, W].
template <class Target = Tensor>
class Normalize : public TensorTransform<Target> {
 public:
  Normalize(ArrayRef<double> mean, ArrayRef<double> stddev)
      : mean_(channels(mean)), stddev_(channels(stddev)) {}
  Tensor operator()(Tensor data) override { return data.sub(mean_).div(stddev_); }

 private:
  static Tensor channels(ArrayRef<double> values) {
    const auto count = static_cast<std::int64_t>(values.size());
    return tarn::from_vector(values.vec(), {count}).to(kFloat32).view({count, 1, 1});
  }

  Tensor mean_;
  Tensor stddev_;
};

/// Examples as one, with a new dimension in front.
template <class T = Example<>>
class Stack : public BatchTransform<std::vector<T>, T> {
 public:
  T apply_batch(std::vector<T> examples) override {
    std::vector<Tensor> data;
    for (const T& example : examples) data.push_back(example.data);
    if constexpr (std::is_same_v<typename T::TargetType, example::NoTarget>) {
      return tarn::stack(data);
    } else {
      std::vector<Tensor> targets;
      for (const T& example : examples) targets.push_back(example.target);
      return {tarn::stack(data), tarn::stack(targets)};
    }
  }
};

}  // namespace torch::data::transforms
