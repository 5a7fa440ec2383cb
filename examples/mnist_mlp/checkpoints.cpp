#include "checkpoints.h"

#include <csignal>
#include <iostream>

#include <tarn/tensor/error.h>
#include <tarn/tensor/str.h>

#include "stop_signals.h"

using tarn::str;

namespace {

/// What differs between the settings that a run was started with and those of now; empty: nothing.
std::string differences(const std::map<std::string, std::string>& saved,
                        const std::map<std::string, std::string>& now) {
  std::string text;
  for (const auto& [flag, value] : now) {
    const auto before = saved.find(flag);
    const std::string was = before == saved.end() ? "not known" : before->second;
    if (was != value) text += str(text.empty() ? "" : ", ", flag, " was ", was, ", is ", value);
  }
  return text;
}

// What the ranks have in place of the file that rank 0 writes.
struct NoMetrics {
  tarn::StateDict state_dict() const { return {}; }
  void load_state_dict(const tarn::StateDict&) {}
} no_metrics;

}  // namespace

Checkpoints::Checkpoints(const Settings& settings, tarn::io::Parts parts, TrainingLog& log,
                         tarn::distributed::DistributedDataParallel& parallel)
    : settings_(settings), log_(log), parts_(std::move(parts)), parallel_(parallel) {
  if (settings.checkpoint.empty()) return;
  folder_ = std::make_unique<tarn::distributed::CheckpointFolder>(settings.checkpoint);
  parts_.emplace_back("log", log);
  if (tarn::distributed::rank() == 0) {
    metrics_ = std::make_unique<tarn::io::CsvLogger>(settings.checkpoint + "/metrics.csv");
    parts_.emplace_back("metrics", *metrics_);
  } else {
    parts_.emplace_back("metrics", no_metrics);
  }
  if (!settings.resume && !folder_->empty()) {
    throw tarn::ValueError(str("--checkpoint ", settings.checkpoint,
                               ": a run was saved there: --resume continues it"));
  }
  info_.metadata = run_settings(settings);
  if (const auto saved = folder_->load_latest(parts_)) {
    if (const std::string other = differences(saved->metadata, info_.metadata); !other.empty())
      throw tarn::ValueError(str("--resume: ", other, ": expected the settings of the run"));
    info_.step = saved->step;
    std::cout << "resumed from " << settings.checkpoint << " after update " << info_.step
              << std::endl;
  } else {
    save();
  }
  catch_stop_signals();
}

void Checkpoints::before_update() {
  if (stop_signal() != 0) parallel_.stop();
}

void Checkpoints::after_update() {
  if (!folder_) return;
  ++info_.step;
  info_.metric.reset();
  const bool due = settings_.checkpoint_every > 0 && info_.step % settings_.checkpoint_every == 0;
  if (due) save();
  stop_if_asked(due);
}

void Checkpoints::after_epoch(const std::vector<Prediction>& test) {
  if (!folder_) return;
  info_.metric = mean_loss(test);
  if (metrics_) {
    metrics_->log({{"epoch", log_.epoch() + 1},
                   {"lr", log_.lr()},
                   {"loss", log_.loss()},
                   {"accuracy", log_.accuracy()},
                   {"test_loss", *info_.metric},
                   {"test_accuracy", accuracy(test)}});
  }
  save();
  stop_if_asked(true);
}

void Checkpoints::save() {
  log_.gather();
  file_ = folder_->save(parts_, info_);
}

void Checkpoints::stop_if_asked(bool saved) {
  before_update();
  if (!parallel_.should_stop()) return;
  const int signal = stop_signal() == SIGINT ? SIGINT : SIGTERM;
  if (!saved) save();
  log_.interrupt();
  throw Stopped{signal, str("stopped by ", signal == SIGINT ? "SIGINT" : "SIGTERM", " in epoch ",
                            log_.epoch() + 1, " after update ", info_.step, ", saved ", file_,
                            "; --resume continues")};
}
