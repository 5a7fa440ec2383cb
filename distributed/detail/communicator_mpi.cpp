#define OMPI_SKIP_MPICXX
#define MPICH_SKIP_MPICXX
#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <exception>
#include <functional>
#include <limits>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>

#include <mpi.h>

#include <tarn/distributed/detail/communicator.h>
#include <tarn/distributed/process_group.h>
#include <tarn/tensor/factories.h>
#include <tarn/tensor/str.h>

namespace tarn::distributed::detail {
namespace {

using Clock = std::chrono::steady_clock;

// MPI counts in int.
constexpr std::int64_t kLargestCount = std::int64_t{1} << 28;
// How long a wait is busy before it leaves the processor to others between two looks.
constexpr auto kBusy = std::chrono::milliseconds(5);
constexpr auto kPause = std::chrono::microseconds(20);
// How long ranks are waited for that are asked where they are.
constexpr auto kRollCall = std::chrono::seconds(1);
// The messages that ranks send one another besides those of their common operations.
constexpr int kGoodbye = 0;
constexpr int kHere = 1;
using Place = std::array<char, 128>;  // the text of an operation
// A rank that has ended may still owe us what it sent last.
constexpr auto kLastMessages = std::chrono::seconds(2);

void check(int code, const char* call) {
  if (code == MPI_SUCCESS) return;
  char text[MPI_MAX_ERROR_STRING] = "unknown error";
  int length = 0;
  MPI_Error_string(code, text, &length);
  throw DistributedError(
      str("distributed: ", call, ": ", text,
          code == MPI_ERR_TRUNCATE ? ": expected all ranks to make the same calls" : ""));
}

MPI_Datatype mpi_type(DType dtype) {
  if (dtype == kFloat32) return MPI_FLOAT;
  return dtype == kFloat64 ? MPI_DOUBLE : MPI_INT64_T;
}

template <class F>
void with_elements(const Tensor& tensor, F f) {
  if (tensor.dtype() == kFloat32) return f(tensor.data_ptr<float>());
  if (tensor.dtype() == kFloat64) return f(tensor.data_ptr<double>());
  f(tensor.data_ptr<std::int64_t>());
}

// The elements of a sum that each rank adds up: [first[r], first[r] + count[r]).
struct Shares {
  std::vector<int> first;
  std::vector<int> count;

  Shares(std::int64_t elements, int ranks) {
    for (std::int64_t r = 0; r < ranks; ++r) {
      first.push_back(static_cast<int>(elements * r / ranks));
      count.push_back(static_cast<int>(elements * (r + 1) / ranks) - first.back());
    }
  }
};

}  // namespace

struct Operation {
  std::string what;
  // Each begins one non-blocking operation of MPI, when the one before has ended.
  std::vector<std::function<MPI_Request()>> stages{};
  std::size_t stage = 0;
  std::optional<MPI_Request> request{};
  std::atomic<bool> done = false;
};

struct Communicator::Impl {
  MPI_Comm comm = MPI_COMM_NULL;
  int rank = 0;
  int size = 1;
  double timeout = 0;
  bool threads = false;  // another thread may call MPI

  std::mutex mutex;  // of MPI and the queue
  std::deque<Pending> queue;
  std::exception_ptr error;
  MPI_Comm messages = MPI_COMM_NULL;
  // Goodbyes of the other ranks.
  std::vector<MPI_Request> ended;
  int ended_rank = -1;  // of those who did, the one that was noticed first

  std::atomic<int> waiting = 0;  // threads in wait(), which advance the queue themselves
  std::thread background;
  std::condition_variable work;
  bool stop = false;

  Pending enqueue(Pending operation) {
    const std::lock_guard lock(mutex);
    queue.push_back(operation);
    advance();
    return operation;
  }

  // Goes as far as it can without waiting. The caller holds the mutex.
  void advance() {
    if (error) return;
    try {
      while (!queue.empty()) {
        Operation& front = *queue.front();
        if (!front.request) front.request = front.stages[front.stage]();
        int ready = 0;
        check(MPI_Test(&*front.request, &ready, MPI_STATUS_IGNORE), front.what.c_str());
        if (!ready) return;
        front.request.reset();
        if (++front.stage < front.stages.size()) continue;
        front.done = true;
        queue.pop_front();
      }
    } catch (...) {
      error = std::current_exception();
    }
  }

