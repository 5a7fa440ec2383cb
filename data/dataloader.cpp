#include <algorithm>
#include <thread>
#include <utility>

#include <tarn/autograd/detail/profile_scope.h>
#include <tarn/data/dataloader.h>
#include <tarn/data/detail/epoch_plan.h>
#include <tarn/data/detail/prefetcher.h>
#include <tarn/tensor/error.h>
#include <tarn/tensor/factories.h>
#include <tarn/tensor/log.h>
#include <tarn/tensor/random.h>
#include <tarn/tensor/str.h>

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
  std::shared_ptr<Place> place;
  bool drop_last;
  int num_workers;
  int prefetch_factor;
  Share share;
  std::optional<detail::Prefetcher> prefetcher{};
  std::int64_t used = 0;  // batches of the epoch, by all ranks, when this rank's next one comes
  Batch batch{};

  // The number of this rank's next batch.
  std::int64_t position() const { return used + share.rank; }

  // Plans the batches that are left, and lets the workers begin.
  void start() {
    prefetcher.reset();  // before the plan that its threads read changes
    const auto examples = static_cast<std::int64_t>(plan.order.size());
    place->grid.resize(used, place->batch_size, examples);
    place->batch = std::max(place->batch, place->grid.batch);  // one that failed lies behind
    plan.grid = place->grid;
    plan.batches = plan.grid.batches(examples, drop_last);
    if (num_workers > 0 && !ended()) {
      prefetcher.emplace(plan, position(), share.num_replicas, num_workers, prefetch_factor);
    }
  }

  bool ended() const { return position() >= plan.batches; }

  // The old batch goes first: its memory serves the new one. A batch that fails is not used.
  void load() {
    const tarn::detail::ProfileScope profile([] { return "DataLoader"; });
    batch = {};
    place->ended = ended();
    if (place->ended) return;
    batch = prefetcher ? prefetcher->next() : plan.fetch(position(), -1, nullptr);
    place->batch = std::min(used + share.num_replicas, plan.batches);
  }
};

DataLoader::DataLoader(DatasetRef dataset, DataLoaderOptions options)
    : dataset_(std::move(dataset)),
      options_(checked(std::move(options))),
      made_batch_size_(options_.batch_size),
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
  log_at(LogLevel::debug, "DataLoader: epoch ", next_.epoch, " begins at batch ", next_.batch,
         " of ", size(), ", fetched by ", options_.num_workers, " workers");
  auto place = std::make_shared<Place>(next_);
  place->batch_size = options_.batch_size;
  if (place->grid.batch_size == 0) place->grid.batch_size = options_.batch_size;
  auto run = std::unique_ptr<Iterator::Run>(
      new Iterator::Run{{dataset_,
                         epoch_order(*options_.sampler, dataset_size_, seed_, place->epoch),
                         {},
                         0,
                         options_.collate,
                         seed_,
                         place->epoch},
                        place,
                        options_.drop_last,
                        options_.num_workers,
                        options_.prefetch_factor,
                        options_.sampler->share()});
  run->used = place->batch;
  run->start();
  next_ = {.epoch = place->epoch + 1};
  running_ = std::move(place);
  run->load();
  return Iterator(std::move(run));
}

std::int64_t DataLoader::size() const {
  const detail::BatchGrid grid{.batch_size = options_.batch_size};
  const std::int64_t replicas = options_.sampler->share().num_replicas;
  return (grid.batches(options_.sampler->num_samples(dataset_size_), options_.drop_last) +
          replicas - 1) /
         replicas;
}

void DataLoader::set_epoch(std::uint64_t epoch) {
  next_ = {.epoch = epoch};
  running_.reset();
}

void DataLoader::set_batch_size(std::int64_t batch_size) {
  check_batch_size(batch_size);
  options_.batch_size = batch_size;
  if (running_) running_->batch_size = batch_size;
}

// Order e tells apart most samplers, but shuffling once and anew begin alike.
std::uint64_t DataLoader::order_hash(std::uint64_t seed, std::uint64_t epoch) const {
  std::uint64_t hash = 0;
  for (const std::uint64_t e : {epoch, epoch + 1}) {
    for (const std::int64_t index : epoch_order(*options_.sampler, dataset_size_, seed, e))
      hash = (hash ^ static_cast<std::uint64_t>(index)) * 0x9e3779b97f4a7c15;
    hash ^= hash >> 29;
  }
  return hash;
}

