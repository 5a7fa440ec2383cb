// In place of communicator_mpi.cpp where there is no MPI: one process is all there is.

#include <cstdlib>
#include <utility>

#include <tarn/distributed/detail/communicator.h>
#include <tarn/distributed/process_group.h>
#include <tarn/tensor/str.h>

namespace tarn::distributed::detail {
namespace {

[[noreturn]] void throw_without_mpi() {
  throw Error(str("distributed::init: ", launched_size(),
                  " processes were started together, but tarn was built without MPI: install it "
                  "(Debian: libopenmpi-dev), configure and build again"));
}

}  // namespace

struct Operation {};
struct Communicator::Impl {};

Communicator::Communicator() = default;
Communicator::~Communicator() = default;

Communicator& Communicator::connect(double) { throw_without_mpi(); }
int Communicator::rank() const { return 0; }
int Communicator::size() const { return 1; }
Pending Communicator::sum(const Tensor&, bool, std::string) { throw_without_mpi(); }
Pending Communicator::all_gather(const void*, std::size_t, void*, std::string) {
  throw_without_mpi();
}
Pending Communicator::broadcast(void*, std::size_t, int, std::string) { throw_without_mpi(); }
Pending Communicator::barrier(std::string) { throw_without_mpi(); }
void Communicator::wait(const Pending&) { throw_without_mpi(); }
void Communicator::advance_in_background() {}
void Communicator::abort(int) { std::abort(); }
void Communicator::finalize() {}

}  // namespace tarn::distributed::detail
