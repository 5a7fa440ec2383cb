#include <bit>
#include <thread>
#include <utility>

#include <tarn/data/dataloader.h>
#include <tarn/data/detail/epoch_plan.h>
#include <tarn/data/detail/prefetcher.h>
#include <tarn/tensor/error.h>
#include <tarn/tensor/factories.h>
#include <tarn/tensor/random.h>
#include <tarn/tensor/str.h>
#include <tarn/tensor/warning.h>

namespace tarn::data {
namespace {

constexpr int kMaxWorkers = 1024;
constexpr int kMaxPrefetch = 1024;

void check_batch_size(std::int64_t batch_size) {
  if (batch_size < 1)
    throw ValueError(str("DataLoader: batch_size = ", batch_size, ": expected >= 1"));
}

DataLoaderOptions checked(DataLoaderOptions options) {
  check_batch_size(options.batch_size);
  if (options.num_workers < 0 || options.num_workers > kMaxWorkers) {
    throw ValueError(
        str("DataLoader: num_workers = ", options.num_workers, ": expected 0..", kMaxWorkers));
  }
  if (options.prefetch_factor < 1 || options.prefetch_factor > kMaxPrefetch) {
    throw ValueError(str("DataLoader: prefetch_factor = ", options.prefetch_factor,
                         ": expected 1..", kMaxPrefetch));
  }
  const unsigned processors = std::thread::hardware_concurrency();
  if (processors > 0 && static_cast<unsigned>(options.num_workers) > processors) {
    warn_once("DataLoader.num_workers",
              str("DataLoader: num_workers = ", options.num_workers, " on ", processors,
                  " processors: more workers than processors seldom help"));
  }
  if (!options.sampler && options.shuffle)
    options.sampler = std::make_shared<const RandomSampler>();
  if (!options.sampler) options.sampler = std::make_shared<const SequentialSampler>();
  return options;
}

std::int64_t checked_count(const char* whose, std::int64_t count) {
  if (count < 0) throw ValueError(str("DataLoader: ", whose, " is ", count, ": expected >= 0"));
  return count;
}

std::uint64_t drawn_seed() {
  Generator& generator = default_generator();
  return fork_seed(generator.seed(), generator.next_stream());
}

std::vector<std::int64_t> epoch_order(const Sampler& sampler, std::int64_t size, std::uint64_t seed,
                                      std::uint64_t epoch) {
  std::vector<std::int64_t> order = sampler.indices(size, seed, epoch);
  const auto count = static_cast<std::int64_t>(order.size());
  if (count != sampler.num_samples(size)) {
    throw ValueError(str("DataLoader: sampler returned ", count, " indices: expected ",
                         sampler.num_samples(size), ", as its num_samples() says"));
  }
  for (std::size_t i = 0; i < order.size(); ++i) {
    if (order[i] >= 0 && order[i] < size) continue;
    throw IndexError(str("DataLoader: sampler returned index ", order[i], " at position ", i,
                         ": dataset has ", size));
  }
  return order;
}

// The value of an entry that must be one int64.
std::int64_t integer(const StateDict& state, const char* name) {
  const Tensor& value = state.at(name);
  if (!value.defined() || value.dtype() != kInt64 || value.numel() != 1) {
    throw ValueError(str("DataLoader: state \"", name, "\" is ",
                         value.defined() ? str(value.dtype(), " ", value.sizes()) : "undefined",
                         ": expected int64 []"));
  }
  return value.item<std::int64_t>();
}

}  // namespace

// An epoch under way.
struct DataLoader::Iterator::Run {
  detail::EpochPlan plan;
  std::optional<detail::Prefetcher> prefetcher{};
  std::int64_t position = 0;
  Batch batch{};

  // The old batch goes first: its memory serves the new one.
  void load() {
    batch = {};
    if (position == plan.batches) return;
    batch = prefetcher ? prefetcher->next() : plan.fetch(position, -1, nullptr);
  }
};

DataLoader::DataLoader(DatasetRef dataset, DataLoaderOptions options)
    : dataset_(std::move(dataset)),
      options_(checked(std::move(options))),
      dataset_size_(checked_count("the size of the data set", dataset_->size())),
      seed_(options_.seed ? *options_.seed : drawn_seed()) {
  checked_count("the sampler's num_samples()", options_.sampler->num_samples(dataset_size_));
}

DataLoader::Iterator DataLoader::begin() {
  if (dataset_->size() != dataset_size_) {
    throw ValueError(str("DataLoader: the data set has ", dataset_->size(), " examples, it had ",
                         dataset_size_, " when the loader was made: make a new loader"));
  }
  if (size() == 0) {
    warn_once("DataLoader.no_batches", str("DataLoader: no batches: ", dataset_size_,
                                           " examples, batch_size = ", options_.batch_size,
                                           ", drop_last = ", options_.drop_last));
  }
  auto run = std::unique_ptr<Iterator::Run>(
      new Iterator::Run{{dataset_, epoch_order(*options_.sampler, dataset_size_, seed_, epoch_),
                         options_.batch_size, size(), seed_, epoch_}});
  if (options_.num_workers > 0 && run->plan.batches > 0) {
    run->prefetcher.emplace(run->plan, options_.num_workers, options_.prefetch_factor);
  }
  ++epoch_;
  run->load();
  return Iterator(std::move(run));
}

std::int64_t DataLoader::size() const {
  const std::int64_t samples = options_.sampler->num_samples(dataset_size_);
  const bool short_batch = samples % options_.batch_size != 0 && !options_.drop_last;
  return samples / options_.batch_size + (short_batch ? 1 : 0);
}

void DataLoader::set_batch_size(std::int64_t batch_size) {
  check_batch_size(batch_size);
  options_.batch_size = batch_size;
}

StateDict DataLoader::state_dict() const {
  StateDict state;
  state.set("seed", scalar_tensor(std::bit_cast<std::int64_t>(seed_)));
  state.set("epoch", scalar_tensor(std::bit_cast<std::int64_t>(epoch_)));
  return state;
}

void DataLoader::load_state_dict(const StateDict& state) {
  const std::int64_t seed = integer(state, "seed");
  const std::int64_t epoch = integer(state, "epoch");
  if (epoch < 0) throw ValueError(str("DataLoader: state \"epoch\" is ", epoch, ": expected >= 0"));
  seed_ = std::bit_cast<std::uint64_t>(seed);
  epoch_ = static_cast<std::uint64_t>(epoch);
}

DataLoader::Iterator::Iterator(std::unique_ptr<Run> run) : run_(std::move(run)) {}
DataLoader::Iterator::Iterator(Iterator&&) noexcept = default;
DataLoader::Iterator& DataLoader::Iterator::operator=(Iterator&&) noexcept = default;
DataLoader::Iterator::~Iterator() = default;

Batch& DataLoader::Iterator::operator*() const {
  if (!run_) throw Error("DataLoader: this iterator was moved from: use the one it was moved to");
  return run_->batch;
}

DataLoader::Iterator& DataLoader::Iterator::operator++() {
  if (run_ && run_->position < run_->plan.batches) {
    ++run_->position;
    run_->load();
  }
  return *this;
}

bool DataLoader::Iterator::operator==(std::default_sentinel_t) const {
  return !run_ || run_->position == run_->plan.batches;
}

}  // namespace tarn::data