StateDict DataLoader::state_dict() const {
  Place place = running_ && !running_->ended ? *running_ : next_;
  const std::int64_t examples = options_.sampler->num_samples(dataset_size_);
  if (place.grid.batch_size == 0) place.grid.batch_size = options_.batch_size;
  if (place.batch_size > 0) place.grid.resize(place.batch, place.batch_size, examples);
  StateDict state;
  const auto set = [&](const char* name, auto value) {
    state.set(name, scalar_tensor(static_cast<std::int64_t>(value)));
  };
  set("seed", seed_);
  set("epoch", place.epoch);
  set("batch", place.batch);
  set("first_batch", place.grid.batch);
  set("first_example", place.grid.example);
  set("epoch_batch_size", place.grid.batch_size);
  set("batch_size", options_.batch_size);
  set("made_batch_size", made_batch_size_);
  set("drop_last", options_.drop_last);
  set("dataset_size", dataset_size_);
  set("order", order_hash(seed_, place.epoch));
  return state;
}

void DataLoader::load_state_dict(const StateDict& state) {
  const auto seed = static_cast<std::uint64_t>(integer(state, "seed"));
  const auto at_least = [&](const char* name, std::int64_t least) {
    const std::int64_t value = integer(state, name);
    if (value >= least) return value;
    throw ValueError(str("DataLoader: state \"", name, "\" is ", value, ": expected >= ", least));
  };
  const auto fits = [&](const char* name, std::int64_t own, const char* remedy) {
    const std::int64_t value = integer(state, name);
    if (value == own) return;
    throw ValueError(str("DataLoader: the state is of a loader with ", name, " = ", value,
                         ", this one has ", own, ": ", remedy));
  };
  Place place{.epoch = static_cast<std::uint64_t>(at_least("epoch", 0)),
              .batch = at_least("batch", 0),
              .grid = {.batch = at_least("first_batch", 0),
                       .example = at_least("first_example", 0),
                       .batch_size = at_least("epoch_batch_size", 1)}};
  const std::int64_t batch_size = at_least("batch_size", 1);
  fits("dataset_size", dataset_size_, "resume with the data that the run began with");
  if (at_least("made_batch_size", 1) != made_batch_size_) {
    fits("batch_size", options_.batch_size,
         "make this one with the state's, or set_batch_size() it");
  }
  fits("drop_last", options_.drop_last, "make this one with the state's");
  if (options_.seed) {
    fits("seed", static_cast<std::int64_t>(*options_.seed), "leave .seed out, or give the state's");
  }
  const std::int64_t samples = options_.sampler->num_samples(dataset_size_);
  if (place.grid.example > samples) {
    throw ValueError(str("DataLoader: state \"first_example\" is ", place.grid.example,
                         ": expected 0..", samples, ", the examples of an epoch"));
  }
  if (place.grid.batch > place.grid.example) {
    throw ValueError(str("DataLoader: state \"first_batch\" is ", place.grid.batch,
                         ": expected at most \"first_example\", ", place.grid.example));
  }
  const std::int64_t last = place.grid.batches(samples, options_.drop_last);
  if (place.batch < place.grid.batch || place.batch > last) {
    throw ValueError(str("DataLoader: state \"batch\" is ", place.batch, ": expected ",
                         place.grid.batch, "..", last, ", the batches of an epoch"));
  }
  if (static_cast<std::uint64_t>(integer(state, "order")) != order_hash(seed, place.epoch)) {
    throw ValueError(
        str("DataLoader: the sampler visits the examples of epoch ", place.epoch,
            " in another order than in the state's run: resume with the same sampler or shuffle"));
  }
  if (place.batch == 0) place.grid = {};  // an epoch that has not begun goes by the options
  options_.batch_size = batch_size;
  seed_ = seed;
  next_ = place;
  running_.reset();
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
  if (run_ && !run_->ended()) {
    run_->used += run_->share.num_replicas;
    if (run_->place->batch_size != run_->plan.grid.batch_size) run_->start();
    run_->load();
  }
  return *this;
}

bool DataLoader::Iterator::operator==(std::default_sentinel_t) const {
  return !run_ || run_->ended();
}

}  // namespace tarn::data
