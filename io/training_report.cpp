#include <algorithm>
#include <cmath>
#include <exception>
#include <optional>
#include <set>

#include <tarn/io/detail/output_file.h>
#include <tarn/io/detail/png_bytes.h>
#include <tarn/io/detail/printable.h>
#include <tarn/io/html_page.h>
#include <tarn/io/plot.h>
#include <tarn/io/training_report.h>
#include <tarn/tensor/detail/number_text.h>
#include <tarn/tensor/error.h>
#include <tarn/tensor/log.h>
#include <tarn/tensor/str.h>

namespace tarn::io {
namespace {

constexpr const char* kTrainingReport = "TrainingReport";
constexpr std::int64_t kMaxMatrix = 20;  // classes for which the whole matrix is readable
constexpr std::size_t kMaxRows = 20;     // of a table of classes or pairs of them
constexpr std::int64_t kIgnored = -100;

constexpr const char* kReportStyle = R"(
.matrix th, .matrix td { padding: .2rem .45rem; text-align: right; border: 1px solid var(--line); }
.mistakes { display: grid; grid-template-columns: repeat(auto-fill, minmax(6.5rem, 1fr));
  gap: .8rem; }
.mistakes figure { margin: 0; } .mistakes img { width: 100%; image-rendering: pixelated;
  display: block; }
.mistakes p { margin: 0; padding: .4rem; background: var(--panel); text-align: center; }
)";

std::string percent(std::int64_t part, std::int64_t whole) {
  return number_text(100 * static_cast<double>(part) / static_cast<double>(whole), 2,
                     std::chars_format::fixed) +
         "%";
}

std::optional<double> as_number(const MetricValue& value) {
  if (const auto* number = std::get_if<double>(&value)) return *number;
  if (const auto* number = std::get_if<std::int64_t>(&value)) return static_cast<double>(*number);
  if (const auto* yes = std::get_if<bool>(&value)) return *yes ? 1 : 0;
  return {};
}

std::string cell(const std::string& text) { return "<td>" + html_escape(text) + "</td>"; }

std::string heading(const std::string& text) { return "<th>" + html_escape(text) + "</th>"; }

std::string table(const std::vector<std::string>& titles, const std::string& rows) {
  std::string out = "<div class=\"scroll\"><table>\n<thead><tr>";
  for (const std::string& title : titles) out += heading(title);
  return out + "</tr></thead>\n<tbody>\n" + rows + "</tbody></table></div>\n";
}

std::string group_of(const std::string& name) { return name.substr(0, name.find('/')); }

std::string label_in_group(const std::string& name) {
  const std::size_t slash = name.find('/');
  return slash == std::string::npos ? name : name.substr(slash + 1);
}

using Curves = std::vector<std::pair<std::string, detail::Curve>>;

// Several decades, and nothing at or below 0.
bool wants_log(const Curves& curves, const std::string& group) {
  double low = INFINITY;
  double high = 0;
  for (const auto& [name, curve] : curves) {
    if (group_of(name) != group) continue;
    low = std::fmin(low, curve.smallest());
    high = std::fmax(high, curve.largest());
  }
  return low > 0 && high / low > 100;
}

std::string notes(const std::string& name, const detail::Curve& curve) {
  std::string out;
  if (curve.not_finite() > 0) {
    out += str("<p class=\"bad\">", html_escape(name), ": ", curve.not_finite(), " of ",
               curve.size(), " values are not finite, the first at step ",
               number_text(curve.first_not_finite(), 6), "</p>\n");
  }
  if (curve.values_per_point() > 1) {
    out += str("<p class=\"soft\">", html_escape(name), ": each point is the mean of ",
               curve.values_per_point(), " values</p>\n");
  }
  return out;
}

std::string figure(const Curves& curves, const std::string& group) {
  const bool log_y = wants_log(curves, group);
  Plot plot({.title = group, .x = "step", .log_y = log_y});
  std::string below;
  for (const auto& [name, curve] : curves) {
    if (group_of(name) != group) continue;
    plot.line(label_in_group(name), curve.steps(), curve.values());
    below += notes(name, curve);
  }
  return "<figure>" + plot.svg() + "</figure>\n" + below;
}

// Rare mistakes are to be seen, too: their colour begins at a visible strength.
std::string matrix_cell(std::int64_t count, std::int64_t total, bool right) {
  const double share = static_cast<double>(count) / static_cast<double>(total);
  return str("<td style=\"background: rgba(", right ? "56,161,105," : "224,82,82,",
             number_text(right ? 0.6 * share : std::min(0.15 + 2 * share, 0.7), 2,
                         std::chars_format::fixed),
             ")\">", count, "</td>");
}

std::string image(const detail::Picture& p, const std::string& alt) {
  return str("<img alt=\"", alt, "\" src=\"data:image/png;base64,",
             detail::base64(detail::png_bytes(p.pixels, p.height, p.width, p.channels)), "\">");
}

// What a row of logits says about its example.
detail::Mistake judge(const double* logits, std::int64_t classes, std::int64_t target) {
  // NaN counts as the largest, as argmax() has it.
  const double* const largest = std::max_element(logits, logits + classes, [](double a, double b) {
    return std::isnan(a) ? false : std::isnan(b) || a < b;
  });
  double sum = 0;
  for (std::int64_t c = 0; c < classes; ++c) sum += std::exp(logits[c] - *largest);
  const double loss = *largest + std::log(sum) - logits[target];
  return {0, target, largest - logits, std::isnan(loss) ? INFINITY : loss};
}

void check_predictions(const Tensor& input, const Tensor& logits, const Tensor& target) {
  constexpr const char* kWhere = "TrainingReport: add_predictions: ";
  for (const Tensor* tensor : {&input, &logits, &target}) {
    if (!tensor->defined()) throw ValueError(str(kWhere, "expected tensors, one is undefined"));
  }
  if (logits.dim() != 2 || logits.size(1) < 1) {
    throw ShapeError(str(kWhere, "logits are ", logits.sizes(), ": expected [N, C], C >= 1"));
  }
  const std::int64_t count = logits.size(0);
  if (target.dim() != 1 || target.size(0) != count) {
    throw ShapeError(str(kWhere, "target is ", target.sizes(), " for logits ", logits.sizes(),
                         ": expected [", count, "]"));
  }
  if (input.dim() < 1 || input.size(0) != count) {
    throw ShapeError(str(kWhere, "input is ", input.sizes(), " for logits ", logits.sizes(),
                         ": expected [", count, ", ...]"));
  }
  if (!is_floating_point(logits.dtype()) || target.dtype() != kInt64) {
    throw DTypeError(str(kWhere, "logits are ", logits.dtype(), ", target is ", target.dtype(),
                         ": expected floating point and int64"));
  }
}

}  // namespace

