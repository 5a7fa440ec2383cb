#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include <tarn/tensor/tensor.h>

namespace tarn::distributed::detail {

/// An operation of all ranks that is under way.
struct Operation;
using Pending = std::shared_ptr<Operation>;

/// The operations that ranks do together. They are queued, and run one after the other in the order
/// in which they were queued, which must be the same on all ranks; memory given to one must stay
/// until it was waited for. MPI advances an operation only when it is called: wait() does so, and
/// so does a thread of its own after advance_in_background().
class Communicator {
 public:
  /// Joins the ranks that were started together. Throws Error in a build without MPI.
  static Communicator& connect(double timeout);
  Communicator(const Communicator&) = delete;
  Communicator& operator=(const Communicator&) = delete;

  int rank() const;
  int size() const;

  /// Replaces `flat`, contiguous float32, float64 or int64 of the same size on all ranks, by the
  /// sum. In fixed order the elements are added up by rank; else MPI chooses. `what` names the
  /// operation in messages.
  Pending sum(const Tensor& flat, bool fixed_order, std::string what);
  /// all [size() * bytes] gets the `bytes` of each rank.
  Pending all_gather(const void* mine, std::size_t bytes, void* all, std::string what);
  Pending broadcast(void* data, std::size_t bytes, int source, std::string what);
  Pending barrier(std::string what);

  /// Returns when it is done. Throws DistributedError after the timeout, when a rank has ended, and
  /// for an error of MPI.
  void wait(const Pending& operation);
  /// Lets a thread run what is queued while the caller does something else.
  void advance_in_background();

  /// Ends all ranks, without return.
  [[noreturn]] void abort(int exit_code);
  /// To be called when the program ends in order.
  void finalize();

 private:
  Communicator();
  ~Communicator();
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// The ranks of the job, or null when there is only this process. Throws Error when a launcher
/// started the program and init() was not called.
Communicator* communicator();

/// How many processes the launcher has started, as far as the environment tells; 1: none did.
int launched_size();

}  // namespace tarn::distributed::detail
