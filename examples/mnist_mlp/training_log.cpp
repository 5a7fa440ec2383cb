#include "training_log.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <iostream>
#include <utility>

#include <tarn/tarn.h>

#include "number_format.h"
#include "terminal.h"

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

TrainingLog::TrainingLog(const Settings& settings, const tarn::io::Terminal& terminal,
                         std::int64_t updates)
    : settings_(settings), terminal_(terminal), updates_(updates) {}

void TrainingLog::begin_epoch(std::int64_t epoch, double lr) {
  if (epoch != epoch_) {
    updates_done_ = 0;
    loss_sum_ = 0;
    right_ = 0;
    seen_ = 0;
    seen_before_ = 0;
  }
  epoch_ = epoch;
  lr_ = lr;
  running_ = true;
  if (!has_header_ && terminal_.width() >= kTableWidth) print_row("epoch", kTitles);
  has_header_ = true;
  epoch_start_ = Clock::now();
  if (!bar_) begin_bar();
  bar_->set_description(epoch_label());
}

// One for all epochs, so that its ETA is that of the training.
void TrainingLog::begin_bar() {
  bar_.emplace(tarn::io::ProgressBarOptions{.total = settings_.epochs * updates_,
                                            .desc = epoch_label(),
                                            .initial = epoch_ * updates_ + updates_done_,
                                            .leave = false,
                                            // The lines of the epochs say enough in a file.
                                            .disable = !terminal_.is_interactive(),
                                            .file = stdout});
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
    bar_->clear();
    std::cout << join_fields(
                     {"epoch " + epoch_label(), str("update ", updates_done_, "/", updates_),
                      "loss " + format_loss(loss()), "accuracy " + format_percent(accuracy()),
                      speed() + " images/s"},
                     terminal_.width())
              << std::endl;
  }
  if (bar_->is_due()) {
    bar_->set_postfix({{"loss", format_loss(loss())},
                       {"accuracy", format_percent(accuracy())},
                       {"images/s", speed()}});
  }
  bar_->update();
}

void TrainingLog::gather() {
  const tarn::Tensor counts = tarn::tensor({right_, seen_}, {.dtype = tarn::kInt64});
  const tarn::Tensor losses = tarn::tensor({loss_sum_}, {.dtype = tarn::kFloat64});
  tarn::distributed::all_reduce(counts);
  tarn::distributed::all_reduce(losses);
  if (!std::isfinite(losses.item())) {
    throw tarn::ValueError(str("the training loss is no longer finite in epoch ", epoch_ + 1,
                               ": lower --lr, or limit the gradient with --clip-norm"));
  }
  keep(losses.item(), counts[0].item<std::int64_t>(), counts[1].item<std::int64_t>());
}

// Counts of all ranks: rank 0 has them, the others begin again.
void TrainingLog::keep(double loss_sum, std::int64_t right, std::int64_t seen) {
  const bool first = tarn::distributed::rank() == 0;
  loss_sum_ = first ? loss_sum : 0;
  right_ = first ? right : 0;
  seen_ = first ? seen : 0;
}

void TrainingLog::end_training() {
  bar_->clear();
  gather();
  epoch_seconds_ = seconds_since(epoch_start_);
  training_seconds_ += epoch_seconds_;
  images_trained_ += seen_ - seen_before_;
  running_ = false;
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
  return with_commas(std::llround(static_cast<double>(seen_ - seen_before_) / seconds));
}

tarn::StateDict TrainingLog::state_dict() const {
  tarn::StateDict state;
  for (const auto& [name, value] : {std::pair("epoch", epoch_), std::pair("updates", updates_done_),
                                    std::pair("right", right_), std::pair("seen", seen_)}) {
    state.set(name, tarn::scalar_tensor(value));
  }
  state.set("loss_sum", tarn::scalar_tensor(loss_sum_, {.dtype = tarn::kFloat64}));
  return state;
}

void TrainingLog::load_state_dict(const tarn::StateDict& state) {
  const auto count = [&](const char* name) { return state.at(name).item<std::int64_t>(); };
  const double loss_sum = state.at("loss_sum").item();
  const std::array<std::int64_t, 4> counts{count("epoch"), count("updates"), count("right"),
                                           count("seen")};
  epoch_ = counts[0];
  updates_done_ = counts[1];
  keep(loss_sum, counts[2], counts[3]);
  seen_before_ = seen_;
}