TrainingReport::TrainingReport(std::string path, TrainingReportOptions options)
    : path_(std::move(path)), options_(std::move(options)) {
  if (options_.max_mistakes < 0) {
    throw ValueError(
        str(kTrainingReport, ": max_mistakes = ", options_.max_mistakes, ": expected >= 0"));
  }
  // Not committed: it finds out whether there can be a file, before hours of training.
  detail::OutputFile(kTrainingReport, path_);
}

TrainingReport::~TrainingReport() {
  try {
    try {
      write();
    } catch (const std::exception& error) {
      log_at(LogLevel::error, error.what());
    }
  } catch (...) {
    // A handler of messages that throws has nowhere to throw to.
  }
}

void TrainingReport::log(const Metrics& metrics) {
  double step = step_ + 1;
  std::set<std::string> names;
  for (const Metric& metric : metrics) {
    const std::string name = detail::printable(metric.name);
    const auto number = as_number(metric.value);
    if (!number) {
      throw ValueError(str(kTrainingReport, ": log: \"", name, "\" is text: expected a number"));
    }
    if (!names.insert(metric.name).second) {
      throw ValueError(str(kTrainingReport, ": log: \"", name, "\" comes twice: expected it once"));
    }
    if (metric.name != "step") continue;
    step = *number;
    if (!std::isfinite(step)) {
      throw ValueError(str(kTrainingReport, ": log: step = ", step, ": expected a finite number"));
    }
  }
  for (const Metric& metric : metrics) {
    if (metric.name == "step") continue;
    auto place = std::find_if(curves_.begin(), curves_.end(),
                              [&](const auto& entry) { return entry.first == metric.name; });
    if (place == curves_.end()) place = curves_.insert(place, {metric.name, {}});
    place->second.add(step, *as_number(metric.value));
  }
  step_ = step;
  logged_since_predictions_ = true;
}

