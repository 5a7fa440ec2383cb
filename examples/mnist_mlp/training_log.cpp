#include "training_log.h"

#include <algorithm>
#include <cmath>
#include <iostream>

#include "number_format.h"

using tarn::str;

namespace {

// The columns of an epoch's line behind its number.
const std::array<std::string, 6> kTitles = {"lr",        "loss",          "accuracy",
                                            "test loss", "test accuracy", "images/s"};
constexpr std::array<std::size_t, 6> kWidths = {9, 9, 11, 12, 16, 12};
constexpr int kTableWidth = 5 + 9 + 9 + 11 + 12 + 16 + 12;

std::string pad_left(const std::string& text, std::size_t width) {
  return std::string(width - std::min(width, text.size()), ' ') + text;
}

}  // namespace

TrainingLog::TrainingLog(const Settings& settings, const Terminal& terminal, std::int64_t updates,
                         std::int64_t examples)
    : settings_(settings),
      terminal_(terminal),
      bar_(terminal),
      updates_(updates),
      examples_(examples) {}

void TrainingLog::begin_epoch(std::int64_t epoch, double lr) {
  epoch_ = epoch;
  lr_ = lr;
  updates_done_ = 0;
  loss_sum_ = 0;
  right_ = 0;
  seen_ = 0;
  running_ = true;
  if (epoch == 0 && terminal_.width() >= kTableWidth) print_row("epoch", kTitles);
  epoch_start_ = Clock::now();
}

void TrainingLog::add(const tarn::Tensor& loss_sum, const tarn::Tensor& logits,
                      const tarn::Tensor& target) {
  loss_sum_ += loss_sum.item();
  right_ += logits.argmax(1).eq(target).sum().item<std::int64_t>();
  seen_ += target.size(0);
}

void TrainingLog::after_update() {
  ++updates_done_;
  const std::int64_t every = settings_.log_every;
  if (every > 0 && updates_done_ % every == 0) {
    bar_.clear();
    std::cout << join_fields(
                     {"epoch " + epoch_label(), str("update ", updates_done_, "/", updates_),
                      "loss " + format_loss(loss()), "accuracy " + format_percent(accuracy()),
                      speed() + " images/s"},
                     terminal_.width())
              << std::endl;
  }
  if (bar_.is_due()) draw_bar();
}

void TrainingLog::end_training() {
  epoch_seconds_ = seconds_since(epoch_start_);
  training_seconds_ += epoch_seconds_;
  images_trained_ += seen_;
  running_ = false;
  bar_.clear();
  if (!std::isfinite(loss_sum_)) {
    throw tarn::ValueError(str("the training loss is no longer finite in epoch ", epoch_ + 1,
                               ": lower --lr, or limit the gradient with --clip-norm"));
  }
}

void TrainingLog::end_epoch(const std::vector<Prediction>& test) {
  print_row(epoch_label(),
            {format_lr(lr_), format_loss(loss()), format_percent(accuracy()),
             format_loss(mean_loss(test)), format_percent(::accuracy(test)), speed()});
}

void TrainingLog::print_row(const std::string& label,
                            const std::array<std::string, 6>& values) const {
  const int width = terminal_.width();
  if (width >= kTableWidth) {
    std::cout << pad_left(label, 5);
    for (std::size_t i = 0; i < values.size(); ++i) std::cout << pad_left(values[i], kWidths[i]);
    std::cout << std::endl;
    return;
  }
  std::vector<std::string> fields{"epoch " + label};
  for (std::size_t i = 0; i < values.size(); ++i) fields.push_back(str(kTitles[i], " ", values[i]));
  std::cout << join_fields(fields, width) << std::endl;
}

double TrainingLog::seconds_since(Clock::time_point begin) const {
  return std::chrono::duration<double>(Clock::now() - begin).count();
}

std::string TrainingLog::epoch_label() const { return str(epoch_ + 1, "/", settings_.epochs); }

std::string TrainingLog::speed() const {
  const double seconds = running_ ? seconds_since(epoch_start_) : epoch_seconds_;
  return with_commas(std::llround(static_cast<double>(seen_) / seconds));
}

void TrainingLog::draw_bar() {
  const double done = static_cast<double>(seen_) / static_cast<double>(examples_);
  const double all_done =
      (static_cast<double>(epoch_) + done) / static_cast<double>(settings_.epochs);
  const double left = seconds_since(start_) * (1 - all_done) / all_done;
  bar_.draw(done, epoch_label(),
            {"ETA " + format_duration(left), "loss " + format_loss(loss()),
             "accuracy " + format_percent(accuracy()), speed() + " images/s"});
}
