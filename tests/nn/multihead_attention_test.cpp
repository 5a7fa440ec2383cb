#include <fstream>
#include <iterator>
#include <sstream>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include <tarn/autograd/ops.h>
#include <tarn/nn/nn.h>
#include <tarn/tensor/error.h>
#include <tarn/tensor/factories.h>
#include <tarn/tensor/random.h>

#include "../tensor/closeness.h"
#include "../tensor/expect_error.h"

namespace tarn {
namespace {

using testing::fails_with;
using testing::is_close;
using testing::same_bits;

// tests/fixtures/attention.txt: the words of each line by its first.
std::vector<std::string> fixture(const std::string& name) {
  std::ifstream file(TARN_SOURCE_DIR "/tests/fixtures/attention.txt");
  for (std::string line; std::getline(file, line);) {
    std::istringstream words(line);
    std::string first;
    words >> first;
    if (first != name) continue;
    return {std::istream_iterator<std::string>(words), {}};
  }
  ADD_FAILURE() << name << " is not in attention.txt";
  return {};
}

// The formula of make_attention_fixtures.py.
Tensor numbers(const Shape& shape, std::int64_t step) {
  Tensor x = empty(shape, {.dtype = kFloat64});
  std::vector<double> values;
  for (std::int64_t i = 0; i < x.numel(); ++i)
    values.push_back(static_cast<double>(i * step % 11 - 5) / 10);
  return from_vector(values, shape);
}

void expect_equal(const Tensor& actual, const std::string& name) {
  std::vector<double> values;
  for (const std::string& word : fixture(name)) values.push_back(std::stod(word));
  ASSERT_EQ(static_cast<std::int64_t>(values.size()), actual.numel()) << name;
  EXPECT_TRUE(is_close(actual, from_vector(values, actual.sizes()), {.rtol = 1e-12, .atol = 1e-15}))
      << name;
}

nn::MultiheadAttention make(bool batch_first = true) {
  nn::MultiheadAttention module(4, 2, {.batch_first = batch_first, .dtype = kFloat64});
  StateDict state;
  std::int64_t step = 3;
  for (const std::string& name : fixture("names"))
    state.set(name, numbers(module.state_dict().find(name)->sizes(), step++));
  module.load_state_dict(state);
  return module;
}

void expect_case(const std::string& name, const nn::MultiheadAttentionMasks& masks,
                 const Tensor& memory = {}, bool batch_first = true) {
  SCOPED_TRACE(name);
  nn::MultiheadAttention module = make(batch_first);
  const Tensor x = numbers({2, 3, 4}, 7).requires_grad_();
  const Tensor& keys = memory.defined() ? memory : x;
  const auto [y, weights] = module(x, keys, keys, masks);
  sum(y * numbers(y.sizes(), 9)).backward();
  expect_equal(y, name + ".output");
  expect_equal(weights, name + ".weights");
  expect_equal(x.grad(), name + ".x.grad");
  expect_equal(module.in_proj_weight.grad(), name + ".in_proj_weight.grad");
}

TEST(MultiheadAttention, ComputesAsPyTorch) {
  const Tensor later = tensor({{0.0, 1.0, 1.0}, {0.0, 0.0, 1.0}, {0.0, 0.0, 0.0}}).to(kBool);
  const Tensor padding = tensor({{0.0, 0.0, 1.0}, {0.0, 0.0, 0.0}}).to(kBool);
  expect_case("plain", {});
  expect_case("causal", {.attn_mask = later});
  expect_case("causal", {.is_causal = true});
  expect_case("added", {.attn_mask = numbers({3, 3}, 7)});
  expect_case("padding", {.key_padding_mask = padding});
  expect_case("cross", {}, numbers({2, 5, 4}, 4));
  expect_case("first", {}, {}, /*batch_first=*/false);
}

TEST(MultiheadAttention, HasPyTorchsNames) {
  nn::MultiheadAttention module(4, 2);
  std::vector<std::string> names;
  for (const auto& [name, tensor] : module.state_dict()) names.push_back(name);
  EXPECT_EQ(names, fixture("names"));
  EXPECT_EQ(nn::MultiheadAttention(4, 2, {.bias = false}).parameters().size(), 2U);
}

TEST(MultiheadAttention, TakesKeysAndValuesOfOtherSizesAsPyTorch) {
  nn::MultiheadAttention module(4, 2,
                                {.batch_first = true, .kdim = 3, .vdim = 5, .dtype = kFloat64});
  std::vector<std::string> names;
  StateDict state;
  for (const auto& [name, tensor] : module.state_dict()) {
    state.set(name, numbers(tensor.sizes(), 3 + static_cast<std::int64_t>(names.size())));
    names.push_back(name);
  }
  EXPECT_EQ(names, fixture("sizes.names"));
  module.load_state_dict(state);
  const auto [y, weights] =
      module(numbers({2, 3, 4}, 7), numbers({2, 6, 3}, 4), numbers({2, 6, 5}, 5));
  sum(y * numbers(y.sizes(), 9)).backward();
  expect_equal(y, "sizes.output");
  expect_equal(weights, "sizes.weights");
  expect_equal(module.v_proj_weight.grad(), "sizes.v_proj_weight.grad");
}

TEST(MultiheadAttention, TakesInputsWithoutABatchAsABatchOfOne) {
  for (const bool batch_first : {true, false}) {
    nn::MultiheadAttention module = make(batch_first);
    const int n = batch_first ? 0 : 1;
    const Tensor x = numbers({3, 4}, 7);
    const Tensor keys = numbers({5, 4}, 3);
    const Tensor padding = tensor({0.0, 0.0, 1.0, 0.0, 1.0}).to(kBool);
    const auto [y, weights] = module(x, keys, keys, {.key_padding_mask = padding});
    const Tensor k = keys.unsqueeze(n);
    const auto [one, one_weights] =
        module(x.unsqueeze(n), k, k, {.key_padding_mask = padding.unsqueeze(0)});
    EXPECT_TRUE(same_bits(y, one.squeeze(n).contiguous()));
    EXPECT_TRUE(same_bits(weights, one_weights.squeeze(0)));
  }
}

TEST(MultiheadAttention, AddsAFloatingPaddingMaskToTheScores) {
  nn::MultiheadAttention module = make();
  const Tensor x = numbers({2, 3, 4}, 7);
  const Tensor added = numbers({2, 3}, 5);
  const Tensor all = added.view({2, 1, 1, 3}).expand({2, 2, 3, 3}).reshape({4, 3, 3});
  EXPECT_TRUE(same_bits(module(x, x, x, {.key_padding_mask = added}).first,
                        module(x, x, x, {.attn_mask = all}).first));
  const Tensor bias = numbers({3, 3}, 4);
  EXPECT_TRUE(is_close(module(x, x, x, {.key_padding_mask = added, .attn_mask = bias}).first,
                       module(x, x, x, {.attn_mask = all + bias}).first, {.rtol = 1e-14}));
}

TEST(MultiheadAttention, CombinesMasks) {
  nn::MultiheadAttention module = make();
  const Tensor x = numbers({2, 3, 4}, 7);
  const Tensor padding = tensor({{0.0, 0.0, 1.0}, {0.0, 0.0, 1.0}}).to(kBool);
  const Tensor none = zeros({3, 3}, {.dtype = kFloat64});
  const Tensor weights =
      module(x, x, x, {.key_padding_mask = padding, .attn_mask = none, .is_causal = true}).second;
  EXPECT_TRUE(same_bits(
      weights,
      module(x, x, x, {.key_padding_mask = padding, .attn_mask = none.to(kBool), .is_causal = true})
          .second));
  EXPECT_EQ(weights.select(2, 2).to_vector(), std::vector<double>(6, 0));
  EXPECT_EQ(weights.select(1, 0).to_vector(), (std::vector<double>{1, 0, 0, 1, 0, 0}));
  const Tensor heads = module(x, x, x, {.average_attn_weights = false}).second;
  EXPECT_EQ(heads.sizes(), (Shape{2, 2, 3, 3}));
  EXPECT_FALSE(module(x, x, x, {.need_weights = false}).second.defined());
}

TEST(MultiheadAttention, DropsWeightsInTrainingModeByTheGenerator) {
  nn::MultiheadAttention module(4, 2, {.dropout = 0.5, .batch_first = true});
  const Tensor x = randn({2, 6, 4});
  const auto run = [&](std::uint64_t seed) {
    manual_seed(seed);
    return module(x, x, x).first;
  };
  EXPECT_TRUE(same_bits(run(1), run(1)));
  EXPECT_FALSE(same_bits(run(1), run(2)));
  module.eval();
  EXPECT_TRUE(same_bits(run(1), run(2)));
}

TEST(MultiheadAttention, RefusesWhatDoesNotFit) {
  EXPECT_TRUE(fails_with<ValueError>([] { nn::MultiheadAttention(6, 4); },
                                     "MultiheadAttention: embed_dim = 6, num_heads = 4"));
  EXPECT_THROW(nn::MultiheadAttention(4, 2, {.dropout = 2}), ValueError);
  nn::MultiheadAttention module = make();
  const Tensor x = numbers({2, 3, 4}, 7);
  EXPECT_TRUE(fails_with<ShapeError>([&] { module(x[0], x, x); },
                                     "MultiheadAttention: key has shape [2, 3, 4]"));
  EXPECT_TRUE(fails_with<ShapeError>(
      [&] { module(x, x, x.narrow(1, 0, 2)); },
      "MultiheadAttention: query [2, 3, 4], key [2, 3, 4] and value [2, 2, 4]"));
  EXPECT_TRUE(
      fails_with<ShapeError>([&] { module(x, x, {}); }, "MultiheadAttention: value is undefined"));
  EXPECT_THROW(nn::MultiheadAttention(4, 2, {.kdim = 0}), ValueError);
  EXPECT_TRUE(fails_with<ShapeError>(
      [&] {
        module(x, x, x, {.attn_mask = zeros({2, 3})});
      },
      "MultiheadAttention: attn_mask has shape [2, 3]"));
  EXPECT_TRUE(fails_with<ShapeError>(
      [&] {
        module(x, x, x, {.key_padding_mask = zeros({2, 3}).to(kInt64)});
      },
      "MultiheadAttention: key_padding_mask is int64"));
}

TEST(LayerNormModule, NormalizesAndPrints) {
  nn::LayerNorm norm(4);
  const Tensor x = randn({3, 4});
  EXPECT_TRUE(same_bits(norm(x), layer_norm(x, {4}, ones({4}), zeros({4}))));
  EXPECT_EQ(to_string(norm), "LayerNorm([4], eps=1e-05, elementwise_affine=True)");
  EXPECT_TRUE(nn::LayerNorm({2, 4}, {.elementwise_affine = false}).parameters().empty());
  EXPECT_THROW(nn::LayerNorm(Shape{}), ValueError);
  EXPECT_THROW(nn::LayerNorm(0), ValueError);
}

TEST(EmbeddingModule, KeepsItsPaddingRowAtZero) {
  nn::Embedding embedding(5, 3, {.padding_idx = -5});
  EXPECT_EQ(embedding.weight[0].to_vector(), std::vector<double>(3, 0));
  sum(embedding(tensor({0, 2, 2}))).backward();
  EXPECT_EQ(embedding.weight.grad()[0].to_vector(), std::vector<double>(3, 0));
  EXPECT_EQ(embedding.weight.grad()[2].to_vector(), std::vector<double>(3, 2));
  EXPECT_EQ(to_string(embedding), "Embedding(5, 3, padding_idx=0)");
  EXPECT_THROW(nn::Embedding(0, 3), ValueError);
  EXPECT_THROW(nn::Embedding(5, 3, {.padding_idx = 5}), IndexError);
}

}  // namespace
}  // namespace tarn
