#include <string>

#include <gtest/gtest.h>

#include <tarn/tensor/device.h>
#include <tarn/tensor/error.h>
#include <tarn/tensor/factories.h>

#include "expect_error.h"

namespace tarn {
namespace {

using testing::fails_with;

TEST(Device, ReadsAndWritesItsName) {
  EXPECT_TRUE(Device("cuda:1").is_cuda());
  EXPECT_EQ(Device("cuda:1").index(), 1);
  EXPECT_EQ(Device("cpu"), Device(DeviceType::cpu));
  EXPECT_NE(Device("cuda"), Device("cuda:0"));
  EXPECT_EQ(to_string(Device("cuda:1")), "cuda:1");
  EXPECT_EQ(to_string(Device(DeviceType::cpu)), "cpu");
  for (const char* const bad :
       {"", "gpu", "cuda:", "cuda:-1", "cuda:x", "cpu:1x", "cpu:99999999999"}) {
    EXPECT_TRUE(fails_with<ValueError>([&] { Device device{std::string(bad)}; },
                                       "Device(\"" + std::string(bad) + "\")", {"cuda:0"}));
  }
}

TEST(Device, OfATensorIsTheCpu) {
  const Tensor x = ones({2});
  EXPECT_TRUE(x.device().is_cpu());
  EXPECT_TRUE(x.to(x.device()).is_same(x));
  EXPECT_TRUE(x.cpu().is_same(x));
  EXPECT_EQ(x.to(DeviceType::cpu, kInt64).dtype(), kInt64);
  EXPECT_TRUE(fails_with<ValueError>([&] { x.to(Device("cuda:0")); }, "to(cuda:0): tensors lie",
                                     {"cuda::is_available()"}));
  EXPECT_THROW(Tensor().to(DeviceType::cpu), ValueError);
  EXPECT_FALSE(cuda::is_available());
}

}  // namespace
}  // namespace tarn
