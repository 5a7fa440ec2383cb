#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <tarn/io/progress_bar.h>
#include <tarn/io/terminal.h>
#include <tarn/tensor/state_dict.h>

#include "evaluation.h"
#include "settings.h"

/// What a training run shows while it runs: a progress bar on a terminal, and a line after each
/// epoch everywhere.
class TrainingLog {
 public:
  /// An epoch has `updates` updates.
  TrainingLog(const Settings& settings, const tarn::io::Terminal& terminal, std::int64_t updates);

  /// Starts the clock that images/s is measured by. The epoch in which a loaded state was taken
  /// goes on.
  void begin_epoch(std::int64_t epoch, double lr);
  /// Counts this rank's examples: the sum of their losses, their logits [N, 10] and targets [N].
  void add(const tarn::Tensor& loss_sum, const tarn::Tensor& logits, const tarn::Tensor& target);
  /// Moves the progress bar.
  void after_update();
  /// Gives rank 0 the counts of all ranks. To be called by all, before a state is taken.
  void gather();
  /// Stops the clock, and gathers. Throws tarn::ValueError when the losses of the epoch are not
  /// finite.
  void end_training();
  /// Prints the line of the epoch.
  void end_epoch(const std::vector<Prediction>& test);

  /// Removes the progress bar, for a line about why training ends here.
  void interrupt() {
    if (bar_) bar_->clear();
  }

  /// What has been counted, for a checkpoint.
  tarn::StateDict state_dict() const;
  void load_state_dict(const tarn::StateDict& state);

  std::int64_t epoch() const { return epoch_; }
  double lr() const { return lr_; }
  /// Mean loss and accuracy over the examples of the epoch so far, each at the time it was trained
  /// on.
  double loss() const { return loss_sum_ / static_cast<double>(seen_); }
  double accuracy() const { return static_cast<double>(right_) / static_cast<double>(seen_); }
  /// Of all epochs in this process, without evaluation and output.
  double training_seconds() const { return training_seconds_; }
  std::int64_t images_trained() const { return images_trained_; }

 private:
  void keep(double loss_sum, std::int64_t right, std::int64_t seen);

  using Clock = std::chrono::steady_clock;

  double seconds_since(Clock::time_point begin) const;
  std::string epoch_label() const;
  std::string speed() const;
  void begin_bar();
  void print_row(const std::string& label, const std::array<std::string, 6>& values) const;

  const Settings& settings_;
  const tarn::io::Terminal& terminal_;
  std::optional<tarn::io::ProgressBar> bar_;  // of this process
  const std::int64_t updates_;

  std::int64_t epoch_ = -1;
  double lr_ = 0;
  bool has_header_ = false;
  std::int64_t seen_before_ = 0;  // of this epoch, in other processes
  std::int64_t updates_done_ = 0;
  double loss_sum_ = 0;
  std::int64_t right_ = 0;
  std::int64_t seen_ = 0;
  bool running_ = false;
  Clock::time_point epoch_start_{};
  double epoch_seconds_ = 0;
  double training_seconds_ = 0;
  std::int64_t images_trained_ = 0;
};
