#pragma once

#include <map>
#include <string>

#include <tarn/tensor/state_dict.h>

namespace tarn::io {

/// What a safetensors file holds.
struct SafeTensors {
  StateDict tensors{};
  std::map<std::string, std::string> metadata{};  ///< the entry "__metadata__" of the header
};

/// How read_safetensors() reads.
struct ReadSafetensorsOptions {
  /// Leave elements in the file until they are used. The file must then not be written to or cut
  /// short as long as the tensors live (replacing it by another is harmless): the system ends a
  /// program that touches elements which are gone. false: read all now.
  bool mmap = true;
};

/// Reads a file in the safetensors format, which PyTorch users write with
/// `safetensors.torch.save_file(model.state_dict(), path)`:
///
///   model.load_state_dict(io::read_safetensors("model.safetensors").tensors);
///
///   dtype  | F32 F16 BF16 | F64     | I64 U32 | I32 I16 I8 U16 | U8    | BOOL
///   result | float32      | float64 | int64   | int32          | uint8 | bool
///
/// Changing the tensors changes no file. Throws IoError when the file cannot be read, and
/// FormatError when it breaks a rule of the format: every size is checked before memory is
/// allocated, names come once, the tensors fill the file without gap or overlap.
SafeTensors read_safetensors(const std::string& path, const ReadSafetensorsOptions& options = {});

/// Writes tensors, in the order and with the bytes of the format's own library. The file appears
/// whole or not at all: it is written beside `path`, flushed to the disk and renamed.
///
///   io::write_safetensors("model.safetensors", model.state_dict());
///
/// Throws IoError (a file that was at `path` is then as before), and ValueError for an undefined
/// tensor or for names and metadata that are not UTF-8.
void write_safetensors(const std::string& path, const StateDict& tensors,
                       const std::map<std::string, std::string>& metadata = {});

}  // namespace tarn::io
