#pragma once

#include <string>

#include <tarn/tensor/state_dict.h>

namespace tarn::io {

/// How write_npz() writes.
struct WriteNpzOptions {
  bool compress = false;  ///< deflate the arrays, as numpy.savez_compressed
};

/// Reads the arrays that numpy.savez or numpy.savez_compressed wrote, by name and in the order of
/// the file:
///
///   Tensor x = io::read_npz("data.npz").at("x_train");
///
/// Elements become those of read_npy(). Throws IoError when the file cannot be read, and
/// FormatError when it is no .npz file: no zip archive, damaged, with members that are encrypted,
/// packed in another way than by deflate, come twice, lead out of a folder, or are no arrays. What
/// a member unpacks to is never more than its array promises.
StateDict read_npz(const std::string& path);

/// Writes tensors so that numpy.load reads them. The file appears whole or not at all: it is
/// written beside `path`, flushed to the disk and renamed. Throws IoError (a file that was at
/// `path` is then as before), and ValueError for an undefined tensor or a name that read_npz()
/// would refuse.
void write_npz(const std::string& path, const StateDict& arrays,
               const WriteNpzOptions& options = {});

}  // namespace tarn::io
