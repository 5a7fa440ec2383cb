#include <filesystem>
#include <fstream>
#include <iterator>
#include <stdexcept>

#include <gtest/gtest.h>

#include <tarn/tarn.h>

#include "../data/temp_folder.h"
#include "../data/thrown_text.h"

namespace tarn::io {
namespace {

std::string contents(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

std::vector<double> flat(const nn::Module& model) {
  std::vector<double> values;
  for (const Tensor& p : model.parameters())
    for (const double value : p.to_vector()) values.push_back(value);
  return values;
}

// A model that has been trained for a step, so that there is state of every kind.
struct Training {
  explicit Training(std::uint64_t seed = 0, double momentum = 0.9)
      : fc(made(seed)), sgd(fc.parameters(), {.lr = 0.1, .momentum = momentum}) {
    step();
    schedule.step();
  }
  static nn::Linear made(std::uint64_t seed) {
    manual_seed(seed);
    return nn::Linear(3, 2);
  }
  void step() {
    sgd.zero_grad();
    fc(rand({4, 3})).square().sum().backward();
    sgd.step();
  }
  Parts parts() { return {{"model", fc}, {"optimizer", sgd}, {"schedule", schedule}}; }

  nn::Linear fc;
  optim::SGD sgd;
  optim::StepLR schedule{sgd, {.step_size = 1, .gamma = 0.5}};
};

// Refuses what it is given.
struct Stubborn {
  StateDict state_dict() const { return {}; }
  void load_state_dict(const StateDict&) { throw std::runtime_error("never"); }
};

class Checkpoint : public ::testing::Test {
 protected:
  void write(const std::string& bytes) { folder_.write("x", Bytes(bytes.begin(), bytes.end())); }
  TempFolder folder_;
  std::string path_ = folder_ / "x";
};

TEST_F(Checkpoint, GivesBackEveryPartAndWhatTheUserSaidOfIt) {
  Training run;
  const std::string json = "{\"lr\": 0.1, \"note\": \"Größe\\n\"}";
  save_checkpoint(path_, run.parts(),
                  {.step = 42, .metric = 0.1 + 0.2, .metadata = {{"config", json}, {"", ""}}});
  const auto weights = flat(run.fc);
  run.step();
  const auto later = flat(run.fc);

  Training other(5);
  manual_seed(99);
  const CheckpointInfo info = load_checkpoint(path_, other.parts());
  EXPECT_EQ(info.step, 42);
  EXPECT_EQ(info.metric, 0.1 + 0.2);
  EXPECT_EQ(info.metadata, (std::map<std::string, std::string>{{"config", json}, {"", ""}}));
  EXPECT_EQ(flat(other.fc), weights);
  EXPECT_EQ(other.sgd.lr(), 0.05);
  EXPECT_EQ(other.schedule.last_epoch(), 1);
  other.step();  // the momentum and the default generator's next numbers are the same
  EXPECT_EQ(flat(other.fc), later);
  EXPECT_EQ(read_checkpoint_info(path_).step, 42);
}

TEST_F(Checkpoint, IsASafetensorsFileOfWhichAPartCanBeLoadedAlone) {
  Training run;
  save_checkpoint(path_, run.parts());
  nn::Linear fc(3, 2);
  fc.load_state_dict(read_safetensors(path_).tensors.sub("model."));
  EXPECT_EQ(flat(fc), flat(run.fc));
}

TEST_F(Checkpoint, HasTheSameBytesForTheSameState) {
  Training a;
  save_checkpoint(path_, a.parts(), {.step = 1});
  Training b;
  save_checkpoint(folder_ / "y", b.parts(), {.step = 1});
  EXPECT_EQ(contents(path_), contents(folder_ / "y"));
  // Also after a load, whatever the order in which states came to be.
  load_checkpoint(path_, a.parts());
  save_checkpoint(folder_ / "z", a.parts(), {.step = 1});
  EXPECT_EQ(contents(path_), contents(folder_ / "z"));
}

TEST_F(Checkpoint, NoticesAnyByteThatIsAnother) {
  Training run;
  save_checkpoint(path_, run.parts(), {.step = 3});
  const std::string good = contents(path_);
  const auto weights = flat(run.fc);
  for (std::size_t i = 0; i < good.size(); ++i) {
    std::string bad = good;
    bad[i] = static_cast<char>(bad[i] ^ 1 << i % 8);
    write(bad);
    thrown_text<FormatError>([&] { load_checkpoint(path_, run.parts()); });
  }
  EXPECT_EQ(flat(run.fc), weights);
  write(good);
  EXPECT_EQ(load_checkpoint(path_, run.parts()).step, 3);
}

TEST_F(Checkpoint, NoticesAnyCut) {
  Training run;
  save_checkpoint(path_, run.parts());
  const std::string good = contents(path_);
  for (std::size_t size = 0; size < good.size(); ++size) {
    write(good.substr(0, size));
    thrown_text<FormatError>([&] { load_checkpoint(path_, run.parts()); });
  }
  write(good + '\0');
  thrown_text<FormatError>([&] { load_checkpoint(path_, run.parts()); });
}

TEST_F(Checkpoint, NamesTheTensorThatIsDamaged) {
  Training run;
  save_checkpoint(path_, run.parts());
  std::string bad = contents(path_);
  bad.back() = static_cast<char>(bad.back() ^ 1);
  write(bad);
  EXPECT_TRUE(contains(thrown_text<FormatError>([&] { load_checkpoint(path_, run.parts()); }),
                       "the checksum of \"schedule.class\" is "));
}

TEST_F(Checkpoint, LeavesAllPartsAsTheyWereWhenOneDoesNotFit) {
  Training saved;
  save_checkpoint(path_, saved.parts());

  // The model and the optimizer fit, the schedule does not.
  Training run(5, 0.5);
  optim::StepLR other(run.sgd, {.step_size = 7, .gamma = 0.5});
  run.sgd.set_lr(0.0123);
  const Parts parts = {{"model", run.fc}, {"optimizer", run.sgd}, {"schedule", other}};
  manual_seed(17);
  save_checkpoint(folder_ / "before", parts);
  const std::string text = thrown_text<ValueError>([&] { load_checkpoint(path_, parts); });
  EXPECT_TRUE(
      contains(text, "x: part \"schedule\": StepLR: load_state_dict: lr(1, 0.1) is 0.1 but"));
  EXPECT_TRUE(contains(text, "; nothing was loaded"));
  EXPECT_EQ(run.sgd.lr(), 0.0123);
  save_checkpoint(folder_ / "after", parts);
  EXPECT_EQ(contents(folder_ / "before"), contents(folder_ / "after"));
}

TEST_F(Checkpoint, LeavesAllPartsAsTheyWereWhenAPartOfOnesOwnThrows) {
  Training saved;
  Stubborn stubborn;
  save_checkpoint(path_, {{"model", saved.fc}, {"mine", stubborn}});
  Training run(5);
  const auto weights = flat(run.fc);
  EXPECT_EQ(thrown_text<std::runtime_error>([&] {
              load_checkpoint(path_, {{"model", run.fc}, {"mine", stubborn}});
            }),
            "never");
  EXPECT_EQ(flat(run.fc), weights);
}

TEST_F(Checkpoint, RefusesOtherPartsThanWereSaved) {
  Training run;
  save_checkpoint(path_, run.parts());
  EXPECT_TRUE(contains(
      thrown_text<ValueError>([&] {
        load_checkpoint(path_, {{"model", run.fc}});
      }),
      "has the parts model,optimizer,schedule,generator, loading model,generator: expected the "
      "same"));
  nn::Linear fc(4, 2);
  EXPECT_TRUE(contains(
      thrown_text<ValueError>([&] {
        load_checkpoint(path_, {{"model", fc}, {"optimizer", run.sgd}, {"schedule", run.schedule}});
      }),
      "weight: file [2, 3], model [2, 4]"));
}

TEST_F(Checkpoint, RefusesAnotherOptimizer) {
  Training run;
  save_checkpoint(path_, {{"optimizer", run.sgd}});
  optim::Adam adam(run.fc.parameters());
  EXPECT_TRUE(contains(thrown_text<ValueError>([&] {
                         load_checkpoint(path_, {{"optimizer", adam}});
                       }),
                       "checkpoint was written by SGD (1 group), loading into Adam (1 group)"));
}

TEST_F(Checkpoint, IsNotJustAnySafetensorsFile) {
  Training run;
  write_safetensors(path_, run.fc.state_dict());
  EXPECT_TRUE(contains(thrown_text<FormatError>([&] {
                         load_checkpoint(path_, {{"model", run.fc}});
                       }),
                       "has no \"checksums\" of its 2 tensors: not a checkpoint, or damaged; "
                       "weights alone are read by read_safetensors()"));
  EXPECT_TRUE(contains(thrown_text<FormatError>([&] { read_checkpoint_info(path_); }),
                       "__metadata__[\"tarn.checkpoint\"] is \"\": expected a number"));
}

TEST_F(Checkpoint, OfANewerVersionIsNotRead) {
  Training run;
  write_safetensors(path_, {}, {{"tarn.checkpoint", "2"}, {"tarn.step", "1"}});
  EXPECT_TRUE(contains(thrown_text<ValueError>([&] { read_checkpoint_info(path_); }),
                       "format 2: this build reads format 1"));
}

TEST_F(Checkpoint, RefusesNamesThatAFileCannotTellApart) {
  nn::Linear fc(3, 2);
  const auto text = [&](const Parts& parts) {
    return thrown_text<ValueError>([&] { save_checkpoint(path_, parts); });
  };
  for (const char* name : {"", "a.b", "a,b", "generator"})
    EXPECT_TRUE(contains(text({{name, fc}}), "expected a name without dot")) << name;
  EXPECT_TRUE(contains(text({{"a", fc}, {"a", fc}}), "comes once"));
  EXPECT_TRUE(contains(thrown_text<ValueError>([&] { save_checkpoint(path_, {}, {.step = -1}); }),
                       "step = -1: expected >= 0"));
  EXPECT_TRUE(contains(thrown_text<ValueError>([&] {
                         save_checkpoint(path_, {}, {.metadata = {{"tarn.x", ""}}});
                       }),
                       "metadata \"tarn.x\""));
  EXPECT_FALSE(std::filesystem::exists(path_));
}

TEST_F(Checkpoint, KeepsAGeneratorOfTheUsersToo) {
  Generator mine(3, 8);
  save_checkpoint(path_, {{"mine", mine}});
  Generator other(1);
  load_checkpoint(path_, {{"mine", other}});
  EXPECT_EQ(other.seed(), 3U);
  EXPECT_EQ(other.stream(), 8U);
}

}  // namespace
}  // namespace tarn::io
