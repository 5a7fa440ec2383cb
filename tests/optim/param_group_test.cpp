#include <cmath>
#include <limits>

#include <gtest/gtest.h>

#include <tarn/optim/param_group.h>
#include <tarn/tensor/error.h>

#include "../tensor/expect_error.h"
#include "leaves.h"

namespace tarn::optim {
namespace {

using testing::fails_with;
using testing::leaf;

TEST(ParamGroup, InheritsItsLearningRateUnlessOneIsGiven) {
  EXPECT_TRUE(is_inherited(ParamGroup{}.lr));
  EXPECT_FALSE(is_inherited(ParamGroup{.lr = 0.1}.lr));
}

TEST(ParamGroup, DoesNotMistakeAComputedNanForTheInheritedLearningRate) {
  EXPECT_TRUE(std::isnan(kInherit));
  EXPECT_FALSE(is_inherited(std::numeric_limits<double>::quiet_NaN()));
  EXPECT_FALSE(is_inherited(std::sqrt(-1.0)));
}

TEST(ParamGroup, ReadsAndSetsOptionsByName) {
  ParamGroup group{.options = {{"momentum", 0.9}, {"nesterov", 1}}};
  group.option("momentum") = 0.5;
  EXPECT_EQ(group.option("momentum"), 0.5);
  EXPECT_EQ(group.option("nesterov"), 1);
}

TEST(ParamGroup, ListsTheOptionsThereAreWhenAskedForAnother) {
  ParamGroup group{.options = {{"momentum", 0.9}, {"nesterov", 1}}};
  const ParamGroup& constant = group;
  EXPECT_TRUE(fails_with<ValueError>([&] { group.option("momentun") = 1; },
                                     "param group: there is no option \"momentun\"",
                                     {"expected one of momentum, nesterov"}));
  EXPECT_TRUE(fails_with<ValueError>([&] { EXPECT_EQ(constant.option("lr"), 0); },
                                     "param group: there is no option \"lr\""));
}

TEST(ParamGroup, PrintsItsSizeAndNumbers) {
  const ParamGroup group{
      .params = {leaf({1}), leaf({2})}, .lr = 0.1, .options = {{"momentum", 0.9}, {"nesterov", 0}}};
  EXPECT_EQ(to_string(group), "2 parameters, lr = 0.1, momentum = 0.9, nesterov = 0");
}

}  // namespace
}  // namespace tarn::optim
