#pragma once

#include <cstdint>
#include <stdexcept>
#include <string>
#include <utility>

namespace tarn {

/// Base of every exception that tarn throws. The text says what happened, with the values, and what
/// to do.
class Error : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// Sizes, strides or numbers of dimensions that do not fit together.
class ShapeError : public Error {
 public:
  using Error::Error;
};

/// An element type that an operation does not take.
class DTypeError : public Error {
 public:
  using Error::Error;
};

/// An index or a dimension outside its range.
class IndexError : public Error {
 public:
  using Error::Error;
};

/// An argument whose value makes no sense (a negative learning rate, a label outside the classes).
class ValueError : public Error {
 public:
  using Error::Error;
};

/// Misuse of the graph: backward twice, a saved tensor changed in place, no graph at all.
class AutogradError : public Error {
 public:
  using Error::Error;
};

/// An allocation that cannot be satisfied. Nothing has changed; the program can go on.
class OutOfMemory : public Error {
 public:
  OutOfMemory(const std::string& message, std::uint64_t size) : Error(message), bytes(size) {}
  std::uint64_t bytes;  ///< the size asked for
};

/// The operating system refused a file operation.
class IoError : public Error {
 public:
  IoError(const std::string& message, std::string file, int number)
      : Error(message), path(std::move(file)), error_number(number) {}
  std::string path;
  int error_number;  ///< errno, or 0 where there is none
};

/// A file whose contents are not what its format promises.
class FormatError : public Error {
 public:
  FormatError(const std::string& message, std::string file, std::uint64_t position)
      : Error(message), path(std::move(file)), offset(position) {}
  std::string path;
  std::uint64_t offset;  ///< the byte at which reading failed
};

/// An exception inside a loader's worker, thrown again where the batch is consumed.
class WorkerError : public Error {
 public:
  WorkerError(const std::string& message, std::int64_t example) : Error(message), index(example) {}
  std::int64_t index;  ///< the example that failed
};

}  // namespace tarn
