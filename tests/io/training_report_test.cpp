#include <cmath>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <limits>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include <tarn/io/detail/png_bytes.h>
#include <tarn/io/html_page.h>
#include <tarn/io/image.h>
#include <tarn/io/plot.h>
#include <tarn/io/training_report.h>
#include <tarn/tensor/error.h>
#include <tarn/tensor/factories.h>
#include <tarn/tensor/log.h>

#include "../data/temp_folder.h"

namespace tarn::io {
namespace {

std::string read(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

std::size_t count(const std::string& text, const std::string& part) {
  std::size_t found = 0;
  for (std::size_t at = 0; (at = text.find(part, at)) != std::string::npos; at += part.size())
    ++found;
  return found;
}

class AReport : public ::testing::Test {
 protected:
  std::string page() const { return read(path_); }
  TempFolder temp_;
  std::string path_ = temp_ / "report.html";
};

TEST_F(AReport, HasCurvesMatrixAndMistakesAndNeedsNothingElse) {
  {
    TrainingReport report(path_, {.title = "A & B", .classes = {"cat", "dog<"}});
    for (int step = 0; step < 5; ++step) {
      report.log({{"loss/train", 1.0 / (step + 1)}, {"lr", 0.1}, {"gradient norm", 2.0}});
    }
    report.log({{"step", 5}, {"loss/validation", 0.5}});
    // Losses: 0.127, 2.127 (wrong), 3.049 (wrong).
    report.add_predictions(arange(3 * 4).reshape({3, 2, 2}).to(kFloat32),
                           tensor({2., 0., 0., 2., 3., 0.}).reshape({3, 2}).to(kFloat32),
                           tensor({0, 0, 1}, {.dtype = kInt64}));
  }
  const std::string html = page();
  EXPECT_EQ(count(html, "<svg"), 3U) << "loss, lr, gradient norm";
  EXPECT_NE(html.find("<title>A &amp; B</title>"), std::string::npos);
  EXPECT_NE(html.find("1 of 3 are right: 33.33%"), std::string::npos);
  EXPECT_EQ(count(html, "<img"), 2U);
  const auto worst = html.find("dog&lt; as cat, example 2, loss 3.049");
  const auto second = html.find("cat as dog&lt;, example 1, loss 2.127");
  ASSERT_NE(worst, std::string::npos) << html;
  ASSERT_NE(second, std::string::npos);
  EXPECT_LT(worst, second) << "the worst comes first";
  EXPECT_EQ(count(html, "<script") + count(html, "https:") + count(html, "src=\"h"), 0U);
}

TEST_F(AReport, SaysThatNothingWasLogged) {
  { const TrainingReport report(path_); }
  EXPECT_NE(page().find("Nothing was logged."), std::string::npos);
}

TEST_F(AReport, OfOneStepAndWithoutValidationHasADot) {
  {
    TrainingReport report(path_);
    report.log({{"loss", 0.5}});
  }
  EXPECT_EQ(count(page(), "h0\""), 1U);
  EXPECT_EQ(count(page(), "Confusion"), 0U);
}

TEST_F(AReport, NamesValuesThatAreNotFinite) {
  {
    TrainingReport report(path_);
    const double nan = std::numeric_limits<double>::quiet_NaN();
    for (const double loss : std::vector<double>{1.0, nan, INFINITY, 2.0})
      report.log({{"loss", loss}});
  }
  EXPECT_NE(page().find("loss: 2 of 4 values are not finite, the first at step 2"),
            std::string::npos);
  EXPECT_EQ(count(page(), "NaN") + count(page(), "\"nan"), 0U);
}

TEST_F(AReport, OfAThousandClassesListsTheWorst) {
  {
    TrainingReport report(path_, {.max_mistakes = 3});
    const std::int64_t n = 50;
    const Tensor logits = zeros({n, 1000});
    for (std::int64_t i = 0; i < n; ++i) logits.select(0, i).select(0, 7).fill_(5);
    report.add_predictions(zeros({n, 4}), logits, arange(n));
  }
  EXPECT_LT(page().size(), 20'000U);
  EXPECT_NE(page().find("1 of 50 are right: 2.00%"), std::string::npos);
  EXPECT_EQ(count(page(), "<img"), 0U) << "[N, 4] is no image";
  EXPECT_EQ(count(page(), "<figure><p>example"), 3U);
}

TEST_F(AReport, OfALongRunStaysSmall) {
  {
    TrainingReport report(path_);
    for (int step = 0; step < 100'000; ++step) report.log({{"loss", 1.0 + step % 2}});
  }
  EXPECT_LT(page().size(), 40'000U);
  EXPECT_NE(page().find("each point is the mean of 128 values"), std::string::npos);
}

TEST_F(AReport, PredictionsAfterALogReplaceThoseBefore) {
  {
    TrainingReport report(path_);
    const Tensor logits = tensor({1., 0.}).reshape({1, 2}).to(kFloat32);
    const Tensor right = tensor({0}, {.dtype = kInt64});
    report.log({{"loss", 1}});
    report.add_predictions(zeros({1, 1}), logits, tensor({1}, {.dtype = kInt64}));
    report.log({{"loss", 1}});
    report.add_predictions(zeros({1, 1}), logits, right);
    report.add_predictions(zeros({1, 1}), logits, right);
    report.add_predictions(zeros({1, 1}), logits, tensor({-100}, {.dtype = kInt64}));
  }
  EXPECT_NE(page().find("2 of 2 are right"), std::string::npos);
}

TEST_F(AReport, RefusesWhatItCannotShowAndStaysAsItWas) {
  TrainingReport report(path_);
  const Tensor target = tensor({2}, {.dtype = kInt64});
  EXPECT_THROW(report.log({{"a", 1}, {"b", "text"}}), ValueError);
  EXPECT_THROW(report.log({{"a", 1}, {"a", 2}}), ValueError);
  EXPECT_THROW(report.log({{"a", 1}, {"step", INFINITY}}), ValueError);
  EXPECT_THROW(report.add_predictions(zeros({1, 1}), zeros({1, 2}), target), ValueError);
  EXPECT_THROW(report.add_predictions(zeros({2, 1}), zeros({1, 3}), target), ShapeError);
  EXPECT_THROW(report.add_predictions(zeros({1, 1}), zeros({3}), target), ShapeError);
  EXPECT_THROW(report.add_predictions(zeros({1, 1}), zeros({1, 3}), zeros({1})), DTypeError);
  report.write();
  EXPECT_NE(page().find("Nothing was logged."), std::string::npos);
}

TEST_F(AReport, FindsOutAtOnceThatItCannotBeWritten) {
  EXPECT_THROW(TrainingReport(temp_ / "missing/report.html"), IoError);
  EXPECT_THROW(TrainingReport(temp_ / "."), IoError);
  EXPECT_THROW(TrainingReport(path_, {.max_mistakes = -1}), ValueError);
  EXPECT_FALSE(std::filesystem::exists(path_));
}

TEST_F(AReport, ThatCannotBeWrittenInTheEndIsAnErrorInTheLog) {
  static std::vector<std::string> said;
  said.clear();
  const LogHandler previous = set_log_handler([](LogLevel level, const std::string& text) {
    if (level == LogLevel::error) said.push_back(text);
  });
  std::filesystem::create_directory(temp_ / "gone");
  {
    const TrainingReport report(temp_ / "gone/report.html");
    std::filesystem::remove_all(temp_ / "gone");
  }
  set_log_handler(previous);
  ASSERT_EQ(said.size(), 1U);
  EXPECT_NE(said[0].find("gone/report.html"), std::string::npos) << said[0];
}

TEST(PngBytes, AreReadBack) {
  TempFolder temp;
  const std::vector<std::uint8_t> pixels = {0, 50, 100, 150, 200, 250, 1, 2, 3, 4, 5, 6};
  std::ofstream(temp / "a.png", std::ios::binary) << detail::png_bytes(pixels, 2, 2, 3);
  const Tensor image = read_image(temp / "a.png");  // [3, 2, 2]
  EXPECT_EQ(image.select(0, 1).to_vector<std::uint8_t>(),
            (std::vector<std::uint8_t>{50, 200, 2, 5}));
  EXPECT_EQ(detail::base64("Man"), "TWFu");
  EXPECT_EQ(detail::base64("Ma"), "TWE=");
  EXPECT_EQ(detail::base64("M"), "TQ==");
  EXPECT_EQ(detail::base64(""), "");
}

TEST(HtmlEscape, LeavesTextAndReplacesWhatIsNone) {
  EXPECT_EQ(html_escape("a<b>&\"σ²"), "a&lt;b&gt;&amp;&quot;σ²");
  EXPECT_EQ(html_escape("\xFF\x01"), "\xEF\xBF\xBD\xEF\xBF\xBD");
  EXPECT_EQ(html_escape("\xE2\x82"), "\xEF\xBF\xBD\xEF\xBF\xBD") << "cut short";
}

TEST(APlot, LeavesOutWhatALogarithmDoesNotHave) {
  Plot plot(log_log("t", "x", "y"));
  plot.points("p", {1, 10, 100}, {1, 0, 10}, {2, 0, 1});
  const std::string svg = plot.svg();
  EXPECT_EQ(count(svg, "<circle"), 3U) << "two, and that of the legend";
  EXPECT_EQ(count(svg, "nan") + count(svg, "inf"), 0U) << svg;
  EXPECT_THROW(plot.line("l", {1, 2}, {1}), ValueError);
}

TEST(APlot, OfNothingOrOneValueHasAFrame) {
  for (const double value : {0.0, -3.0, 1e300, 1e-300}) {
    Plot plot({.title = "t"});
    plot.line("l", {1}, {value});
    EXPECT_EQ(count(plot.svg(), "nan") + count(plot.svg(), "inf"), 0U) << value << plot.svg();
  }
  EXPECT_NE(Plot({.title = "<"}).svg().find("&lt;"), std::string::npos);
}

}  // namespace
}  // namespace tarn::io
