#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include <gtest/gtest.h>

#include <tarn/autograd/ops.h>
#include <tarn/nn/nn.h>
#include <tarn/tensor/error.h>
#include <tarn/tensor/factories.h>
#include <tarn/tensor/random.h>

#include "../tensor/expect_error.h"

namespace tarn {
namespace {

using testing::fails_with;

TEST(DropoutModule, DropsOnlyWhileTraining) {
  manual_seed(0);
  nn::Dropout dropout(0.25);
  const Tensor x = ones({1000});
  const std::vector<double> values = dropout(x).to_vector();
  const auto dropped = std::ranges::count(values, 0.0);
  EXPECT_GT(dropped, 200);  // 250 expected, standard deviation 13.7
  EXPECT_LT(dropped, 300);
  const double kept = 1 / 0.75F;
  EXPECT_EQ(std::ranges::count_if(values, [&](double v) { return std::abs(v - kept) < 1e-6; }),
            1000 - dropped);
  dropout.eval();
  EXPECT_EQ(dropout(x).to_vector(), std::vector<double>(1000, 1));
}

TEST(DropoutModule, FollowsTheModeOfItsModel) {
  nn::Sequential model(nn::Dropout(1));
  EXPECT_EQ(model(ones({2})).to_vector(), (std::vector<double>{0, 0}));
  model.eval();
  EXPECT_EQ(model(ones({2})).to_vector(), (std::vector<double>{1, 1}));
}

TEST(DropoutModule, RepeatsItsMasksAfterSeeding) {
  nn::Dropout dropout;
  EXPECT_EQ(dropout.p, 0.5);
  manual_seed(7);
  const std::vector<double> first = dropout(ones({64})).to_vector();
  const std::vector<double> second = dropout(ones({64})).to_vector();
  manual_seed(7);
  EXPECT_EQ(dropout(ones({64})).to_vector(), first);
  EXPECT_NE(second, first);
}

TEST(Dropout2dModule, DropsWholeChannelsOnlyWhileTraining) {
  manual_seed(0);
  nn::Dropout2d dropout;
  EXPECT_EQ(to_string(dropout), "Dropout2d(p=0.5)");
  for (const double channel : sum(dropout(ones({8, 16, 2, 2})), {2, 3}).to_vector())
    EXPECT_TRUE(channel == 0 || channel == 8) << channel;
  dropout.eval();
  EXPECT_EQ(dropout(ones({1, 1, 1, 2})).to_vector(), (std::vector<double>{1, 1}));
  EXPECT_TRUE(fails_with<ValueError>([] { nn::Dropout2d{2}; }, "Dropout2d: p = 2: "));
}

TEST(DropoutModule, RefusesWhatIsNoProbability) {
  EXPECT_TRUE(fails_with<ValueError>([] { nn::Dropout{-0.1}; }, "Dropout: p = -0.1: "));
  EXPECT_TRUE(fails_with<ValueError>([] { nn::Dropout{1.5}; }, "Dropout: p = 1.5: "));
  constexpr double nan = std::numeric_limits<double>::quiet_NaN();
  EXPECT_TRUE(fails_with<ValueError>([] { nn::Dropout{nan}; }, "Dropout: p = nan"));
  EXPECT_NO_THROW(nn::Dropout{0});
}

}  // namespace
}  // namespace tarn