  // Whether a rank has said goodbye.
  bool has_one_ended() {
    if (ended_rank >= 0) return true;
    const std::lock_guard lock(mutex);
    int index = MPI_UNDEFINED;
    int any = 0;
    check(
        MPI_Testany(static_cast<int>(ended.size()), ended.data(), &index, &any, MPI_STATUS_IGNORE),
        "MPI_Testany");
    if (any && index != MPI_UNDEFINED) ended_rank = index < rank ? index : index + 1;
    return ended_rank >= 0;
  }

  // Whether a rank that has waited too long asks where the others are.
  bool is_asked() {
    const std::lock_guard lock(mutex);
    int any = 0;
    check(MPI_Iprobe(MPI_ANY_SOURCE, kHere, messages, &any, MPI_STATUS_IGNORE), "MPI_Iprobe");
    return any != 0;
  }

  // Where the other ranks are, as far as they answer: those that wait, too, say so to all.
  std::string roll_call(const Operation& operation) {
    const std::lock_guard lock(mutex);
    // Never freed: what was sent may be read after this rank has given up.
    auto* const here = new Place{};
    operation.what.copy(here->data(), here->size() - 1);
    std::vector<Place> places(static_cast<std::size_t>(size));
    for (int r = 0; r < size; ++r) {
      MPI_Request request = MPI_REQUEST_NULL;
      if (r != rank) {
        MPI_Isend(here->data(), static_cast<int>(here->size()), MPI_CHAR, r, kHere, messages,
                  &request);
      }
    }
    const auto begin = Clock::now();
    while (Clock::now() - begin < kRollCall) {
      int any = 0;
      MPI_Status status;
      MPI_Iprobe(MPI_ANY_SOURCE, kHere, messages, &any, &status);
      if (!any) {
        std::this_thread::sleep_for(kPause);
        continue;
      }
      Place& place = places[static_cast<std::size_t>(status.MPI_SOURCE)];
      MPI_Recv(place.data(), static_cast<int>(place.size()), MPI_CHAR, status.MPI_SOURCE, kHere,
               messages, MPI_STATUS_IGNORE);
    }
    std::string text;
    for (int r = 0; r < size; ++r) {
      const Place& place = places[static_cast<std::size_t>(r)];
      if (r == rank || place == *here) continue;
      text += str(text.empty() ? "rank " : ", rank ", r, " ",
                  place[0] == 0 ? "does not answer" : str("is in ", place.data()));
    }
    return text.empty() ? "all ranks answer" : text;
  }

  std::string waiting_in(const Operation& operation) const {
    return str("rank ", rank, " of ", size, " in ", operation.what, ": ");
  }

