#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include <tarn/io/detail/curve.h>
#include <tarn/io/detail/mistake.h>
#include <tarn/io/metrics.h>
#include <tarn/tensor/tensor.h>

namespace tarn::io {

/// What a TrainingReport is called and how much it shows.
struct TrainingReportOptions {
  std::string title = "Training report";
  std::vector<std::string> classes{};  ///< their names; by default their numbers
  std::int64_t max_mistakes = 32;      ///< shown, >= 0
};

/// A training run on one HTML page: curves of what was logged, the confusion matrix, the worst
/// mistakes. Three lines in any loop:
///
///   io::TrainingReport report("report.html");
///   for (auto& [x, y] : loader) { ...; report.log({{"loss/train", loss.item()}, {"lr",
///   sgd.lr()}}); } for (auto& [x, y] : test_loader) report.add_predictions(x, model(x), y);
///
/// Usual names are "loss/train", "loss/validation", "accuracy/validation", "gradient norm", "noise
/// scale", "lr". The page needs nothing but itself: no script, no network.
class TrainingReport {
 public:
  /// Throws IoError when no file can be written at `path`; one that is there stays until write().
  /// Throws ValueError for options out of range.
  explicit TrainingReport(std::string path, TrainingReportOptions options = {});
  /// Writes; what goes wrong is logged as an error.
  ~TrainingReport();
  TrainingReport(const TrainingReport&) = delete;
  TrainingReport& operator=(const TrainingReport&) = delete;

  /// Adds a value to each of these curves. Names with the same text before a slash share a picture,
  /// as "loss/train" and "loss/validation" do. "step" is the place of the others on the axis;
  /// without it, one more than that of the log() before. Of a long run, each point is the mean of
  /// as many values as keep a curve below 1,000 points. Values that are not finite are gaps, and
  /// counted. Throws ValueError for a value that is text, for a name that comes twice and for a
  /// step that is not finite; nothing has been added then.
  void log(const Metrics& metrics);

  /// Predictions for examples that were not trained on.
  ///
  /// input   [N, H, W], [N, 1, H, W] or [N, 3, H, W], of any dtype: images, which are drawn from
  ///         their darkest to their brightest value; anything else [N, ...] is not drawn
  /// logits  [N, C] floating point
  /// target  [N] int64 in 0..C-1; -100 is left out, as by cross_entropy()
  ///
  /// The batches of one evaluation follow one another: the first predictions after a log() replace
  /// those from before it. Throws ShapeError, DTypeError and ValueError; nothing has changed then.
  void add_predictions(const Tensor& input, const Tensor& logits, const Tensor& target);

  /// Writes the page as of now, whole or not at all. Throws IoError.
  void write() const;

 private:
  std::string html() const;
  std::string curves_html() const;
  std::string class_name(std::int64_t index) const;
  std::string predictions_html() const;

  struct ClassCount {
    std::int64_t total = 0;
    std::int64_t right = 0;
  };
  std::string matrix_html(const std::vector<ClassCount>& classes) const;
  std::string frequent_html() const;
  std::string worst_classes_html(const std::vector<ClassCount>& classes) const;
  std::string mistakes_html() const;

  std::string path_;
  TrainingReportOptions options_;
  std::vector<std::pair<std::string, detail::Curve>> curves_{};  // in order of appearance
  double step_ = 0;
  bool logged_since_predictions_ = false;
  std::int64_t num_classes_ = 0;
  std::int64_t num_examples_ = 0;
  std::map<std::pair<std::int64_t, std::int64_t>, std::int64_t>
      confusion_{};                          // (target, predicted)
  std::vector<detail::Mistake> mistakes_{};  // the worst first
};

}  // namespace tarn::io
