#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include <tarn/io/checkpoint.h>

namespace tarn::io {

namespace detail {
class Descriptor;
}

/// Which checkpoints a CheckpointFolder keeps.
struct CheckpointFolderOptions {
  int keep_last = 3;              ///< checkpoints that stay, >= 1, besides the best
  bool higher_is_better = false;  ///< of CheckpointInfo::metric: an accuracy instead of a loss
};

/// The checkpoints of one training run, step-000000000100.safetensors and so on. Older ones are
/// deleted once a new one is safe.
///
///   io::CheckpointFolder folder("runs/a");
///   const io::Parts parts = {{"model", model}, {"optimizer", sgd}, {"loader", loader}};
///   std::int64_t step = 0;
///   if (const auto info = folder.load_latest(parts)) step = info->step;
///   ...
///   if (++step % 1000 == 0) folder.save(parts, {.step = step, .metric = test_loss});
///
/// Locks the folder: a second run that is given the same one gets an IoError at once.
class CheckpointFolder {
 public:
  /// Makes the folder if need be, and removes what a run that was killed was about to write.
  /// Throws IoError when that, or writing in it, is not allowed or another process uses it,
  /// ValueError for keep_last < 1.
  explicit CheckpointFolder(std::string path, const CheckpointFolderOptions& options = {});
  ~CheckpointFolder();
  CheckpointFolder(const CheckpointFolder&) = delete;
  CheckpointFolder& operator=(const CheckpointFolder&) = delete;

  /// save_checkpoint() under the step's name; then deletes earlier steps but the last keep_last - 1
  /// and the one with the best metric. Later steps, of a run that went another way, stay. Throws as
  /// save_checkpoint(); nothing has been deleted then. Returns the file.
  std::string save(const Parts& parts, const CheckpointInfo& info);

  /// Loads the checkpoint with the highest step. Warns about one that is damaged, and goes on to
  /// the one before. None: there is no checkpoint. Throws the last FormatError or IoError when all
  /// are damaged, and ValueError, as load_checkpoint(), for one that does not fit; all parts are
  /// then as before.
  std::optional<CheckpointInfo> load_latest(const Parts& parts);

  /// Files by their steps.
  const std::map<std::int64_t, std::string>& files() const { return files_; }
  /// The file with the best metric, if one has a metric that is a number.
  std::optional<std::string> best() const;
  const std::string& path() const { return path_; }

 private:
  void lock();
  void scan();
  bool is_better(double a, double b) const { return options_.higher_is_better ? a > b : a < b; }
  std::optional<std::int64_t> best_step() const;
  void prune(std::int64_t newest);

  std::string path_;
  CheckpointFolderOptions options_;
  std::unique_ptr<detail::Descriptor> lock_;
  std::map<std::int64_t, std::string> files_;
  std::map<std::int64_t, double> metrics_;  // of those that have one
};

}  // namespace tarn::io
