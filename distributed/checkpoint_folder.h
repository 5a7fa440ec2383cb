#pragma once

#include <optional>
#include <string>

#include <tarn/io/checkpoint_folder.h>

namespace tarn::distributed {

/// The checkpoints of a run of several ranks: rank 0 writes and reads the files, the others wait.
/// An io::CheckpointFolder whose functions all ranks call together.
///
///   distributed::CheckpointFolder folder("runs/a");
///   const io::Parts parts = {{"model", model}, {"optimizer", sgd}, {"loader", loader}};
///   if (const auto info = folder.load_latest(parts)) step = info->step;
///   ...
///   if (++step % 1000 == 0) folder.save(parts, {.step = step});
///
/// A checkpoint holds the parts of rank 0 and says nothing of ranks: any number of them, also one
/// with io::load_checkpoint(), may go on with it. The hosts need no file system in common.
class CheckpointFolder {
 public:
  /// Throws as io::CheckpointFolder's; what rank 0 throws comes as a DistributedError on the
  /// others, here and below.
  explicit CheckpointFolder(const std::string& path,
                            const io::CheckpointFolderOptions& options = {});

  /// Saves the parts of rank 0; returns the file when it is safe, on all ranks.
  std::string save(const io::Parts& parts, const io::CheckpointInfo& info);

  /// Loads rank 0's newest checkpoint into the parts of all ranks; none: there is no checkpoint.
  /// Throws also what reading and writing a temporary file throws, in TMPDIR or /tmp.
  std::optional<io::CheckpointInfo> load_latest(const io::Parts& parts);

  /// Whether there is no checkpoint yet.
  bool empty() const;

 private:
  std::optional<io::CheckpointFolder> folder_;  // on rank 0
};

}  // namespace tarn::distributed
