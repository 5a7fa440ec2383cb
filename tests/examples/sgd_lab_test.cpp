#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <regex>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <unistd.h>

#include "program.h"

namespace {

class SgdLab : public testing::Test {
 protected:
  SgdLab() : folder_(testing::TempDir() + "sgd_lab_" + std::to_string(getpid())) {
    std::filesystem::create_directories(folder_);
  }
  ~SgdLab() override { std::filesystem::remove_all(folder_); }

  Outcome run(const std::vector<std::string>& flags, const RunOptions& options = {}) const {
    std::vector<std::string> arguments{"--quick", "--data", TARN_SOURCE_DIR "/data/mnist-sample"};
    arguments.insert(arguments.end(), flags.begin(), flags.end());
    return run_example("sgd_lab", arguments, folder_, options);
  }

  std::string read(const std::string& name) const {
    std::ostringstream text;
    text << std::ifstream(folder_ + "/results/" + name).rdbuf();
    return text.str();
  }

  std::string folder_;
};

std::vector<std::string> all_matches(const std::string& text, const std::string& pattern) {
  const std::regex regex(pattern);
  std::vector<std::string> found;
  for (std::sregex_iterator i(text.begin(), text.end(), regex), end; i != end; ++i) {
    found.push_back((*i)[1].str());
  }
  return found;
}

std::size_t count(const std::string& text, const std::string& part) {
  std::size_t n = 0;
  for (std::size_t at = 0; (at = text.find(part, at)) != std::string::npos; at += part.size()) ++n;
  return n;
}

/// That every element of the page is closed where it should be.
void expect_well_formed(const std::string& page) {
  std::vector<std::string> open;
  for (std::size_t at = 0; (at = page.find('<', at)) != std::string::npos; ++at) {
    const std::size_t end = page.find('>', at);
    ASSERT_NE(end, std::string::npos) << "an open tag at byte " << at;
    const bool closes = page[at + 1] == '/';
    const std::size_t begin = at + 1 + (closes ? 1 : 0);
    const std::string name = page.substr(begin, page.find_first_of(" \n>/", begin) - begin);
    if (name == "!DOCTYPE" || name == "meta" || name == "link" || page[end - 1] == '/') continue;
    if (!closes) {
      open.push_back(name);
      continue;
    }
    ASSERT_FALSE(open.empty()) << "</" << name << "> closes nothing";
    ASSERT_EQ(open.back(), name) << "at byte " << at;
    open.pop_back();
  }
  EXPECT_TRUE(open.empty()) << "<" << open.back() << "> is never closed";
}

TEST_F(SgdLab, WritesAPageWithEveryVerdictPictureAndNumber) {
  const std::vector<std::string> names{"two_well", "clipping", "momentum"};
  std::vector<std::string> flags;
  for (const std::string& name : names) flags.insert(flags.end(), {"--only", name});
  const Outcome outcome = run(flags);
  ASSERT_EQ(outcome.exit_code, 0) << outcome.out << outcome.err;

  const std::string page = read("index.html");
  expect_well_formed(page);
  for (const std::string& name : names) {
    EXPECT_EQ(count(page, "<section id=\"" + name + "\">"), 1U) << name;
    EXPECT_EQ(count(page, "href=\"#" + name + "\""), 1U) << name;
    EXPECT_EQ(count(page, "sgd_lab --fresh --only " + name + " --quick --seed 0"), 1U) << name;
  }
  EXPECT_EQ(count(page, "<div class=\"verdicts"), names.size());
  const auto summary = all_matches(page, ">([0-9]+) of \\1 claims hold<");
  ASSERT_EQ(summary.size(), 1U);
  EXPECT_EQ(all_matches(page, "(<tr><td>)[^\n]*<span class=\"good\">holds</span></td></tr>").size(),
            std::stoul(summary[0]));

  const std::size_t pictures = count(page, "<figure id=");
  EXPECT_EQ(pictures, 3U);
  EXPECT_EQ(count(page, "<svg"), pictures);
  std::vector<std::string> ids = all_matches(page, " id=['\"]([^'\"]+)['\"]");
  EXPECT_EQ(std::set<std::string>(ids.begin(), ids.end()).size(), ids.size())
      << "an id comes twice";
  const std::set<std::string> known(ids.begin(), ids.end());
  for (const std::string& target : all_matches(page, "href=['\"]#([^'\"]+)['\"]")) {
    EXPECT_TRUE(known.contains(target)) << "#" << target;
  }
  const auto files = all_matches(page, "href=\"([^\"#]+\\.csv)\"");
  EXPECT_GE(files.size(), 6U);
  for (const std::string& file : files) {
    const std::string csv = read(file);
    EXPECT_GE(count(csv, "\n"), 2U) << file << ":\n" << csv;
  }
}

TEST_F(SgdLab, NeedsNothingFromTheNetwork) {
  ASSERT_EQ(run({"--only", "momentum"}).exit_code, 0);
  std::string page = read("index.html");
  page = std::regex_replace(page, std::regex("xmlns(:xlink)?=\"[^\"]*\""), "");
  EXPECT_EQ(count(page, "http:"), 0U);
  EXPECT_EQ(count(page, "https:"), 0U);
  EXPECT_EQ(count(page, "<script"), 0U);
  EXPECT_EQ(count(page, "src="), 0U);
}

TEST_F(SgdLab, GoesOnWhereItWasInterrupted) {
  ASSERT_EQ(run({"--only", "momentum"}).exit_code, 0);
  const auto stamp = [&](const std::string& name) {
    return std::filesystem::last_write_time(folder_ + "/results/" + name + ".json");
  };
  const auto before = stamp("momentum");
  ASSERT_EQ(run({"--only", "momentum", "--only", "clipping"}).exit_code, 0);
  EXPECT_EQ(stamp("momentum"), before) << "was run again";
  EXPECT_EQ(count(read("index.html"), "<section"), 2U);

  std::ofstream(folder_ + "/results/momentum.json") << "{\"conditions\": \"cut sh";
  ASSERT_EQ(run({"--only", "momentum"}).exit_code, 0);
  EXPECT_EQ(count(read("index.html"), "<section"), 2U);
  const auto repaired = stamp("momentum");
  ASSERT_EQ(run({"--only", "momentum", "--seed", "1"}).exit_code, 0);
  EXPECT_NE(stamp("momentum"), repaired) << "another seed is another experiment";
  EXPECT_EQ(count(read("index.html"), "<section"), 1U);
}

TEST_F(SgdLab, GivesTheSameNumbersForTheSameSeed) {
  ASSERT_EQ(run({"--only", "unbiasedness"}).exit_code, 0);
  const std::string first = read("unbiasedness-plot-1.csv");
  ASSERT_EQ(run({"--only", "unbiasedness", "--fresh", "--threads", "2"}).exit_code, 0);
  EXPECT_EQ(read("unbiasedness-plot-1.csv"), first);
  ASSERT_EQ(run({"--only", "unbiasedness", "--seed", "1"}).exit_code, 0);
  EXPECT_NE(read("unbiasedness-plot-1.csv"), first);
}

TEST_F(SgdLab, RepeatsAnExperimentByTheCommandOnThePage) {
  ASSERT_EQ(run({"--only", "unbiasedness", "--seed", "3"}).exit_code, 0);
  const auto commands = all_matches(read("index.html"), "<code>([^<]*--only unbiasedness[^<]*)<");
  ASSERT_EQ(commands.size(), 1U);
  std::istringstream words(commands[0]);
  std::string program;
  words >> program;
  EXPECT_TRUE(std::filesystem::exists(program)) << program;
  std::vector<std::string> arguments{"--results", "again"};
  for (std::string word; words >> word;) arguments.push_back(word);
  ASSERT_EQ(run_example("sgd_lab", arguments, folder_).exit_code, 0) << commands[0];
  EXPECT_EQ(read("../again/unbiasedness-plot-1.csv"), read("unbiasedness-plot-1.csv"));
}

/// The digits of the sample, all of them labelled 0.
void write_digits_without_meaning(const std::string& folder) {
  std::filesystem::create_directories(folder);
  for (const auto& [name, size] : {std::pair("train", 2000), {"t10k", 500}}) {
    const std::string images = std::string("/") + name + "-images-idx3-ubyte.gz";
    std::filesystem::copy(TARN_SOURCE_DIR "/data/mnist-sample" + images, folder + images);
    std::ofstream labels(folder + "/" + name + "-labels-idx1-ubyte", std::ios::binary);
    const std::string header{
        0, 0, 8, 1, 0, 0, static_cast<char>(size / 256), static_cast<char>(size % 256)};
    labels << header << std::string(static_cast<std::size_t>(size), '\0');
  }
}

TEST_F(SgdLab, SaysWhichClaimsWereMissed) {
  write_digits_without_meaning(folder_ + "/digits");
  const Outcome outcome = run_example(
      "sgd_lab", {"--quick", "--only", "shuffling", "--data", folder_ + "/digits"}, folder_);
  EXPECT_EQ(outcome.exit_code, 1) << outcome.out << outcome.err;
  EXPECT_NE(outcome.out.find("MISSED\n       accuracy lost by not shuffling"), std::string::npos)
      << outcome.out;
  const std::string page = read("index.html");
  EXPECT_EQ(count(page, "<tr class=\"missed\"><td>accuracy lost by not shuffling"), 1U);
  EXPECT_EQ(all_matches(page, "class=\"bad\">([0-9]+ of [0-9]+ claims hold)<").size(), 1U);
}

TEST_F(SgdLab, SaysWhatIsWrong) {
  EXPECT_NE(run({"--only", "levitation"}).exit_code, 0);
  const Outcome missing =
      run_example("sgd_lab", {"--only", "batch_sizes", "--data", "/nowhere"}, folder_);
  EXPECT_EQ(missing.exit_code, 2);
  EXPECT_NE(missing.err.find("/nowhere"), std::string::npos) << missing.err;
}

const std::vector<std::string> kExperiments{
    "unbiasedness",  "variance",      "cost",           "trajectories", "two_well",
    "curvature",     "sharp_minima",  "convex_rate",    "averaging",    "nonconvex",
    "robbins_monro", "median_1951",   "convergence",    "batch_sizes",  "critical_batch_size",
    "one_step",      "growing_batch", "linear_scaling", "shuffling",    "accumulation",
    "clipping",      "mean_or_sum",   "momentum"};

TEST_F(SgdLab, ListsEveryExperiment) {
  const Outcome outcome = run({"--list"});
  EXPECT_EQ(all_matches(outcome.out, "([a-z0-9_]+) [^\n]*\n"), kExperiments) << outcome.out;
}

class SgdLabExperiment : public SgdLab, public testing::WithParamInterface<std::string> {};

TEST_P(SgdLabExperiment, FindsWhatTheoryClaims) {
  const Outcome outcome = run({"--only", GetParam()});
  EXPECT_EQ(outcome.exit_code, 0) << outcome.out << outcome.err;
}

INSTANTIATE_TEST_SUITE_P(All, SgdLabExperiment, testing::ValuesIn(kExperiments),
                         [](const auto& test) { return test.param; });

}  // namespace
