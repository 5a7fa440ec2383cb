#pragma once

#include <string>
#include <vector>

#include <tarn/tensor/error.h>
#include <tarn/tensor/tensor.h>

/// One program on several processes, of one machine or many, that train one model together:
///
///   mpirun -n 4 ./train
///
/// The processes are called ranks, 0..size() - 1. All of them make the same calls of this module in
/// the same order. Without mpirun there is one rank, and no call of MPI is made.
namespace tarn::distributed {

/// The ranks have lost one another: one of them ended, failed, or does something else.
class DistributedError : public Error {
 public:
  using Error::Error;
};

struct InitOptions {
  /// Seconds that a rank waits for the others in one operation, > 0, before it throws.
  double timeout = 300;
};

/// Finds the other ranks; to be called first in main(). A second call does nothing.
///
/// From then on the ranks end together: one that dies, leaves an exception uncaught or ends with an
/// exit code other than 0 names itself on standard error and ends the others. Throws ValueError for
/// a timeout that is not > 0, and Error when several processes were started but cannot find one
/// another: tarn was built without MPI, or srun was given no --mpi=pmix.
void init(const InitOptions& options = {});

/// The number of this process, 0 without mpirun. Throws Error when mpirun started the program and
/// init() was not called, as all functions below do.
int rank();
/// How many there are, 1 without mpirun.
int size();

/// Returns when all ranks have come here. Throws DistributedError after InitOptions::timeout, as
/// all functions below do.
void barrier();

/// Gives `tensor` the elements that it has on rank `source`. It must have the same shape and type
/// on all ranks. In place, not recorded. Throws ValueError for a source that does not exist.
void broadcast(const Tensor& tensor, int source = 0);

/// Gives every rank the sum of all ranks' `tensor`, added up in the order of the ranks: the same
/// bits on each and in every run. float32, float64 or int64, of the same shape on all ranks. In
/// place, not recorded. Throws DTypeError.
void all_reduce(const Tensor& tensor);

/// What each rank has given, by rank.
std::vector<std::string> all_gather(const std::string& text);

/// Where this rank runs: "rank 1 of 4 on node7, 2 threads on processors 2-3". Ends with a warning
/// where there are more threads than processors.
std::string describe_rank();

}  // namespace tarn::distributed
