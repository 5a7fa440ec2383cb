#include <cmath>
#include <ostream>

#include <gtest/gtest.h>

#include <tarn/autograd/ops.h>
#include <tarn/tensor/error.h>
#include <tarn/tensor/factories.h>

#include "../tensor/expect_error.h"
#include "operands.h"

namespace tarn::testing {
namespace {

TEST(SoftmaxErrors, Dims) {
  EXPECT_TRUE(fails_with<IndexError>([] { softmax(f32({2, 3}), 2); }, "softmax: ", {"2"}));
  EXPECT_TRUE(fails_with<IndexError>(
      [] {
        log_softmax(f32({2, 3}), -3);
      },
      "log_softmax: ", {"-3"}));
}

using ClassLoss = Tensor (*)(const Tensor&, const Tensor&, std::int64_t ignore_index);
struct NamedClassLoss {
  const char* name;
  ClassLoss call;
  friend void PrintTo(const NamedClassLoss& op, std::ostream* out) { *out << op.name; }
};

class ClassLossErrors : public ::testing::TestWithParam<NamedClassLoss> {};

INSTANTIATE_TEST_SUITE_P(
    Ops, ClassLossErrors,
    ::testing::Values(
        NamedClassLoss{"nll_loss",
                       [](const Tensor& x, const Tensor& target, std::int64_t ignored) {
                         return nll_loss(x, target, {.ignore_index = ignored});
                       }},
        NamedClassLoss{"cross_entropy",
                       [](const Tensor& x, const Tensor& target, std::int64_t ignored) {
                         return cross_entropy(x, target, {.ignore_index = ignored});
                       }}),
    [](const auto& test) { return std::string(test.param.name); });

TEST_P(ClassLossErrors, NamesTheFirstBadTargetAndItsPosition) {
  const char* const name = GetParam().name;
  const auto call = GetParam().call;
  const std::string start = std::string(name) + ": ";
  std::vector<std::int64_t> labels(20, 9);
  labels[17] = 10;
  labels[19] = 11;
  EXPECT_TRUE(fails_with<ValueError>(
      [&] {
        call(f32({20, 10}), from_vector(labels, {20}), -100);
      },
      start + "target[17] = 10 is out of range for 10 classes", {"0..9", "-100"}));
  EXPECT_TRUE(fails_with<ValueError>(
      [&] {
        call(f32({2, 3}), tensor({0, -1}), -100);
      },
      start + "target[1] = -1", {"3 classes"}));
  EXPECT_TRUE(fails_with<ValueError>(
      [&] {
        call(f32({1, 3}), tensor({-100}), 255);
      },
      start + "target[0] = -100", {"255"}));
  EXPECT_TRUE(fails_with<ValueError>(
      [&] {
        call(f32({1, 0}), tensor({0}), -100);
      },
      start + "target[0] = 0", {"0 classes"}));
  EXPECT_TRUE(fails_with<ValueError>([&] { call(f32({3}), scalar_tensor(3), -100); },
                                     start + "target", {"3"}));
  EXPECT_TRUE(fails_with<ValueError>(
      [&] {
        call(f32({1, 3}), tensor({std::int64_t{1} << 62}), -100);
      },
      start + "target[0] = 4611686018427387904"));
}

TEST_P(ClassLossErrors, RefusesShapesAndTypesThatDoNotFit) {
  const char* const name = GetParam().name;
  const auto call = GetParam().call;
  const std::string start = std::string(name) + ": ";
  EXPECT_TRUE(fails_with<ShapeError>(
      [&] {
        call(f32({4, 3}), i64({5}), -100);
      },
      start, {"[4, 3]", "[5]"}));
  EXPECT_TRUE(fails_with<ShapeError>(
      [&] {
        call(f32({4, 3}), i64({4, 1}), -100);
      },
      start, {"[4, 3]", "[4, 1]"}));
  EXPECT_TRUE(fails_with<ShapeError>(
      [&] {
        call(f32({4, 3}), i64({}), -100);
      },
      start, {"[4, 3]", "[]"}));
  EXPECT_TRUE(
      fails_with<ShapeError>([&] { call(f32({3}), i64({1}), -100); }, start, {"[3]", "[1]"}));
  EXPECT_TRUE(fails_with<ShapeError>([&] { call(f32({}), i64({}), -100); }, start, {"[]"}));
  EXPECT_TRUE(fails_with<ShapeError>(
      [&] {
        call(f32({2, 3, 4}), i64({2, 3}), -100);
      },
      start, {"[2, 3, 4]"}));
  EXPECT_TRUE(fails_with<DTypeError>(
      [&] {
        call(f32({4, 3}), f32({4}), -100);
      },
      start, {"float32", "int64"}));
  EXPECT_TRUE(fails_with<DTypeError>(
      [&] {
        call(f32({4, 3}), ones({4}, {.dtype = kInt32}), -100);
      },
      start, {"int32"}));
  EXPECT_TRUE(fails_with<DTypeError>([&] { call(i64({4, 3}), i64({4}), -100); }, start, {"int64"}));
}

TEST_P(ClassLossErrors, NamesThePlaceOfABadTargetInAnImage) {
  const Tensor target = zeros({2, 3, 4}, {.dtype = kInt64});
  target[1][2][3].fill_(7);
  EXPECT_TRUE(fails_with<ValueError>(
      [&] {
        GetParam().call(f32({2, 5, 3, 4}), target, -100);
      },
      std::string(GetParam().name) + ": target[1, 2, 3] = 7 is out of range"));
}

TEST(CrossEntropyErrors, ComeInEveryReduction) {
  for (const Reduction reduction : {Reduction::mean, Reduction::sum, Reduction::none}) {
    for (const double smoothing : {0.0, 0.1}) {
      const CrossEntropyOptions options{.reduction = reduction, .label_smoothing = smoothing};
      const auto call = [&](const Tensor& x, const Tensor& target) {
        cross_entropy(x, target, options);
      };
      EXPECT_TRUE(fails_with<ValueError>(
          [&] {
            call(f32({2, 3}), tensor({0, 3}));
          },
          "cross_entropy: target[1] = 3"));
      EXPECT_TRUE(fails_with<ShapeError>(
          [&] {
            call(f32({2, 3}), tensor({0}));
          },
          "cross_entropy: "));
      EXPECT_TRUE(fails_with<DTypeError>([&] { call(f32({2, 3}), f32({2})); }, "cross_entropy: "));
    }
  }
}

TEST(CrossEntropyErrors, ClassWeightsAndSmoothing) {
  const Tensor target = tensor({0, 1});
  const auto call = [&](const CrossEntropyOptions& options) {
    cross_entropy(f32({2, 3}), target, options);
  };
  EXPECT_TRUE(fails_with<ShapeError>([&] { call({.weight = f32({2})}); },
                                     "cross_entropy: weight has shape [2]: expected [3]"));
  EXPECT_TRUE(fails_with<DTypeError>([&] { call({.weight = i64({3})}); }, "cross_entropy: weight"));
  EXPECT_TRUE(fails_with<ValueError>([&] { call({.label_smoothing = 1.5}); },
                                     "cross_entropy: label_smoothing = 1.5"));
  EXPECT_TRUE(fails_with<ValueError>([&] { call({.reduction = Reduction::batchmean}); },
                                     "cross_entropy: reduction = batchmean"));
}

using PairLoss = Tensor (*)(const Tensor&, const Tensor&, Reduction);
struct NamedPairLoss {
  const char* name;
  PairLoss call;
  friend void PrintTo(const NamedPairLoss& op, std::ostream* out) { *out << op.name; }
};

template <class Options, Tensor (*function)(const Tensor&, const Tensor&, const Options&, Where)>
Tensor call_loss(const Tensor& x, const Tensor& target, Reduction reduction) {
  return function(x, target, {.reduction = reduction}, Where::current());
}

class PairLossErrors : public ::testing::TestWithParam<NamedPairLoss> {};

INSTANTIATE_TEST_SUITE_P(
    Ops, PairLossErrors,
    ::testing::Values(
        NamedPairLoss{"mse_loss", call_loss<MseLossOptions, mse_loss>},
        NamedPairLoss{"l1_loss", call_loss<L1LossOptions, l1_loss>},
        NamedPairLoss{"smooth_l1_loss", call_loss<SmoothL1LossOptions, smooth_l1_loss>},
        NamedPairLoss{"huber_loss", call_loss<HuberLossOptions, huber_loss>},
        NamedPairLoss{"binary_cross_entropy",
                      call_loss<BinaryCrossEntropyOptions, binary_cross_entropy>},
        NamedPairLoss{"binary_cross_entropy_with_logits",
                      call_loss<BceWithLogitsOptions, binary_cross_entropy_with_logits>},
        NamedPairLoss{"kl_div", call_loss<KlDivOptions, kl_div>}),
    [](const auto& test) { return std::string(test.param.name); });

TEST_P(PairLossErrors, RefusesOtherShapesAndTypesInEveryReduction) {
  const std::string start = std::string(GetParam().name) + ": ";
  for (const Reduction reduction : {Reduction::mean, Reduction::sum, Reduction::none}) {
    const auto call = [&](const Tensor& x, const Tensor& t) { GetParam().call(x, t, reduction); };
    EXPECT_TRUE(fails_with<ShapeError>([&] { call(f32({4}), f32({4, 1})); }, start, {"[4, 1]"}));
    EXPECT_TRUE(fails_with<ShapeError>([&] { call(f32({4}), f32({})); }, start, {"[4]", "[]"}));
    EXPECT_TRUE(fails_with<DTypeError>([&] { call(i64({4}), i64({4})); }, start, {"int64"}));
    EXPECT_TRUE(fails_with<DTypeError>([&] { call(f32({4}), i64({4})); }, start, {"int64"}));
  }
}

TEST(BinaryCrossEntropyErrors, NamesWhatIsNoProbability) {
  const Tensor x = full({2, 3}, 0.5);
  for (const double bad : {-0.1, 1.5, std::nan("")}) {
    x[1][2].fill_(bad);
    EXPECT_TRUE(fails_with<ValueError>(
        [&] {
          binary_cross_entropy(x, f32({2, 3}));
        },
        "binary_cross_entropy: input[1, 2] = "));
  }
  EXPECT_TRUE(fails_with<ShapeError>(
      [&] {
        binary_cross_entropy_with_logits(f32({3}), f32({3}), {.pos_weight = f32({2, 3})});
      },
      "binary_cross_entropy_with_logits: ", {"[2, 3]"}));
}

TEST(LossOptionErrors, RefuseWhatCannotBeInterpreted) {
  const Tensor x = f32({2});
  EXPECT_TRUE(fails_with<ValueError>([&] { smooth_l1_loss(x, x, {.beta = -1}); },
                                     "smooth_l1_loss: beta = -1"));
  EXPECT_TRUE(
      fails_with<ValueError>([&] { huber_loss(x, x, {.delta = 0}); }, "huber_loss: delta = 0"));
  EXPECT_TRUE(fails_with<ValueError>([&] { l1_loss(x, x, {.reduction = Reduction::batchmean}); },
                                     "l1_loss: reduction = batchmean"));
}

TEST(LayerNormErrors, ShapesAndTypes) {
  EXPECT_TRUE(fails_with<ShapeError>(
      [] {
        layer_norm(f32({2, 3}), {4});
      },
      "layer_norm: ", {"[2, 3]", "[4]"}));
  EXPECT_TRUE(fails_with<ShapeError>([] { layer_norm(f32({3}), {2, 3}); }, "layer_norm: "));
  EXPECT_TRUE(fails_with<ShapeError>([] { layer_norm(f32({}), Shape()); }, "layer_norm: "));
  EXPECT_TRUE(fails_with<ShapeError>(
      [] {
        layer_norm(f32({2, 3}), {3}, f32({2}));
      },
      "layer_norm: "));
  EXPECT_TRUE(fails_with<DTypeError>([] { layer_norm(i64({2, 3}), {3}); }, "layer_norm: "));
  EXPECT_TRUE(fails_with<ValueError>(
      [] {
        layer_norm(f32({2, 3}), {3}, {}, {}, -1);
      },
      "layer_norm: eps = -1"));
}

TEST(LayerNormValues, OneNumberIsItsOwnMean) {
  EXPECT_EQ(layer_norm(tensor({{5.0}, {-1e30}}), {1}).to_vector(), (std::vector<double>{0, 0}));
}

TEST(EmbeddingErrors, NameTheBadIndex) {
  EXPECT_TRUE(fails_with<IndexError>(
      [] {
        embedding(from_vector<std::int64_t>({0, 1, 2, 9}, {2, 2}), f32({4, 3}));
      },
      "embedding: index[1, 1] = 9 is out of range for size 4"));
  EXPECT_TRUE(fails_with<IndexError>(
      [] {
        embedding(tensor({-1}), f32({4, 3}));
      },
      "embedding: index[0] = -1"));
  EXPECT_TRUE(fails_with<DTypeError>([] { embedding(f32({2}), f32({4, 3})); }, "embedding: "));
  EXPECT_TRUE(fails_with<ShapeError>([] { embedding(tensor({0}), f32({4})); }, "embedding: "));
  EXPECT_TRUE(fails_with<IndexError>(
      [] {
        embedding(tensor({0}), f32({4, 3}), 4);
      },
      "embedding: padding_idx = 4"));
}

TEST(MseLossErrors, RefusesShapesThatWouldBroadcast) {
  EXPECT_TRUE(fails_with<ShapeError>(
      [] {
        mse_loss(f32({4}), f32({4, 1}));
      },
      "mse_loss: ", {"[4]", "[4, 1]"}));
  EXPECT_TRUE(
      fails_with<ShapeError>([] { mse_loss(f32({4}), f32({})); }, "mse_loss: ", {"[4]", "[]"}));
  EXPECT_TRUE(
      fails_with<DTypeError>([] { mse_loss(i64({4}), i64({4})); }, "mse_loss: ", {"int64"}));
}

}  // namespace
}  // namespace tarn::testing
