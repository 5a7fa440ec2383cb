#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <numeric>
#include <set>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include <tarn/tensor/error.h>
#include <tarn/tensor/random.h>
#include <tarn/tensor/str.h>

#include "closeness.h"
#include "expect_error.h"

namespace tarn::testing {
namespace {

using Values = std::vector<double>;

void expect_words(const RandomBlock& block, std::uint32_t a, std::uint32_t b, std::uint32_t c,
                  std::uint32_t d) {
  EXPECT_EQ(block.word[0], a);
  EXPECT_EQ(block.word[1], b);
  EXPECT_EQ(block.word[2], c);
  EXPECT_EQ(block.word[3], d);
}

TEST(Philox, GivesThePublishedKnownAnswers) {
  // Random123 1.14, tests/kat_vectors: philox4x32 with 10 rounds. The counter is (index, stream),
  // the key the seed.
  constexpr std::uint64_t all = ~std::uint64_t{0};
  expect_words(random_block(0, 0, 0), 0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8);
  expect_words(random_block(all, all, all), 0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd);
  expect_words(random_block(0x299f31d0a4093822, 0x0370734413198a2e, 0x85a308d3243f6a88), 0xd16cfe09,
               0x94fdcceb, 0x5001e420, 0x24126ea1);
}

// The golden values below were computed by an independent program; they may never change: seeds in
// papers and saved runs depend on them.

TEST(Rand, GoldenValues) {
  Generator generator(42);
  const Tensor x = rand({6}, generator);
  const std::vector<float> expected = {10283760, 7861577, 1228624, 5718707, 16571169, 5487212};
  for (std::size_t i = 0; i < 6; ++i) EXPECT_EQ(x.to_vector<float>()[i], expected[i] * 0x1p-24F);
  Generator again(42);
  const Tensor y = rand({3}, again, {.dtype = kFloat64});
  const std::vector<std::int64_t> bits = {5521051785035433, 659612850907222, 8896578696410957};
  for (std::size_t i = 0; i < 3; ++i)
    EXPECT_EQ(y.to_vector()[i], static_cast<double>(bits[i]) * 0x1p-53);
}

TEST(Randn, GoldenValues) {
  Generator generator(42);
  const Tensor x = randn({4}, generator, {.dtype = kFloat64});
  EXPECT_TRUE(is_close(
      x,
      from_vector<double>(
          {1.234541820550271, 0.6118499355304586, -2.9550533475152116, -0.25885655713170497}, {4}),
      {.rtol = 1e-14}));
}

TEST(Randint, GoldenValues) {
  Generator generator(42);
  EXPECT_EQ(randint(0, 100, {10}, generator).to_vector(),
            (Values{61, 98, 82, 72, 32, 31, 22, 35, 54, 26}));
}

TEST(Randperm, GoldenValues) {
  Generator generator(42);
  EXPECT_EQ(randperm(10, generator).to_vector(), (Values{0, 8, 3, 7, 5, 6, 1, 9, 4, 2}));
}

TEST(ForkSeed, GoldenValues) {
  EXPECT_EQ(fork_seed(0, 5), 0x4226dadc86ee138aU);
  EXPECT_EQ(fork_seed(7, 0), 0x370a73d1fafe014eU);
  std::set<std::uint64_t> seeds;
  for (std::uint64_t seed = 0; seed < 30; ++seed) {
    for (std::uint64_t value = 0; value < 30; ++value) seeds.insert(fork_seed(seed, value));
  }
  EXPECT_EQ(seeds.size(), 900U);
}

// ---- the generator

TEST(Generator, EachOpTakesAStream) {
  Generator generator(1);
  const Tensor a = rand({10}, generator);
  EXPECT_EQ(generator.stream(), 1U);
  const Tensor b = rand({10}, generator);
  EXPECT_EQ(generator.stream(), 2U);
  EXPECT_NE(a.to_vector(), b.to_vector());
}

TEST(Generator, StateIsTwoIntegers) {
  Generator generator(1);
  (void)rand({10}, generator);
  Generator other;
  other.set_state(generator.seed(), generator.stream());
  EXPECT_TRUE(same_bits(randn({7}, generator), randn({7}, other)));
  generator.manual_seed(1);
  EXPECT_EQ(generator.stream(), 0U);
}

TEST(Generator, GoesOnFromItsState) {
  Generator generator(~std::uint64_t{0}, std::uint64_t{1} << 63);  // more than int64 counts to
  (void)rand({10}, generator);
  Generator other(4);
  other.load_state_dict(generator.state_dict());
  EXPECT_EQ(other.seed(), ~std::uint64_t{0});
  EXPECT_EQ(other.stream(), (std::uint64_t{1} << 63) + 1);
  EXPECT_TRUE(same_bits(randn({7}, generator), randn({7}, other)));
}

TEST(Generator, StaysAsItWasWhenAStateIsNone) {
  const StateDict good = Generator(5, 6).state_dict();
  Generator generator(1, 2);
  for (const char* const name : {"seed", "stream"}) {
    StateDict missing;
    for (const auto& [key, value] : good) {
      if (key != name) missing.set(key, value);
    }
    EXPECT_TRUE(fails_with<IndexError>([&] { generator.load_state_dict(missing); }, "", {name}));
    for (const Tensor& other :
         {Tensor(), zeros({1}, {.dtype = kInt64}), zeros({}, {.dtype = kFloat64})}) {
      StateDict bad = good;
      bad.set(name, other);
      EXPECT_TRUE(fails_with<ValueError>([&] { generator.load_state_dict(bad); },
                                         str("Generator: load_state_dict: \"", name, "\" is "),
                                         {"expected int64 []"}));
    }
  }
  EXPECT_EQ(generator.seed(), 1U);
  EXPECT_EQ(generator.stream(), 2U);
}

TEST(Generator, APrefixOfALongerDrawIsTheShorterOne) {
  Generator a(3);
  Generator b(3);
  const Values longer = rand({1000}, a).to_vector();
  const Values shorter = rand({10}, b).to_vector();
  EXPECT_TRUE(std::equal(shorter.begin(), shorter.end(), longer.begin()));
}

TEST(Generator, ShapeDoesNotMatter) {
  Generator a(3);
  Generator b(3);
  EXPECT_EQ(randn({6, 4}, a).to_vector(), randn({24}, b).to_vector());
}

TEST(Generator, GuardsNestAndBelongToTheirThread) {
  Generator outer(1);
  Generator inner(2);
  const GeneratorGuard first(outer);
  {
    const GeneratorGuard second(inner);
    EXPECT_EQ(&default_generator(), &inner);
    Generator* elsewhere = nullptr;
    std::thread([&] { elsewhere = &default_generator(); }).join();
    EXPECT_NE(elsewhere, &inner);
    EXPECT_NE(elsewhere, &outer);
  }
  EXPECT_EQ(&default_generator(), &outer);
}

TEST(Generator, ManualSeedMakesTheDefaultOneRepeatable) {
  Generator own;
  const GeneratorGuard guard(own);
  manual_seed(5);
  const Tensor a = rand({4});
  manual_seed(5);
  EXPECT_TRUE(same_bits(rand({4}), a));
  manual_seed(6);
  EXPECT_NE(rand({4}).to_vector(), a.to_vector());
}

}  // namespace
}  // namespace tarn::testing
