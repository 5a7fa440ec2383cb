#include <array>
#include <cstdlib>
#include <exception>
#include <iostream>
#include <utility>

#include <sched.h>
#include <unistd.h>

#include <tarn/distributed/detail/communicator.h>
#include <tarn/distributed/process_group.h>
#include <tarn/tensor/parallel.h>
#include <tarn/tensor/str.h>

namespace tarn::distributed {
namespace {

bool initialized = false;
detail::Communicator* ranks = nullptr;

std::string this_rank() { return str("[rank ", ranks->rank(), " of ", ranks->size(), "] "); }

// An exception that nobody catches: the default handler would not say on which rank.
[[noreturn]] void end_by_exception() {
  std::string text = "std::terminate was called";
  try {
    if (const std::exception_ptr error = std::current_exception()) std::rethrow_exception(error);
  } catch (const std::exception& error) {
    text = error.what();
  } catch (...) {
    text = "an exception that does not derive from std::exception";
  }
  std::cerr << this_rank() + text + "\n" << std::flush;
  ranks->abort(1);
}

// The other ranks would wait for one that has given up.
void end_by_exit(int exit_code, void*) {
  if (exit_code != 0) {
    std::cerr << this_rank() + str("ends with exit code ", exit_code, ": so do the others\n")
              << std::flush;
    ranks->abort(exit_code);
  }
  try {
    ranks->finalize();
  } catch (const std::exception& error) {
    std::cerr << this_rank() + error.what() + "\n" << std::flush;
    ranks->abort(1);
  }
}

// Text of a list of processors: "0-3,8".
std::string ranges(const cpu_set_t& set) {
  std::string text;
  for (int i = 0; i < CPU_SETSIZE; ++i) {
    if (!CPU_ISSET(i, &set)) continue;
    int last = i;
    while (last + 1 < CPU_SETSIZE && CPU_ISSET(last + 1, &set)) ++last;
    text += (text.empty() ? "" : ",") + (last > i ? str(i, "-", last) : str(i));
    i = last;
  }
  return text;
}

}  // namespace

namespace detail {

int launched_size() {
  for (const char* name : {"OMPI_COMM_WORLD_SIZE", "PMI_SIZE", "SLURM_STEP_NUM_TASKS"}) {
    if (const char* value = std::getenv(name)) return std::atoi(value);
  }
  return 1;
}

Communicator* communicator() {
  if (!initialized && launched_size() > 1) {
    throw Error(str("distributed: ", launched_size(),
                    " processes were started together but do not know of one another: call "
                    "distributed::init() first in main()"));
  }
  return ranks;
}

}  // namespace detail

void init(const InitOptions& options) {
  if (!(options.timeout > 0)) {
    throw ValueError(str("distributed::init: timeout = ", options.timeout, ": expected > 0"));
  }
  if (initialized) return;
  const int launched = detail::launched_size();
  if (launched > 1) {
    ranks = &detail::Communicator::connect(options.timeout);
    if (ranks->size() == 1) {
      throw Error(str("distributed::init: ", launched,
                      " processes were started but MPI knows of one: start the program by the "
                      "mpirun of the MPI that tarn was built with, or by srun --mpi=pmix"));
    }
    std::set_terminate(end_by_exception);
    if (on_exit(end_by_exit, nullptr) != 0) {
      throw Error("distributed::init: the system takes no more exit handlers");
    }
  }
  initialized = true;
}

int rank() {
  const auto* group = detail::communicator();
  return group ? group->rank() : 0;
}

int size() {
  const auto* group = detail::communicator();
  return group ? group->size() : 1;
}

void barrier() {
  if (auto* group = detail::communicator()) group->wait(group->barrier("barrier"));
}

void broadcast(const Tensor& tensor, int source) {
  auto* group = detail::communicator();
  if (source < 0 || source >= size()) {
    throw ValueError(str("broadcast: source = ", source, ": expected 0..", size() - 1));
  }
  if (!group || tensor.numel() == 0) return;
  const Tensor flat = tensor.detach().contiguous();
  const auto bytes = static_cast<std::size_t>(flat.numel()) * element_size(flat.dtype());
  group->wait(group->broadcast(flat.impl().data(), bytes, source,
                               str("broadcast of ", tensor.dtype(), " ", tensor.sizes())));
  tensor.detach().copy_(flat);
}

void all_reduce(const Tensor& tensor) {
  auto* group = detail::communicator();
  if (tensor.dtype() != kFloat32 && tensor.dtype() != kFloat64 && tensor.dtype() != kInt64) {
    throw DTypeError(
        str("all_reduce: the tensor is ", tensor.dtype(), ": expected float32, float64 or int64"));
  }
  if (!group || tensor.numel() == 0) return;
  const Tensor flat = tensor.detach().reshape({-1}).clone();
  group->wait(group->sum(flat, true, str("all-reduce of ", tensor.dtype(), " ", tensor.sizes())));
  tensor.detach().copy_(flat.reshape(tensor.shape()));
}

std::vector<std::string> all_gather(const std::string& text) {
  auto* group = detail::communicator();
  if (!group) return {text};
  const auto count = static_cast<std::size_t>(group->size());
  const std::uint64_t length = text.size();
  std::vector<std::uint64_t> lengths(count);
  group->wait(group->all_gather(&length, sizeof length, lengths.data(), "all-gather of lengths"));
  std::vector<std::string> texts;
  for (std::size_t r = 0; r < count; ++r) {
    texts.push_back(static_cast<int>(r) == group->rank() ? text : std::string(lengths[r], '\0'));
    group->wait(group->broadcast(texts.back().data(), lengths[r], static_cast<int>(r),
                                 "all-gather of texts"));
  }
  return texts;
}

std::string describe_rank() {
  std::array<char, 256> host{};
  gethostname(host.data(), host.size() - 1);
  cpu_set_t set;
  CPU_ZERO(&set);
  sched_getaffinity(0, sizeof set, &set);
  const int threads = get_num_threads();
  std::string text = str("rank ", rank(), " of ", size(), " on ", host.data(), ", ", threads,
                         threads == 1 ? " thread" : " threads", " on processors ", ranges(set));
  if (threads > CPU_COUNT(&set)) {
    text += str("; ", threads, " threads share ", CPU_COUNT(&set),
                ": set OMP_NUM_THREADS, or mpirun --bind-to none");
  }
  return text;
}

}  // namespace tarn::distributed
