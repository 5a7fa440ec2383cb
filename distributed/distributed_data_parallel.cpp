#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include <tarn/autograd/grad_mode.h>
#include <tarn/distributed/detail/gradient_reducer.h>
#include <tarn/distributed/distributed_data_parallel.h>
#include <tarn/distributed/process_group.h>
#include <tarn/tensor/error.h>
#include <tarn/tensor/random.h>
#include <tarn/tensor/str.h>

namespace tarn::distributed {
namespace {

using Lines = std::vector<std::string>;

// What must be the same on all ranks, a line for each thing.
Lines description(const nn::Module& model, const DistributedDataParallelOptions& options) {
  Lines lines;
  const auto add = [&](const char* kind, const auto& name, const Tensor& tensor) {
    lines.push_back(str(kind, " ", name, ", ", tensor.dtype(), " ", tensor.sizes(),
                        tensor.requires_grad() ? "" : ", not trained"));
  };
  for (const auto& [name, tensor] : model.named_parameters()) add("parameter", name, tensor);
  for (const auto& [name, tensor] : model.named_buffers()) add("buffer", name, tensor);
  lines.push_back(str("bucket_cap_mb = ", options.bucket_cap_mb));
  lines.push_back(str("fixed_order = ", options.fixed_order));
  lines.push_back(str("reduction = ", options.reduction == Reduction::mean ? "mean" : "sum"));
  lines.push_back(options.noise_scale ? "a noise_scale" : "no noise_scale");
  lines.push_back(str("manual_seed(", default_generator().seed(), ")"));
  return lines;
}

std::string joined(const Lines& lines) {
  std::string text;
  for (const std::string& line : lines) text += line + '\n';
  return text;
}

Lines split(const std::string& text) {
  Lines lines;
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = text.find('\n', begin);
    lines.push_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  return lines;
}

void check_same(const nn::Module& model, const DistributedDataParallelOptions& options) {
  const std::vector<std::string> all = all_gather(joined(description(model, options)));
  const Lines expected = split(all[0]);
  for (std::size_t r = 1; r < all.size(); ++r) {
    if (all[r] == all[0]) continue;
    const Lines other = split(all[r]);
    std::size_t i = 0;
    while (i < expected.size() && i < other.size() && expected[i] == other[i]) ++i;
    const auto line = [i](const Lines& lines) { return i < lines.size() ? lines[i] : "nothing"; };
    throw ValueError(str("DistributedDataParallel: rank ", r, " has ", line(other),
                         " where rank 0 has ", line(expected),
                         ": expected the same model, options and seed on all ranks"));
  }
}

}  // namespace

DistributedDataParallel::DistributedDataParallel(nn::Module& model,
                                                 const DistributedDataParallelOptions& options)
    : model_(model) {
  if (options.reduction == Reduction::none)
    throw ValueError("DistributedDataParallel: reduction = none: expected mean or sum");
  if (!(options.bucket_cap_mb > 0)) {
    throw ValueError(
        str("DistributedDataParallel: bucket_cap_mb = ", options.bucket_cap_mb, ": expected > 0"));
  }
  detail::Communicator* const ranks = detail::communicator();
  if (!ranks) return;
  check_same(model, options);
  for (const auto& [name, tensor] : model.named_parameters()) broadcast(tensor);
  for (const auto& [name, tensor] : model.named_buffers()) broadcast(tensor);
  reducer_ = std::make_unique<detail::GradientReducer>(model, *ranks, options);
}

DistributedDataParallel::~DistributedDataParallel() = default;

Tensor DistributedDataParallel::operator()(const Tensor& x, Where where) {
  if (!model_.is_training() || !is_grad_enabled()) return model_(x, where);
  if (x.dim() > 0 && x.size(0) > 0) add_examples(x.size(0));
  if (!reducer_ || reducer_->rank() == 0) return model_(x, where);
  // Dropout must differ between the examples of one step. The streams stay those of rank 0.
  Generator& shared = default_generator();
  Generator own(fork_seed(shared.seed(), static_cast<std::uint64_t>(reducer_->rank())),
                shared.stream());
  Tensor result;
  {
    const GeneratorGuard guard(own);
    result = model_(x, where);
  }
  shared.set_state(shared.seed(), own.stream());
  return result;
}

void DistributedDataParallel::add_examples(std::int64_t count) {
  if (count < 1)
    throw ValueError(str("DistributedDataParallel: ", count, " examples: expected >= 1"));
  if (sync_) left_over_ = false;
  if (reducer_) reducer_->add_examples(count);
}

DistributedDataParallel::NoSync::NoSync(DistributedDataParallel& parallel, bool enabled)
    : parallel_(parallel), previous_(parallel.sync_) {
  if (enabled) parallel.sync_ = false;
  if (parallel.reducer_) parallel.reducer_->set_sync(parallel.sync_);
}

DistributedDataParallel::NoSync::~NoSync() {
  parallel_.left_over_ = !parallel_.sync_;
  parallel_.sync_ = previous_;
  if (parallel_.reducer_) parallel_.reducer_->set_sync(previous_);
}

void DistributedDataParallel::stop() {
  stop_ = true;
  if (reducer_) reducer_->stop();
}

bool DistributedDataParallel::should_stop() const {
  return reducer_ ? reducer_->should_stop() : stop_;
}

void DistributedDataParallel::join(const std::function<void()>& step) {
  if (!reducer_) {
    if (std::exchange(left_over_, false)) step();
    return;
  }
  for (bool first = true; reducer_->step_without_backward(first); first = false) step();
}

}  // namespace tarn::distributed
