#pragma once

#include <string>

#include <tarn/tensor/tensor.h>

namespace tarn::data {

/// Reads an IDX file, the format of MNIST and its relatives, plain or gzip; the contents decide,
/// not the name.
///
///   Tensor images = data::read_idx("train-images-idx3-ubyte.gz");   // uint8 [60000, 28, 28]
///
/// Two zero bytes, a type code, the number of dimensions (1..8), each size as 4 bytes, then the
/// elements in row-major order, all big-endian (LeCun, Cortes and Burges 1998, "The MNIST database
/// of handwritten digits").
///
///   type code | 08 uint8 | 09 int8  | 0b int16 | 0c int32 | 0d float32 | 0e float64
///   result    | uint8    | int32    | int32    | int32    | float32    | float64
///
/// `component` opens the messages. Throws IoError when the file cannot be read, and FormatError
/// when it is no IDX file, is shorter or longer than its header promises, or its gzip checksum is
/// wrong; the size is compared with the file's before memory is allocated. Throws OutOfMemory.
Tensor read_idx(const std::string& path, const char* component = "idx");

}  // namespace tarn::data