void TrainingReport::add_predictions(const Tensor& input, const Tensor& logits,
                                     const Tensor& target) {
  check_predictions(input, logits, target);
  const std::int64_t classes = logits.size(1);
  const auto targets = target.to_vector<std::int64_t>();
  for (std::size_t i = 0; i < targets.size(); ++i) {
    if (targets[i] == kIgnored || (targets[i] >= 0 && targets[i] < classes)) continue;
    throw ValueError(str(kTrainingReport, ": add_predictions: target[", i, "] = ", targets[i],
                         ": expected 0..", classes - 1, ", or ", kIgnored));
  }
  if (logged_since_predictions_ || num_examples_ == 0) {
    confusion_.clear();
    mistakes_.clear();
    num_examples_ = 0;
  } else if (classes != num_classes_) {
    throw ValueError(str(kTrainingReport, ": add_predictions: ", classes, " classes, the batch ",
                         "before had ", num_classes_, ": expected as many"));
  }
  logged_since_predictions_ = false;
  num_classes_ = classes;

  const auto values = logits.detach().to_vector<double>();
  const Tensor examples = input.detach();
  for (std::size_t i = 0; i < targets.size(); ++i) {
    const std::int64_t index = num_examples_++;
    if (targets[i] == kIgnored) continue;
    auto mistake = judge(&values[i * static_cast<std::size_t>(classes)], classes, targets[i]);
    mistake.index = index;
    ++confusion_[{mistake.target, mistake.predicted}];
    if (mistake.predicted == mistake.target) continue;
    const auto place =
        std::upper_bound(mistakes_.begin(), mistakes_.end(), mistake,
                         [](const auto& a, const auto& b) { return a.loss > b.loss; });
    if (place - mistakes_.begin() >= options_.max_mistakes) continue;
    mistake.picture = detail::picture_of(examples, static_cast<std::int64_t>(i));
    mistakes_.insert(place, std::move(mistake));
    if (std::ssize(mistakes_) > options_.max_mistakes) mistakes_.pop_back();
  }
}

void TrainingReport::write() const {
  detail::OutputFile file(kTrainingReport, path_);
  file.write(html());
  file.commit();
}

std::string TrainingReport::class_name(std::int64_t index) const {
  const auto i = static_cast<std::size_t>(index);
  return i < options_.classes.size() ? options_.classes[i] : str(index);
}

std::string TrainingReport::html() const {
  std::string body = "<h1>" + html_escape(options_.title) + "</h1>\n";
  if (curves_.empty() && num_examples_ == 0) body += "<p>Nothing was logged.</p>\n";
  body += curves_html() + predictions_html();
  return html_page(options_.title, body, kReportStyle);
}

std::string TrainingReport::curves_html() const {
  if (curves_.empty()) return "";
  std::string rows;
  std::string figures;
  std::set<std::string> drawn;
  for (const auto& [name, curve] : curves_) {
    rows += "<tr>" + cell(name) + cell(str(curve.size())) + cell(number_text(curve.last(), 6)) +
            cell(number_text(curve.smallest(), 6)) + cell(number_text(curve.largest(), 6)) +
            "</tr>\n";
    if (drawn.insert(group_of(name)).second) figures += figure(curves_, group_of(name));
  }
  return "<section>\n<h2>Curves</h2>\n" +
         table({"name", "values", "last", "smallest", "largest"}, rows) + figures + "</section>\n";
}