  void work_in_background() {
    std::unique_lock lock(mutex);
    while (!stop) {
      if (queue.empty() || error) {
        work.wait(lock);
        continue;
      }
      if (waiting == 0) advance();
      lock.unlock();
      std::this_thread::sleep_for(kPause);
      lock.lock();
    }
  }
};

Communicator::Communicator() : impl_(std::make_unique<Impl>()) {}
Communicator::~Communicator() = default;

Communicator& Communicator::connect(double timeout) {
  static auto* const instance = new Communicator;  // never destroyed: it ends with the process
  Impl& impl = *instance->impl_;
  if (impl.comm != MPI_COMM_NULL) return *instance;
  int provided = MPI_THREAD_SINGLE;
  int already = 0;
  MPI_Initialized(&already);
  if (already) {
    MPI_Query_thread(&provided);
  } else {
    check(MPI_Init_thread(nullptr, nullptr, MPI_THREAD_SERIALIZED, &provided), "MPI_Init_thread");
  }
  impl.threads = provided >= MPI_THREAD_SERIALIZED;
  impl.timeout = timeout;
  check(MPI_Comm_dup(MPI_COMM_WORLD, &impl.comm), "MPI_Comm_dup");
  check(MPI_Comm_dup(MPI_COMM_WORLD, &impl.messages), "MPI_Comm_dup");
  // Non-blocking operations report on the first of them.
  for (const MPI_Comm comm : {MPI_COMM_WORLD, impl.comm, impl.messages})
    MPI_Comm_set_errhandler(comm, MPI_ERRORS_RETURN);
  MPI_Comm_rank(impl.comm, &impl.rank);
  MPI_Comm_size(impl.comm, &impl.size);
  for (int r = 0; r < impl.size; ++r) {
    if (r == impl.rank) continue;
    impl.ended.emplace_back();
    check(MPI_Irecv(nullptr, 0, MPI_BYTE, r, kGoodbye, impl.messages, &impl.ended.back()),
          "MPI_Irecv");
  }
  return *instance;
}

int Communicator::rank() const { return impl_->rank; }
int Communicator::size() const { return impl_->size; }

Pending Communicator::sum(const Tensor& flat, bool fixed_order, std::string what) {
  Impl* const impl = impl_.get();
  auto operation = std::make_shared<Operation>();
  operation->what = std::move(what);
  const MPI_Datatype type = mpi_type(flat.dtype());
  for (std::int64_t begin = 0; begin < flat.numel(); begin += kLargestCount) {
    const Tensor piece =
        flat.narrow(0, begin, std::min(kLargestCount, flat.numel() - begin)).detach();
    if (!fixed_order) {
      operation->stages.emplace_back([=] {
        MPI_Request request = MPI_REQUEST_NULL;
        check(MPI_Iallreduce(MPI_IN_PLACE, piece.impl().data(), static_cast<int>(piece.numel()),
                             type, MPI_SUM, impl->comm, &request),
              "MPI_Iallreduce");
        return request;
      });
      continue;
    }
    // Each rank adds up its share of the elements, which is what a ring sends, too: 2 (k - 1) / k
    // of the bytes for k ranks.
    const auto shares = std::make_shared<const Shares>(piece.numel(), impl->size);
    const int own = shares->count[static_cast<std::size_t>(impl->rank)];
    const auto parts = std::make_shared<const Shares>(std::int64_t{own} * impl->size, impl->size);
    const Tensor terms = empty({std::int64_t{own} * impl->size}, {.dtype = flat.dtype()});
    operation->stages.emplace_back([=] {
      MPI_Request request = MPI_REQUEST_NULL;
      check(MPI_Ialltoallv(piece.impl().data(), shares->count.data(), shares->first.data(), type,
                           terms.impl().data(), parts->count.data(), parts->first.data(), type,
                           impl->comm, &request),
            "MPI_Ialltoallv");
      return request;
    });
    operation->stages.emplace_back([=] {
      with_elements(piece, [&]<class T>(T* sum) {
        sum += shares->first[static_cast<std::size_t>(impl->rank)];
        const T* term = terms.data_ptr<T>();
        for (int i = 0; i < own; ++i) sum[i] = term[i];
        for (int r = 1; r < impl->size; ++r) {
          term += own;
          for (int i = 0; i < own; ++i) sum[i] += term[i];
        }
      });
      MPI_Request request = MPI_REQUEST_NULL;
      check(MPI_Iallgatherv(MPI_IN_PLACE, 0, type, piece.impl().data(), shares->count.data(),
                            shares->first.data(), type, impl->comm, &request),
            "MPI_Iallgatherv");
      return request;
    });
  }
  return impl->enqueue(std::move(operation));
}

Pending Communicator::all_gather(const void* mine, std::size_t bytes, void* all, std::string what) {
  Impl* const impl = impl_.get();
  auto operation = std::make_shared<Operation>();
  operation->what = std::move(what);
  operation->stages.emplace_back([=] {
    MPI_Request request = MPI_REQUEST_NULL;
    check(MPI_Iallgather(mine, static_cast<int>(bytes), MPI_BYTE, all, static_cast<int>(bytes),
                         MPI_BYTE, impl->comm, &request),
          "MPI_Iallgather");
    return request;
  });
  return impl->enqueue(std::move(operation));
}

Pending Communicator::broadcast(void* data, std::size_t bytes, int source, std::string what) {
  Impl* const impl = impl_.get();
  auto operation = std::make_shared<Operation>();
  operation->what = std::move(what);
  const auto all = static_cast<std::int64_t>(bytes);
  std::int64_t begin = 0;
  do {  // once for no bytes, too
    const auto count = static_cast<int>(std::min(kLargestCount, all - begin));
    operation->stages.emplace_back([=] {
      MPI_Request request = MPI_REQUEST_NULL;
      check(MPI_Ibcast(static_cast<std::byte*>(data) + begin, count, MPI_BYTE, source, impl->comm,
                       &request),
            "MPI_Ibcast");
      return request;
    });
    begin += kLargestCount;
  } while (begin < all);
  return impl->enqueue(std::move(operation));
}

Pending Communicator::barrier(std::string what) {
  Impl* const impl = impl_.get();
  auto operation = std::make_shared<Operation>();
  operation->what = std::move(what);
  operation->stages.emplace_back([=] {
    MPI_Request request = MPI_REQUEST_NULL;
    check(MPI_Ibarrier(impl->comm, &request), "MPI_Ibarrier");
    return request;
  });
  return impl->enqueue(std::move(operation));
}

void Communicator::wait(const Pending& operation) {
  Impl& impl = *impl_;
  struct Waiting {
    std::atomic<int>& count;
    explicit Waiting(std::atomic<int>& c) : count(c) { ++count; }
    ~Waiting() { --count; }
  } waiting(impl.waiting);
  const auto begin = Clock::now();
  std::optional<Clock::time_point> ended;  // when it was noticed that another rank has
  while (!operation->done) {
    {
      const std::lock_guard lock(impl.mutex);
      impl.advance();
      if (impl.error) std::rethrow_exception(impl.error);
    }
    const auto now = Clock::now();
    if (now - begin < kBusy) {
      std::this_thread::yield();
      continue;
    }
    const bool too_long =
        std::chrono::duration<double>(now - begin).count() > impl.timeout || impl.is_asked();
    if (!ended && impl.has_one_ended()) ended = now;
    if (ended && (too_long || now - *ended > kLastMessages)) {
      throw DistributedError(str(impl.waiting_in(*operation), "rank ", impl.ended_rank,
                                 " has ended its program: expected all ranks to make the same "
                                 "calls"));
    }
    if (too_long) {
      throw DistributedError(
          str(impl.waiting_in(*operation), impl.roll_call(*operation),
              " when the ranks had waited ", impl.timeout,
              " s for one another: it has stopped, is much slower, or makes other calls; raise "
              "InitOptions::timeout for a longer wait"));
    }
    std::this_thread::sleep_for(kPause);
  }
}

void Communicator::advance_in_background() {
  Impl& impl = *impl_;
  if (!impl.threads) return;
  const std::lock_guard lock(impl.mutex);
  if (impl.queue.empty()) return;
  if (!impl.background.joinable())
    impl.background = std::thread([&impl] { impl.work_in_background(); });
  impl.work.notify_one();
}

void Communicator::abort(int exit_code) {
  MPI_Abort(impl_->comm, exit_code);
  std::abort();
}

void Communicator::finalize() {
  Impl& impl = *impl_;
  {
    const std::lock_guard lock(impl.mutex);
    impl.stop = true;
  }
  impl.work.notify_one();
  if (impl.background.joinable()) impl.background.join();
  int finalized = 0;
  MPI_Finalized(&finalized);
  if (finalized) return;
  std::vector<MPI_Request> sent;
  for (int r = 0; r < impl.size; ++r) {
    if (r == impl.rank) continue;
    sent.emplace_back();
    check(MPI_Isend(nullptr, 0, MPI_BYTE, r, kGoodbye, impl.messages, &sent.back()), "MPI_Isend");
  }
  for (auto* requests : {&sent, &impl.ended}) {
    check(MPI_Waitall(static_cast<int>(requests->size()), requests->data(), MPI_STATUSES_IGNORE),
          "MPI_Waitall");
  }
  check(MPI_Finalize(), "MPI_Finalize");
}

}  // namespace tarn::distributed::detail
