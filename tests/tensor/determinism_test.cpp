#include <functional>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include <tarn/autograd/ops.h>
#include <tarn/tensor/factories.h>
#include <tarn/tensor/parallel.h>
#include <tarn/tensor/random.h>

#include "closeness.h"

// Every parallel kernel gives the same bits with any number of threads.
namespace tarn::testing {
namespace {

// Results of `compute` with 1, 2 and 4 threads are the same bit for bit.
void expect_same_for_any_threads(const std::string& what,
                                 const std::function<std::vector<Tensor>()>& compute) {
  const int previous = get_num_threads();
  set_num_threads(1);
  const std::vector<Tensor> expected = compute();
  for (const int threads : {2, 4, 3}) {
    set_num_threads(threads);
    const std::vector<Tensor> actual = compute();
    for (std::size_t i = 0; i < expected.size(); ++i) {
      EXPECT_TRUE(same_bits(actual[i], expected[i]))
          << what << ", result " << i << " with " << threads << " threads";
    }
  }
  set_num_threads(previous);
}

Tensor random(const Shape& shape, std::uint64_t seed, DType dtype = kFloat32) {
  Generator generator(seed);
  return randn(shape, generator, {.dtype = dtype});
}

TEST(SameBits, MatmulOfAllLayouts) {
  for (const DType dtype : {kFloat32, kFloat64}) {
    const Tensor a = random({300, 500}, 1, dtype);
    const Tensor b = random({500, 400}, 2, dtype);
    const Tensor at = random({500, 300}, 3, dtype).t();
    const Tensor bt = random({400, 500}, 4, dtype).t();
    expect_same_for_any_threads("matmul", [&]() -> std::vector<Tensor> {
      return {matmul(a, b), matmul(at, b), matmul(a, bt), matmul(at, bt)};
    });
  }
}

TEST(SameBits, MatmulOfLopsidedShapes) {
  const Tensor thin = random({3, 3000}, 1);
  const Tensor wide = random({3000, 700}, 2);
  const Tensor tall = random({5000, 40}, 3);
  const Tensor narrow = random({40, 10}, 4);
  const Tensor row = random({1, 3000}, 5);
  expect_same_for_any_threads("matmul", [&]() -> std::vector<Tensor> {
    return {matmul(thin, wide), matmul(tall, narrow), matmul(row, wide),
            matmul(wide.t(), thin.t())};
  });
}

// Few rows: the threads divide the columns.
TEST(SameBits, MatmulOfFewRows) {
  for (const DType dtype : {kFloat32, kFloat64}) {
    for (const std::int64_t rows : {1, 2, 40, 127}) {
      const Tensor x = random({rows, 4000}, 1, dtype);
      const Tensor w = random({4000, 810}, 2, dtype);
      const Tensor by_columns = random({816, 4000}, 3, dtype).t();
      expect_same_for_any_threads("matmul", [&]() -> std::vector<Tensor> {
        return {matmul(x, w), matmul(x, by_columns)};
      });
    }
  }
}

TEST(SameBits, Sums) {
  const Tensor long_row = random({1'000'003}, 1);
  const Tensor square_matrix = random({1000, 1001}, 2);
  const Tensor cube = random({60, 70, 80}, 3);
  expect_same_for_any_threads("sum", [&]() -> std::vector<Tensor> {
    return {sum(long_row),
            mean(long_row),
            sum(square_matrix, {0}),
            sum(square_matrix, {1}),
            sum(square_matrix.t(), {1}),
            sum(square_matrix.slice(1, 0, 1001, 2), {0}),
            sum(square_matrix.slice(1, 0, 1001, 2)),
            sum(cube, {1}),
            sum(cube, {0, 2}),
            mean(cube.permute({2, 0, 1}), {1}),
            sum(cube.to(kInt64)),
            argmax(square_matrix, 1),
            argmax(square_matrix, 0)};
  });
}

TEST(SameBits, ElementwiseOps) {
  const Tensor x = random({500, 700}, 1);
  const Tensor y = random({500, 700}, 2);
  const Tensor row = random({700}, 3);
  const Tensor column = random({500, 1}, 4);
  expect_same_for_any_threads("element-wise ops", [&]() -> std::vector<Tensor> {
    return {x + y,
            x * row,
            x / column,
            exp(x),
            tanh(x),
            sigmoid(x.t()),
            relu(x) - y,
            pow(x, 3),
            x.t() + row.view({700, 1}),
            x.slice(1, 0, 700, 3) * 2.0,
            x.to(kFloat64),
            x.to(kInt32),
            x.t().contiguous()};
  });
}

TEST(SameBits, InPlaceOps) {
  const Tensor x = random({500, 700}, 1);
  const Tensor y = random({500, 700}, 2);
  expect_same_for_any_threads("in-place ops", [&]() -> std::vector<Tensor> {
    const Tensor a = x.clone();
    a.add_(y, 0.3).mul_(y).sub_(0.5).div_(3).clamp_(-1, 1);
    const Tensor b = x.clone();
    b.t().copy_(y.t());
    return {a, b};
  });
}

TEST(SameBits, Softmax) {
  const Tensor x = random({3000, 50}, 1);
  expect_same_for_any_threads("softmax", [&]() -> std::vector<Tensor> {
    return {softmax(x, 1), log_softmax(x, 1), softmax(x, 0), log_softmax(x.t(), 0)};
  });
}

TEST(SameBits, RandomNumbers) {
  expect_same_for_any_threads("random numbers", []() -> std::vector<Tensor> {
    Generator generator(9);
    const GeneratorGuard guard(generator);
    return {rand({300'001}, generator), randn({300'001}, generator),
            randint(0, 1000, {300'001}, generator), randperm(10'000, generator),
            dropout(ones({400, 500}), 0.5)};
  });
}

// One training step's loss and gradients.
std::vector<Tensor> step(const Tensor& x, const Tensor& y, const std::vector<Tensor>& values) {
  std::vector<Tensor> parameters;
  for (const Tensor& value : values) {
    parameters.push_back(value.clone());
    parameters.back().requires_grad_();
  }
  const Tensor hidden = relu(linear(x, parameters[0], parameters[1]));
  const Tensor loss = cross_entropy(linear(hidden, parameters[2], parameters[3]), y) +
                      mean(square(parameters[0])) * 0.01;
  loss.backward();
  std::vector<Tensor> results = {loss.detach()};
  for (const Tensor& p : parameters) results.push_back(p.grad());
  return results;
}

TEST(SameBits, ForwardAndBackwardOfAnMlp) {
  Generator generator(10);
  const Tensor x = randn({512, 784}, generator);
  const Tensor y = randint(0, 10, {512}, generator);
  const std::vector<Tensor> values = {randn({128, 784}, generator) * 0.05, zeros({128}),
                                      randn({10, 128}, generator) * 0.1, zeros({10})};
  expect_same_for_any_threads("an MLP", [&] { return step(x, y, values); });
}

TEST(SameBits, ABatchOfEveryLossReduction) {
  const Tensor logits = random({4000, 30}, 1);
  Generator generator(2);
  const Tensor target = randint(0, 30, {4000}, generator);
  expect_same_for_any_threads("losses", [&]() -> std::vector<Tensor> {
    std::vector<Tensor> results;
    for (const Reduction reduction : {Reduction::mean, Reduction::sum, Reduction::none}) {
      const Tensor x = logits.clone();
      x.requires_grad_();
      const Tensor loss = cross_entropy(x, target, {.reduction = reduction});
      sum(loss).backward();
      results.push_back(loss.detach());
      results.push_back(x.grad());
    }
    return results;
  });
}

TEST(SameBits, OnEveryRun) {
  Generator generator(11);
  const Tensor x = randn({256, 100}, generator);
  const Tensor y = randint(0, 10, {256}, generator);
  const std::vector<Tensor> values = {randn({64, 100}, generator), zeros({64}),
                                      randn({10, 64}, generator), zeros({10})};
  const std::vector<Tensor> expected = step(x, y, values);
  for (int run = 0; run < 5; ++run) {
    const std::vector<Tensor> actual = step(x, y, values);
    for (std::size_t i = 0; i < expected.size(); ++i)
      EXPECT_TRUE(same_bits(actual[i], expected[i])) << "run " << run;
  }
}

}  // namespace
}  // namespace tarn::testing
