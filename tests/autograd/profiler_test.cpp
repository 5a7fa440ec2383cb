#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <memory>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include <tarn/autograd/grad_mode.h>
#include <tarn/autograd/ops.h>
#include <tarn/autograd/profiler.h>
#include <tarn/data/dataloader.h>
#include <tarn/data/tensor_dataset.h>
#include <tarn/nn/nn.h>
#include <tarn/optim/sgd.h>
#include <tarn/tensor/error.h>
#include <tarn/tensor/factories.h>

#include "../tensor/expect_error.h"

namespace tarn {
namespace {

using testing::fails_with;

std::vector<std::string> names(const Profiler& profiler) {
  std::vector<std::string> result;
  for (const auto& event : profiler.events()) result.push_back(event.name);
  return result;
}

// The only event of a name.
const Profiler::Event& find(const Profiler& profiler, const std::string& name) {
  const auto& events = profiler.events();
  const auto is_it = [&](const Profiler::Event& event) { return event.name == name; };
  EXPECT_EQ(std::ranges::count_if(events, is_it), 1) << name;
  return *std::ranges::find_if(events, is_it);
}

TEST(Profiler, SeesOpsTheirGradientsAndThePlacesOfTheirCalls) {
  const Tensor a = ones({3, 4}, {.requires_grad = true});
  const Tensor b = ones({4, 5});
  Profiler profiler;
  const Tensor loss = sum(matmul(a, b));
  loss.backward();
  profiler.stop();
  EXPECT_EQ(names(profiler),
            (std::vector<std::string>{"matmul", "sum", "sum backward", "matmul backward"}));
  const Profiler::Event& product = find(profiler, "matmul");
  EXPECT_TRUE(product.is_op);
  EXPECT_EQ(product.shape, Shape({3, 5}));
  EXPECT_EQ(product.flops, 2.0 * 3 * 4 * 5);
  EXPECT_EQ(product.bytes, 4.0 * (3 * 5 + 3 * 4)) << "b needs no gradient";
  EXPECT_NE(product.place.find("profiler_test.cpp:"), std::string::npos) << product.place;
  EXPECT_EQ(find(profiler, "matmul backward").flops, 2.0 * 3 * 4 * 5);
}

TEST(Profiler, SeesModulesOptimizersLoadersAndTheProgramsOwnScopes) {
  data::TensorDataset dataset(ones({8, 3}), zeros({8}, {.dtype = kInt64}));
  data::DataLoader loader(dataset, {.batch_size = 4});
  nn::Sequential model(nn::Linear(3, 4), nn::ReLU());
  optim::SGD sgd(model.parameters(), {.lr = 0.1});
  Profiler profiler;
  for (auto& [x, y] : loader) {
    const RecordFunction scope("train \"step\"");
    cross_entropy(model(x), y).backward();
    sgd.step();
  }
  std::map<std::string, int> count;
  for (const std::string& name : names(profiler)) ++count[name];
  EXPECT_EQ(count["DataLoader"], 3) << "two batches, and that there are no more";
  EXPECT_EQ(count["train \"step\""], 2);
  EXPECT_EQ(count["Sequential"], 2);
  EXPECT_EQ(count["Linear"], 2);
  EXPECT_EQ(count["linear"], 2);
  EXPECT_EQ(count["linear backward"], 2);
  EXPECT_EQ(count["SGD::step"], 2);
}

TEST(Profiler, ScopesHoldTheTimeOfWhatLiesInThem) {
  const Tensor x = ones({64, 64}, {.requires_grad = true});
  Profiler profiler;
  {
    const RecordFunction outer("outer");
    exp(x);
    {
      const RecordFunction inner("inner");
      exp(x);
      exp(x);
    }
  }
  profiler.stop();
  const Profiler::Event& outer = find(profiler, "outer");
  const Profiler::Event& inner = find(profiler, "inner");
  EXPECT_GE(inner.start, outer.start);
  EXPECT_LE(inner.start + inner.duration, outer.start + outer.duration);
  double inside_inner = 0, all = 0;
  for (const auto& event : profiler.events()) {
    EXPECT_GE(event.self, -1e-9) << event.name;
    all += event.self;
    if (event.is_op && event.start >= inner.start) inside_inner += event.duration;
  }
  EXPECT_NEAR(inner.duration - inside_inner, inner.self, 1e-9);
  EXPECT_NEAR(all, outer.duration, 1e-9) << "each moment counts once";
}

TEST(Profiler, SeesOnlyItsOwnThreadAndTimeAndMayBeNested) {
  const Tensor x = ones({2}, {.requires_grad = true});
  exp(x);
  Profiler outer;
  std::thread([&] { exp(x); }).join();
  {
    Profiler inner;
    sin(x);
    EXPECT_EQ(names(inner), std::vector<std::string>{"sin"});
  }
  cos(x);
  outer.stop();
  outer.stop();
  exp(x);
  EXPECT_EQ(names(outer), std::vector<std::string>{"cos"});
}

TEST(Profiler, EndsWhatIsOpenWhenStopped) {
  Profiler profiler;
  {
    const RecordFunction scope("open");
    profiler.stop();
  }
  EXPECT_EQ(names(profiler), std::vector<std::string>{"open"});
  auto short_lived = std::make_unique<Profiler>();
  const RecordFunction survivor("survivor");
  short_lived.reset();
}

TEST(Profiler, EndsScopesThatAnExceptionLeaves) {
  nn::Linear fc(3, 2);
  Profiler profiler;
  EXPECT_THROW(fc(ones({1, 4})), ShapeError);
  EXPECT_EQ(names(profiler), std::vector<std::string>{"Linear"});
}

TEST(ProfilerTable, AddsUpByNameAndShape) {
  const Tensor x = ones({2}, {.requires_grad = true});
  const Tensor y = ones({3}, {.requires_grad = true});
  Profiler profiler;
  for (int i = 0; i < 3; ++i) exp(x);
  exp(y);
  profiler.stop();
  const std::string table = profiler.table();
  std::istringstream lines(table);
  std::map<std::string, int> calls;
  std::string line;
  while (std::getline(lines, line)) {
    std::istringstream words(line);
    std::string name, shape;
    int count = 0;
    if (words >> name >> shape >> count) calls[name + shape] = count;
  }
  EXPECT_EQ(calls["exp[2]"], 3) << table;
  EXPECT_EQ(calls["exp[3]"], 1) << table;
  EXPECT_EQ(table.find("\npeak"), std::string::npos) << "no products: nothing to compare with";
  const std::string one = profiler.table(1);
  EXPECT_NE(one.find("1 more"), std::string::npos) << one;
  EXPECT_TRUE(fails_with<ValueError>([&] { profiler.table(0); }, "Profiler::table: rows = 0"));
}

TEST(ProfilerTable, ComparesProductsWithThePeak) {
  const Tensor x = ones({64, 64}, {.requires_grad = true});
  Profiler profiler;
  matmul(x, x);
  const std::size_t before = profiler.events().size();
  const std::string table = profiler.table();
  EXPECT_NE(table.find("\npeak: "), std::string::npos) << table;
  EXPECT_EQ(profiler.events().size(), before) << "the measurement is not part of the profile";
}

TEST(ProfilerTrace, HasAnEntryForEachEvent) {
  const std::string path =
      (std::filesystem::temp_directory_path() / "tarn_profiler_test.json").string();
  const Tensor x = ones({2}, {.requires_grad = true});
  Profiler profiler;
  {
    const RecordFunction scope("a \"b\" \\ \n");
    exp(x);
  }
  profiler.export_chrome_trace(path);
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  std::filesystem::remove(path);
  const std::string trace = text.str();
  EXPECT_TRUE(trace.starts_with("{\"traceEvents\":[\n{\"ph\":\"X\"")) << trace;
  EXPECT_TRUE(trace.ends_with("}}\n]}\n")) << trace;
  EXPECT_NE(trace.find(R"("name":"a \"b\" \\ \n","cat":"scope")"), std::string::npos) << trace;
  EXPECT_NE(trace.find(R"("name":"exp","cat":"op")"), std::string::npos) << trace;
  EXPECT_NE(trace.find(R"("shape":"[2]","bytes":16,"flops":0)"), std::string::npos) << trace;
  EXPECT_TRUE(fails_with<IoError>([&] { profiler.export_chrome_trace("/nonexistent/trace.json"); },
                                  "Profiler: /nonexistent/trace.json"));
}

}  // namespace
}  // namespace tarn
