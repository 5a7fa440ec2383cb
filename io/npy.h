#pragma once

#include <string>

#include <tarn/tensor/tensor.h>

namespace tarn::io {

/// Reads an array that numpy.save wrote (NumPy format 1.0 to 3.0, either byte order, C or Fortran
/// order, plain or gzip). The result is contiguous.
///
///   dtype  | f4 f2  | f8      | i8 u4 | i4 i2 i1 u2 | u1    | b1
///   result | float32| float64 | int64 | int32       | uint8 | bool
///
/// Throws IoError when the file cannot be read, and FormatError when it is no .npy file, is shorter
/// or longer than its header promises, or holds another type: Python objects in particular are
/// never read, since reading them can run code. Sizes are compared with the file's before memory is
/// allocated. Throws OutOfMemory.
Tensor read_npy(const std::string& path);

/// Writes `x` so that numpy.load reads it: format 1.0, little endian, C order. The file appears
/// whole or not at all: it is written beside `path`, flushed to the disk and renamed. Throws
/// IoError (a file that was at `path` is then as before), and ValueError for an undefined tensor.
void write_npy(const std::string& path, const Tensor& x);

}  // namespace tarn::io
