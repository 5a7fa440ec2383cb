#pragma once

#include <concepts>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <tarn/tensor/state_dict.h>

namespace tarn::io {

/// Has a state that can be saved and taken up again: modules, optimizers, schedules, loaders,
/// accumulators, generators, logs, and every class of one's own with these two functions.
/// load_state_dict() leaves the object as it was when it throws.
template <class T>
concept Stateful = requires(T& object, const StateDict& state) {
  { object.state_dict() } -> std::convertible_to<StateDict>;
  object.load_state_dict(state);
};

/// A part of a training run under a name of one's choice. Refers to the object.
class Part {
 public:
  template <Stateful T>
  Part(std::string name, T& object)
      : name_(std::move(name)),
        save_([&object]() -> StateDict { return object.state_dict(); }),
        load_([&object](const StateDict& state) { object.load_state_dict(state); }) {}

  const std::string& name() const { return name_; }
  StateDict state_dict() const { return save_(); }
  void load_state_dict(const StateDict& state) const { load_(state); }

 private:
  std::string name_;
  std::function<StateDict()> save_;
  std::function<void(const StateDict&)> load_;
};

/// {{"model", model}, {"optimizer", sgd}, {"schedule", schedule}, {"loader", loader}}: what a run
/// needs to go on as if it had never stopped. The default generator is always saved with them.
using Parts = std::vector<Part>;

/// What a checkpoint says about itself.
struct CheckpointInfo {
  std::int64_t step = 0;                          ///< of the run, >= 0
  std::optional<double> metric{};                 ///< how good the model is, if that is known
  std::map<std::string, std::string> metadata{};  ///< of the user; any text, such as JSON
};

/// Saves the parts in one file.
///
///   io::save_checkpoint("run.safetensors", {{"model", model}, {"optimizer", sgd}}, {.step = 100});
///
/// The file is in the safetensors format: a part's tensors are "model.fc1.weight" and so on, so
/// that `io::read_safetensors(path).tensors.sub("model.")`, or Python, gives the weights alone. A
/// tensor "checksums" has the CRC-32 of the header and of each tensor, in the order of the file.
/// The file appears whole or not at all, also when the machine loses power: it is written beside
/// `path`, flushed to the disk and renamed.
///
/// Throws IoError (a file that was at `path` is then as before), and ValueError for names that are
/// empty, have a dot, or come twice, for "generator", and for a negative step.
void save_checkpoint(const std::string& path, const Parts& parts, const CheckpointInfo& info = {});

/// Takes up what save_checkpoint() saved, the parts in their order and the default generator.
/// Parts that set something in another one, as a schedule does in its optimizer, stand behind it.
///
/// Throws IoError when the file cannot be read, FormatError when it is damaged (every byte is
/// checked) or no checkpoint, and ValueError when it is of a newer version, has other parts, or one
/// does not fit. All parts are then as before.
CheckpointInfo load_checkpoint(const std::string& path, const Parts& parts);

/// What a checkpoint says about itself, without reading and checking the rest. Throws as
/// load_checkpoint().
CheckpointInfo read_checkpoint_info(const std::string& path);

}  // namespace tarn::io
