#include <cmath>
#include <limits>

#include <gtest/gtest.h>

#include <tarn/distributed/distributed_data_parallel.h>
#include <tarn/tarn.h>

#include "../tensor/closeness.h"
#include "../tensor/expect_error.h"
#include "training_problem.h"

namespace tarn::distributed {
namespace {

using namespace testing;
using tarn::testing::fails_with;
using tarn::testing::is_close;
using tarn::testing::same_bits;
using tarn::testing::Tolerance;

constexpr Tolerance kSixDigits{.rtol = 1e-6, .atol = 1e-6};

void expect_same_bits(const std::vector<Tensor>& actual, const std::vector<Tensor>& expected) {
  ASSERT_EQ(actual.size(), expected.size());
  for (std::size_t i = 0; i < actual.size(); ++i)
    EXPECT_TRUE(same_bits(actual[i], expected[i])) << "parameter " << i;
}

void expect_close(const std::vector<Tensor>& actual, const std::vector<Tensor>& expected) {
  ASSERT_EQ(actual.size(), expected.size());
  for (std::size_t i = 0; i < actual.size(); ++i)
    EXPECT_TRUE(is_close(actual[i], expected[i], kSixDigits)) << "parameter " << i;
}

std::vector<Tensor> take_grads(nn::Module& model) {
  std::vector<Tensor> grads;
  for (const Tensor& grad : grads_of(model)) grads.push_back(grad.defined() ? grad.clone() : grad);
  model.zero_grad();
  return grads;
}

// The gradient of the mean loss that one rank computes, in parts one after the other.
std::vector<Tensor> gradient_in_parts(nn::Module& model, const data::Batch& batch,
                                      std::int64_t part) {
  const std::int64_t examples = batch.data.size(0);
  for (int r = 0; r * part < examples; ++r) {
    const data::Batch own = rows(batch, part_of(r, part, examples));
    const Tensor loss = cross_entropy(model(own.data), own.target, {.reduction = Reduction::sum});
    (loss / static_cast<double>(examples)).backward();
  }
  return take_grads(model);
}

// The same by all ranks together; those for which no examples are left join in.
std::vector<Tensor> gradient_of_ranks(nn::Module& model, const data::Batch& batch,
                                      std::int64_t part,
                                      const DistributedDataParallelOptions& options = {}) {
  DistributedDataParallel parallel(model, options);
  const Range range = part_of(rank(), part, batch.data.size(0));
  std::vector<Tensor> grads;
  const auto step = [&] { grads = take_grads(model); };
  if (range.count() > 0) {
    const data::Batch own = rows(batch, range);
    cross_entropy(parallel(own.data), own.target, {.reduction = options.reduction}).backward();
    step();
  }
  parallel.join(step);
  return grads;
}

TEST(DistributedDataParallel, StartsWithTheModelOfRank0) {
  Classifier model;
  {
    const NoGradGuard no_grad;
    for (const Tensor& p : model.parameters()) p.add_(rank());
  }
  EXPECT_EQ(rank_that_differs(bytes_of(model)), "rank 1");
  const DistributedDataParallel parallel(model);
  EXPECT_EQ(rank_that_differs(bytes_of(model)), "");
}

TEST(DistributedDataParallel, RanksWithPartsEqualOneRankWithTheBatch) {
  manual_seed(1);
  Classifier model;
  const std::int64_t part = 8;
  // Whole parts, a short one, one of a single example, and none for the last ranks.
  for (const std::int64_t examples :
       {part * size(), part * size() - 3, part + 1, std::int64_t{5}}) {
    const data::Batch batch = batch_of(examples, 2);
    const auto expected = gradient_in_parts(model, batch, examples);
    for (const bool fixed_order : {true, false}) {
      SCOPED_TRACE(str(examples, " examples, fixed_order = ", fixed_order));
      expect_close(gradient_of_ranks(model, batch, part, {.fixed_order = fixed_order}), expected);
    }
  }
}

TEST(DistributedDataParallel, SumsTheGradientsOfSums) {
  manual_seed(1);
  Classifier model;
  const data::Batch batch = batch_of(8 * size() - 3, 2);
  cross_entropy(model(batch.data), batch.target, {.reduction = Reduction::sum}).backward();
  const auto expected = take_grads(model);
  const auto actual = gradient_of_ranks(model, batch, 8, {.reduction = Reduction::sum});
  for (std::size_t i = 0; i < expected.size(); ++i)
    EXPECT_TRUE(is_close(actual[i], expected[i], {.rtol = 1e-6, .atol = 2e-5}));
}

TEST(DistributedDataParallel, InFixedOrderHasTheBitsOfOneRankThatTakesThePartsInTurn) {
  manual_seed(1);
  Classifier model;
  // Numbers of examples that are powers of two divide without rounding.
  const std::int64_t part = 4;
  const std::int64_t examples = size() < 4 ? 8 : 16;
  const data::Batch batch = batch_of(examples, 3);
  const auto expected = gradient_in_parts(model, batch, part);
  for (const bool overlap : {true, false}) {
    for (const double bucket_cap_mb : {25.0, 1e-5}) {
      SCOPED_TRACE(str("overlap = ", overlap, ", bucket_cap_mb = ", bucket_cap_mb));
      expect_same_bits(gradient_of_ranks(model, batch, part,
                                         {.bucket_cap_mb = bucket_cap_mb, .overlap = overlap}),
                       expected);
    }
  }
}

TEST(DistributedDataParallel, InFixedOrderSumsHaveTheBitsOfAccumulatedGradients) {
  manual_seed(1);
  Classifier model;
  const data::Batch batch = batch_of(5 * size() - 2, 3);
  for (int r = 0; r < size(); ++r) {
    const data::Batch own = rows(batch, part_of(r, 5, batch.data.size(0)));
    cross_entropy(model(own.data), own.target, {.reduction = Reduction::sum}).backward();
  }
  const auto expected = take_grads(model);
  expect_same_bits(gradient_of_ranks(model, batch, 5, {.reduction = Reduction::sum}), expected);
}

TEST(DistributedDataParallel, AllRanksStayEqualThroughManySteps) {
  std::vector<std::string> results;
  for (const bool overlap : {true, false, true}) {
    manual_seed(3);
    Classifier model;
    DistributedDataParallel parallel(model, {.bucket_cap_mb = 1e-4, .overlap = overlap});
    optim::SGD sgd(model.parameters(), {.lr = 0.1, .momentum = 0.9});
    // Rank r has r + 2 batches, and the batches have different sizes.
    for (int i = 0; i < rank() + 2; ++i) {
      const data::Batch batch =
          batch_of(3 + (i + rank()) % 4, static_cast<std::uint64_t>(100 * rank() + i));
      sgd.zero_grad();
      cross_entropy(parallel(batch.data), batch.target).backward();
      sgd.step();
    }
    parallel.join([&] { sgd.step(); });
    EXPECT_EQ(sgd.step_count(), size() + 1);
    EXPECT_EQ(rank_that_differs(bytes_of(model)), "");
    results.push_back(bytes_of(model));
  }
  EXPECT_TRUE(results[0] == results[1]) << "overlap changes the bits";
  EXPECT_TRUE(results[0] == results[2]) << "a second run has other bits";
}

TEST(DistributedDataParallel, JoinedRanksAddNothingThoughTheyKeepTheirLastGradient) {
  manual_seed(3);
  Classifier model;
  optim::SGD sgd(model.parameters(), {.lr = 0.0});
  const data::Batch batch = batch_of(6, 4);
  const auto expected = gradient_in_parts(model, batch, 6);
  DistributedDataParallel parallel(model);
  const auto take_step = [&] {
    sgd.zero_grad();
    cross_entropy(parallel(batch.data), batch.target).backward();
    sgd.step();  // and no zero_grad() before join()
  };
  take_step();
  if (rank() == 0) take_step();
  std::vector<Tensor> grads;
  parallel.join([&] {
    sgd.step();
    grads = grads_of(model);
  });
  if (rank() > 0) expect_close(grads, expected);
}

// Its first head is used by some ranks, its last one by none.
struct Heads : nn::Module {
  nn::Linear& body = add("body", nn::Linear(5, 4));
  nn::Linear& first = add("first", nn::Linear(4, 3));
  nn::Linear& second = add("second", nn::Linear(4, 3));
  nn::Linear& unused = add("unused", nn::Linear(4, 3));
  Tensor forward(const Tensor& x) override {
    const Tensor h = tanh(body(x));
    return distributed::rank() == 0 ? second(h) : first(h);
  }
};

TEST(DistributedDataParallel, FindsUnusedParameters) {
  manual_seed(1);
  Heads model;
  const data::Batch batch = batch_of(4 * size(), 5);
  // What one rank gets that sends the first 4 examples through one head and the rest through the
  // other.
  const auto loss_of = [&](nn::Linear& head, const data::Batch& part) {
    return cross_entropy(head(tanh(model.body(part.data))), part.target,
                         {.reduction = Reduction::sum}) /
           static_cast<double>(4 * size());
  };
  (loss_of(model.second, rows(batch, {0, 4})) + loss_of(model.first, rows(batch, {4, 4 * size()})))
      .backward();
  const auto expected = take_grads(model);
  for (const double bucket_cap_mb : {25.0, 1e-5}) {
    DistributedDataParallel parallel(model, {.bucket_cap_mb = bucket_cap_mb});
    for (int repeat = 0; repeat < 2; ++repeat) {
      const data::Batch own = rows(batch, part_of(rank(), 4, 4 * size()));
      cross_entropy(parallel(own.data), own.target).backward();
      const auto grads = take_grads(model);
      EXPECT_FALSE(
          grads[6].defined());  // unused.weight: no gradient, so that no optimizer moves it
      EXPECT_FALSE(grads[7].defined());
      expect_close({grads.begin(), grads.begin() + 6}, {expected.begin(), expected.begin() + 6});
    }
  }
}

TEST(DistributedDataParallel, NoSyncKeepsGradientsToItself) {
  manual_seed(1);
  Classifier model;
  const data::Batch batch = batch_of(8 * size(), 6);
  const auto expected = gradient_in_parts(model, batch, 8 * size());
  const auto expected_left_over =
      gradient_in_parts(model, rows(batch, {0, 8 * (size() - 1)}), 8 * size());
  DistributedDataParallel parallel(model);
  const data::Batch own = rows(batch, part_of(rank(), 8, 8 * size()));
  const auto backward = [&](const Range& range) {
    const data::Batch part = rows(own, range);
    const Tensor loss =
        cross_entropy(parallel(part.data), part.target, {.reduction = Reduction::sum});
    (loss / 8).backward();
  };
  {
    const auto local = parallel.no_sync();
    backward({0, 5});
    backward({5, 6});
  }
  EXPECT_EQ(rank_that_differs(str(to_string(model.fc2.bias.grad()))), "rank 1");
  backward({6, 8});
  expect_close(take_grads(model), expected);

  // Left over at the end of an epoch, on all ranks but the last.
  if (rank() + 1 < size()) {
    const auto local = parallel.no_sync();
    backward({0, 8});
  }
  std::vector<Tensor> grads;
  int steps = 0;
  parallel.join([&] {
    grads = take_grads(model);
    ++steps;
  });
  EXPECT_EQ(steps, 1);
  expect_close(grads, expected_left_over);
}

TEST(DistributedDataParallel, MeasuresTheNoiseOfTheRanksGradients) {
  manual_seed(1);
  for (const Reduction reduction : {Reduction::mean, Reduction::sum}) {
    Classifier model;
    optim::GradientNoiseScale noise;
    optim::GradientNoiseScale expected;
    const data::Batch batch = batch_of(8 * size() - 3, 7);
    const auto grads =
        gradient_of_ranks(model, batch, 8, {.reduction = reduction, .noise_scale = &noise});
    std::vector<double> norms;
    std::vector<std::int64_t> sizes;
    for (int r = 0; r < size(); ++r) {
      const Range range = part_of(r, 8, batch.data.size(0));
      norms.push_back(nn::get_total_norm(gradient_in_parts(model, rows(batch, range), 100)));
      sizes.push_back(range.count());
    }
    expected.update(norms, sizes, nn::get_total_norm(gradient_in_parts(model, batch, 100)));
    EXPECT_EQ(noise.n_updates(), 1);
    EXPECT_NEAR(noise.trace().value, expected.trace().value, 1e-5 * expected.trace().value);
    EXPECT_NEAR(noise.norm_squared().value, expected.norm_squared().value,
                1e-5 * expected.trace().value);
  }
}

TEST(DistributedDataParallel, ClipsTheGradientOfTheWholeBatch) {
  manual_seed(1);
  Classifier model;
  const data::Batch batch = batch_of(8 * size(), 8);
  const double norm = nn::get_total_norm(gradient_in_parts(model, batch, 100));
  DistributedDataParallel parallel(model);
  const data::Batch own = rows(batch, part_of(rank(), 8, 8 * size()));
  cross_entropy(parallel(own.data), own.target).backward();
  EXPECT_NEAR(nn::clip_grad_norm_(model, norm / 2), norm, 1e-6);
  EXPECT_NEAR(nn::get_total_norm(grads_of(model)), norm / 2, 1e-5);
}

// Each rank computes the loss of a batch; on the last one the batch has a NaN.
data::Batch batch_with_nan_on_the_last_rank() {
  const data::Batch batch = batch_of(4, static_cast<std::uint64_t>(20 + rank()));
  const NoGradGuard no_grad;
  if (rank() == size() - 1)
    batch.data.narrow(0, 2, 1).fill_(std::numeric_limits<double>::quiet_NaN());
  return batch;
}

// That clipping throws, with the same text on all ranks.
void expect_that_clipping_throws(nn::Module& model) {
  std::string text;
  try {
    nn::clip_grad_norm_(model, 1, {.error_if_nonfinite = true});
  } catch (const ValueError& error) {
    text = error.what();
  }
  EXPECT_TRUE(
      text.starts_with("clip_grad_norm_: the total norm is nan; the first non-finite "
                       "gradient is fc1.weight"))
      << text;
  EXPECT_EQ(rank_that_differs(text), "");
}

TEST(DistributedDataParallel, AllRanksLearnOfANaNOnOneOfThemAndCanGoOn) {
  for (const bool overlap : {true, false}) {
    for (const bool fixed_order : {true, false}) {
      SCOPED_TRACE(str("overlap = ", overlap, ", fixed_order = ", fixed_order));
      manual_seed(1);
      Classifier model;
      const std::string start = bytes_of(model);
      DistributedDataParallel parallel(
          model, {.bucket_cap_mb = 1e-5, .overlap = overlap, .fixed_order = fixed_order});
      const data::Batch bad = batch_with_nan_on_the_last_rank();
      cross_entropy(parallel(bad.data), bad.target).backward();
      expect_that_clipping_throws(model);
      EXPECT_TRUE(bytes_of(model) == start);
      // The step was left out, on all ranks: the next one is as if there had been none.
      model.zero_grad();
      const data::Batch good = batch_of(4 * size(), 30);
      const auto expected = [&] {
        Classifier alone;
        alone.load_state_dict(model.state_dict());
        return gradient_in_parts(alone, good, 4 * size());
      }();
      const data::Batch own = rows(good, part_of(rank(), 4, 4 * size()));
      cross_entropy(parallel(own.data), own.target).backward();
      EXPECT_TRUE(std::isfinite(nn::clip_grad_norm_(model, 1000, {.error_if_nonfinite = true})));
      expect_close(take_grads(model), expected);
    }
  }
}

TEST(DistributedDataParallel, RanksThatHaveJoinedLearnOfANaNToo) {
  manual_seed(1);
  Classifier model;
  DistributedDataParallel parallel(model);
  const data::Batch bad = batch_with_nan_on_the_last_rank();
  int steps = 0;
  const auto step = [&] {
    expect_that_clipping_throws(model);
    model.zero_grad();
    ++steps;
  };
  if (rank() == size() - 1) {
    cross_entropy(parallel(bad.data), bad.target).backward();
    step();
  }
  parallel.join(step);
  EXPECT_EQ(steps, 1);
}

TEST(DistributedDataParallel, AllRanksLearnOfANaNInAPartThatOneOfThemAccumulated) {
  manual_seed(1);
  Classifier model;
  DistributedDataParallel parallel(model);
  optim::SGD sgd(model.parameters(), {.lr = 0.1});
  optim::Accumulator accumulate(sgd, {.batch_size = 8});
  int refused = 0;
  sgd.register_step_pre_hook([&](optim::Optimizer&) {
    expect_that_clipping_throws(model);
    ++refused;
    throw ValueError("refused");
  });
  const data::Batch good = batch_of(4, 31);
  const auto backward = [&](const data::Batch& batch) {
    const auto local = parallel.no_sync(!accumulate.completes(4));
    accumulate.backward(cross_entropy(parallel(batch.data), batch.target), 4);
  };
  const std::string start = bytes_of(model);
  backward(batch_with_nan_on_the_last_rank());
  EXPECT_TRUE(fails_with<ValueError>([&] { backward(good); }, "refused"));
  EXPECT_EQ(refused, 1);
  EXPECT_TRUE(bytes_of(model) == start);
  barrier();
}

struct Dropped : nn::Module {
  nn::Linear& fc = add("fc", nn::Linear(5, 3));
  nn::Dropout& dropout = add("dropout", nn::Dropout(0.5));
  Tensor forward(const Tensor& x) override { return fc(dropout(x)); }
};

TEST(DistributedDataParallel, DropoutDrawsOtherNumbersOnEachRank) {
  manual_seed(5);
  Dropped model;
  DistributedDataParallel parallel(model);
  const data::Batch batch = batch_of(8, 9);
  const auto masks = [&] { return to_string(parallel(batch.data)); };
  EXPECT_EQ(rank_that_differs(masks()), "rank 1");
  // Also where a rank had a batch less: the generators are the same again after the step.
  if (rank() == 0) masks();
  if (rank() == 0) {
    cross_entropy(parallel(batch.data), batch.target).backward();
  }
  parallel.join([] {});
  EXPECT_EQ(rank_that_differs(str(default_generator().stream())), "");
  // Rank 0 draws what a single process does.
  const auto stream = default_generator().stream();
  const std::string one = masks();
  default_generator().set_state(5, stream);
  EXPECT_EQ(one == to_string(model(batch.data)), rank() == 0);
}

struct Normalized : nn::Module {
  nn::BatchNorm1d& norm = add("norm", nn::BatchNorm1d(5));
  nn::Linear& fc = add("fc", nn::Linear(5, 3));
  Tensor forward(const Tensor& x) override { return fc(norm(x)); }
};

TEST(DistributedDataParallel, BuffersAreThoseOfRank0) {
  manual_seed(5);
  Normalized model;
  DistributedDataParallel parallel(model);
  const data::Batch batch = batch_of(8, static_cast<std::uint64_t>(rank()));
  cross_entropy(parallel(batch.data), batch.target).backward();
  std::string all;
  for (const auto& [name, buffer] : model.named_buffers()) all += name + to_string(buffer);
  EXPECT_EQ(rank_that_differs(all), "");
  Normalized alone;
  alone(batch_of(8, 0).data);
  EXPECT_TRUE(same_bits(model.named_buffers()[0].second, alone.named_buffers()[0].second));
}

struct Wide : nn::Module {
  explicit Wide(std::int64_t out) : fc(add("fc", nn::Linear(5, out))) {}
  nn::Linear& fc;
};

TEST(DistributedDataParallel, RefusesModelsThatDiffer) {
  manual_seed(0);
  const int last = size() - 1;
  const auto make = [](nn::Module& model, const DistributedDataParallelOptions& options = {}) {
    return [&model, options] { const DistributedDataParallel parallel(model, options); };
  };
  const std::string who = str("DistributedDataParallel: rank ", last, " has ");
  Wide wide(rank() == last ? 8 : 7);
  EXPECT_TRUE(fails_with<ValueError>(make(wide), who + "parameter fc.weight, float32 [8, 5] where",
                                     {"rank 0 has parameter fc.weight, float32 [7, 5]"}));
  Wide typed(7);
  if (rank() == last) typed.to(kFloat64);
  EXPECT_TRUE(fails_with<ValueError>(make(typed), who + "parameter fc.weight, float64 [7, 5]"));
  Wide frozen(7);
  if (rank() == last) frozen.fc.bias.requires_grad_(false);
  EXPECT_TRUE(fails_with<ValueError>(make(frozen), who + "parameter fc.bias, float32 [7], not"));
  Classifier named;
  if (rank() == last) named.buffer("extra", zeros({2}));
  EXPECT_TRUE(fails_with<ValueError>(make(named), who + "buffer extra, float32 [2], not trained"));
  Wide same(7);
  EXPECT_TRUE(fails_with<ValueError>(make(same, {.fixed_order = rank() != last}), who + "fixed_"));
  manual_seed(static_cast<std::uint64_t>(rank() == last));
  EXPECT_TRUE(fails_with<ValueError>(make(same), who + "manual_seed(1) where",
                                     {"manual_seed(0)", "on all ranks"}));
  manual_seed(0);
  EXPECT_TRUE(fails_with<ValueError>(make(same, {.bucket_cap_mb = 0}),
                                     "DistributedDataParallel: bucket_cap_mb = 0"));
  EXPECT_TRUE(fails_with<ValueError>(make(same, {.reduction = Reduction::none}),
                                     "DistributedDataParallel: reduction = none"));
}

TEST(DistributedDataParallel, RefusesStepsThatWouldBeWrong) {
  manual_seed(0);
  Classifier model;
  DistributedDataParallel parallel(model);
  const data::Batch batch = batch_of(4, 1);
  const auto loss = [&](const Tensor& output) { return cross_entropy(output, batch.target); };
  EXPECT_TRUE(fails_with<ValueError>([&] { loss(model(batch.data)).backward(); },
                                     "DistributedDataParallel: backward() without examples"));
  EXPECT_TRUE(fails_with<AutogradError>(
      [&] { loss(parallel(batch.data)).backward({.create_graph = true}); },
      "DistributedDataParallel: backward() with create_graph"));
  EXPECT_TRUE(fails_with<ValueError>([&] { parallel.add_examples(0); },
                                     "DistributedDataParallel: 0 examples"));
  model.fc1.requires_grad_(false);
  EXPECT_TRUE(fails_with<ValueError>([&] { loss(parallel(batch.data)).backward(); },
                                     "DistributedDataParallel: other parameters require grad"));
  model.fc1.requires_grad_(true);
  loss(parallel(batch.data)).backward();
  EXPECT_EQ(rank_that_differs(to_string(model.fc1.bias.grad())), "");
}

TEST(DistributedDataParallel, NoticesARankThatTookAnotherStep) {
  manual_seed(0);
  Classifier model;
  DistributedDataParallel parallel(model);
  const int last = size() - 1;
  optim::SGD sgd(model.parameters(), {.lr = rank() == last ? 0.1 : 0.2});
  const data::Batch batch = batch_of(4, 1);
  const auto backward = [&] { cross_entropy(parallel(batch.data), batch.target).backward(); };
  backward();
  sgd.step();
  sgd.zero_grad();
  EXPECT_TRUE(fails_with<Error>(
      backward, str("DistributedDataParallel: the parameters of rank ", last, " are no longer")));
}

TEST(DistributedDataParallel, AllRanksLearnThatOneIsToStop) {
  manual_seed(0);
  Classifier model;
  DistributedDataParallel parallel(model);
  const data::Batch batch = batch_of(4, 1);
  const auto step = [&] { cross_entropy(parallel(batch.data), batch.target).backward(); };
  step();
  EXPECT_FALSE(parallel.should_stop());
  if (rank() == size() - 1) parallel.stop();
  EXPECT_FALSE(parallel.should_stop());
  step();
  EXPECT_TRUE(parallel.should_stop());
}

TEST(DistributedDataParallel, IsGoneWhenItIsDestroyed) {
  manual_seed(0);
  Classifier model;
  { const DistributedDataParallel parallel(model); }
  if (rank() > 0) return;  // a backward() of one rank alone would wait for the others
  const data::Batch batch = batch_of(4, 1);
  cross_entropy(model(batch.data), batch.target).backward();
  EXPECT_TRUE(model.fc1.bias.grad().defined());
}

}  // namespace
}  // namespace tarn::distributed
