#include <algorithm>
#include <exception>
#include <string>

#include <tarn/autograd/grad_mode.h>
#include <tarn/data/detail/epoch_plan.h>
#include <tarn/data/fetch_scope.h>
#include <tarn/tensor/error.h>
#include <tarn/tensor/str.h>

namespace tarn::data::detail {
namespace {

// Called in a handler: throws what is handled again, inside a WorkerError.
[[noreturn]] void throw_nested(std::int64_t index, std::int64_t batch, int worker,
                               const char* text) {
  const std::string place = index >= 0 ? str("data[", index, "]") : str("batch ", batch);
  const std::string thread = worker >= 0 ? str("worker ", worker) : "no worker";
  std::throw_with_nested(WorkerError(str(place, " (", thread, "): ", text), index));
}

}  // namespace

Batch EpochPlan::fetch(std::int64_t batch, int worker, const std::atomic<bool>* cancelled) const {
  const auto begin = static_cast<std::size_t>(grid.start(batch));
  const std::span<const std::int64_t> indices(
      order.data() + begin,
      std::min(order.size() - begin, static_cast<std::size_t>(grid.batch_size)));
  FetchScope scope(seed, epoch, batch, indices, cancelled);
  const NoGradGuard no_grad;
  try {
    return collate ? collate(get_examples(*dataset, indices)) : dataset->get_batch(indices);
  } catch (const std::exception& error) {
    throw_nested(scope.index(), batch, worker, error.what());
  } catch (...) {
    throw_nested(scope.index(), batch, worker,
                 "an exception that does not derive from std::exception");
  }
}

}  // namespace tarn::data::detail
