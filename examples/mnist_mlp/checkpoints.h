#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include <tarn/distributed/checkpoint_folder.h>
#include <tarn/distributed/distributed_data_parallel.h>
#include <tarn/io/csv_logger.h>

#include "evaluation.h"
#include "settings.h"
#include "training_log.h"

/// Thrown when the run was asked to stop and has been saved.
struct Stopped {
  int signal;
  std::string message;
};

/// Saves a training run in the folder of --checkpoint, next to metrics.csv with a row for each
/// epoch, and continues it from there with --resume. Without --checkpoint it does nothing. Of
/// several ranks rank 0 writes; all call all functions.
class Checkpoints {
 public:
  /// `parts` and `log` must live as long. Saves the start of the run or, with --resume, loads the
  /// newest checkpoint and says so. Throws tarn::ValueError when a run lies there that is not to be
  /// resumed, or was started with other settings.
  Checkpoints(const Settings& settings, tarn::io::Parts parts, TrainingLog& log,
              tarn::distributed::DistributedDataParallel& parallel);

  /// Before an update: lets all ranks know of a signal that came to this one.
  void before_update();
  /// Saves when --checkpoint-every says so. Throws Stopped, after saving, when a signal came.
  void after_update();
  /// Writes the epoch's row of metrics, and saves. Throws Stopped when a signal came.
  void after_epoch(const std::vector<Prediction>& test);

 private:
  void save();
  void stop_if_asked(bool saved);

  const Settings& settings_;
  TrainingLog& log_;
  tarn::io::Parts parts_;
  tarn::distributed::DistributedDataParallel& parallel_;
  std::unique_ptr<tarn::distributed::CheckpointFolder> folder_;
  std::unique_ptr<tarn::io::CsvLogger> metrics_;  // on rank 0
  tarn::io::CheckpointInfo info_;
  std::string file_;
};
