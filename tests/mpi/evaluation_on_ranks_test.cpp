#include "../../examples/mnist_mlp/evaluation_on_ranks.h"

#include <bit>
#include <cmath>
#include <limits>

#include <gtest/gtest.h>

#include "training_problem.h"

namespace tarn::distributed {
namespace {

using namespace testing;

// Counts the examples that this rank computes.
struct Counting : nn::Module {
  Classifier& inner = add("inner", Classifier());
  std::int64_t examples = 0;
  Tensor forward(const Tensor& x) override {
    examples += x.size(0);
    return inner(x);
  }
};

std::vector<std::uint64_t> numbers_of(const std::vector<Prediction>& predictions) {
  std::vector<std::uint64_t> numbers;
  for (const Prediction& p : predictions) {
    for (const std::int64_t number : {p.index, p.target, p.predicted})
      numbers.push_back(static_cast<std::uint64_t>(number));
    numbers.push_back(std::bit_cast<std::uint64_t>(p.loss));
  }
  return numbers;
}

TEST(EvaluationOnRanks, DividesTheExamplesAndHasTheBitsOfOneRank) {
  manual_seed(1);
  Counting model;
  // More than a batch on each rank, a number that cannot be divided, fewer examples than ranks.
  for (const std::int64_t count :
       {std::int64_t{4001}, std::int64_t{2} * size() + 1, std::int64_t{1}}) {
    const data::Batch all = batch_of(count, 2);
    const data::TensorDataset dataset(all.data, all.target);
    const auto expected = evaluate(model, dataset);
    model.examples = 0;
    const auto actual = evaluate_on_ranks(model, dataset);
    EXPECT_EQ(numbers_of(actual), numbers_of(expected)) << count << " examples";
    EXPECT_LE(model.examples, (count + size() - 1) / size());
    const Tensor examples = tensor({model.examples}, {.dtype = kInt64});
    all_reduce(examples);
    EXPECT_EQ(examples.item<std::int64_t>(), count);
    EXPECT_TRUE(model.is_training());
  }
}

TEST(EvaluationOnRanks, GivesLossesThatAreNotFiniteToAllRanks) {
  manual_seed(1);
  Classifier model;
  const data::Batch all = batch_of(4 * size(), 2);
  {
    const NoGradGuard no_grad;
    all.data.narrow(0, 1, 1).fill_(std::numeric_limits<double>::quiet_NaN());
  }
  const auto predictions = evaluate_on_ranks(model, data::TensorDataset(all.data, all.target));
  for (const Prediction& p : predictions) EXPECT_EQ(std::isnan(p.loss), p.index == 1);
}

}  // namespace
}  // namespace tarn::distributed