std::string TrainingReport::predictions_html() const {
  if (confusion_.empty()) return "";
  std::vector<ClassCount> classes(static_cast<std::size_t>(num_classes_));
  ClassCount all;
  for (const auto& [pair, count] : confusion_) {
    const bool is_right = pair.first == pair.second;
    for (ClassCount* sum : {&all, &classes[static_cast<std::size_t>(pair.first)]}) {
      sum->total += count;
      if (is_right) sum->right += count;
    }
  }
  return str("<section>\n<h2>Confusion matrix</h2>\n<p>", all.right, " of ", all.total,
             " are right: ", percent(all.right, all.total), "</p>\n",
             num_classes_ <= kMaxMatrix ? matrix_html(classes)
                                        : frequent_html() + worst_classes_html(classes),
             "</section>\n", mistakes_html());
}

std::string TrainingReport::matrix_html(const std::vector<ClassCount>& classes) const {
  std::string out =
      "<p class=\"soft\">Rows: the class; columns: what it was taken for.</p>\n"
      "<div class=\"scroll\"><table class=\"matrix\">\n<thead><tr><th></th>";
  for (std::int64_t c = 0; c < num_classes_; ++c) out += heading(class_name(c));
  out += "<th>right</th></tr></thead>\n<tbody>\n";
  for (std::int64_t c = 0; c < num_classes_; ++c) {
    const auto& [total, right] = classes[static_cast<std::size_t>(c)];
    out += "<tr>" + heading(class_name(c));
    for (std::int64_t taken = 0; taken < num_classes_; ++taken) {
      const auto found = confusion_.find({c, taken});
      out +=
          found == confusion_.end() ? "<td></td>" : matrix_cell(found->second, total, c == taken);
    }
    out += cell(total > 0 ? percent(right, total) : "") + "</tr>\n";
  }
  return out + "</tbody></table></div>\n";
}

std::string TrainingReport::frequent_html() const {
  std::vector<std::pair<std::int64_t, std::pair<std::int64_t, std::int64_t>>> pairs;
  for (const auto& [pair, count] : confusion_) {
    if (pair.first != pair.second) pairs.emplace_back(-count, pair);
  }
  std::sort(pairs.begin(), pairs.end());  // the most frequent first
  pairs.resize(std::min(pairs.size(), kMaxRows));
  std::string rows;
  for (const auto& [count, pair] : pairs) {
    rows += "<tr>" + cell(class_name(pair.first)) + cell(class_name(pair.second)) +
            cell(str(-count)) + "</tr>\n";
  }
  return table({"class", "taken for", "times"}, rows);
}

std::string TrainingReport::worst_classes_html(const std::vector<ClassCount>& classes) const {
  std::vector<std::pair<double, std::size_t>> worst;
  for (std::size_t c = 0; c < classes.size(); ++c) {
    const auto& [total, right] = classes[c];
    if (total > 0) worst.emplace_back(static_cast<double>(right) / static_cast<double>(total), c);
  }
  std::sort(worst.begin(), worst.end());
  worst.resize(std::min(worst.size(), kMaxRows));
  std::string rows;
  for (const auto& [share, c] : worst) {
    const auto& [total, right] = classes[c];
    rows += "<tr>" + cell(class_name(static_cast<std::int64_t>(c))) +
            cell(str(right, " of ", total)) + cell(percent(right, total)) + "</tr>\n";
  }
  return table({"worst classes", "right", ""}, rows);
}

std::string TrainingReport::mistakes_html() const {
  if (mistakes_.empty()) return "";
  std::string out = "<section>\n<h2>Worst mistakes</h2>\n<div class=\"mistakes\">\n";
  for (const detail::Mistake& m : mistakes_) {
    const std::string taken = html_escape(class_name(m.target) + " as " + class_name(m.predicted));
    const std::string example = str("example ", m.index);
    const bool drawn = !m.picture.pixels.empty();
    out += str("<figure>", drawn ? image(m.picture, taken) : "<p>" + example + "</p>",
               "<figcaption>", taken, drawn ? ", " + example : "", ", loss ",
               number_text(m.loss, 4), "</figcaption></figure>\n");
  }
  return out + "</div>\n</section>\n";
}

}  // namespace tarn::io
