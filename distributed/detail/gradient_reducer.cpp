#include <algorithm>
#include <cmath>
#include <cstring>
#include <utility>

#include <tarn/autograd/grad_mode.h>
#include <tarn/distributed/detail/gradient_reducer.h>
#include <tarn/nn/clip_grad.h>
#include <tarn/tensor/error.h>
#include <tarn/tensor/factories.h>
#include <tarn/tensor/parallel.h>
#include <tarn/tensor/random.h>
#include <tarn/tensor/str.h>

namespace tarn::distributed::detail {
namespace {

constexpr double kMiB = 1024 * 1024;
constexpr std::int64_t kGrain = 1 << 16;
constexpr std::int64_t kSamples = 16;  // elements of a parameter that are compared between ranks

template <class F>
void with_type(const Tensor& tensor, F f) {
  if (tensor.dtype() == kFloat64) return f(double{});
  f(float{});
}

// `tensor` with elements that follow one another in memory as they do in a bucket.
Tensor laid_out(const Tensor& tensor, const Tensor& like, const Shape& strides) {
  if (tensor.strides() == strides) return tensor;
  Tensor copy = empty_like(like);
  copy.copy_(tensor);
  return copy;
}

// to = factor (a + b), where a or b may be missing.
template <class T>
void write_sum(T* to, const T* a, const T* b, std::int64_t count, double factor) {
  parallel_for(0, count, kGrain, [=](std::int64_t first, std::int64_t last) {
    for (std::int64_t i = first; i < last; ++i) {
      const T sum = a && b ? a[i] + b[i] : a ? a[i] : b[i];
      to[i] = static_cast<T>(static_cast<double>(sum) * factor);
    }
  });
}

}  // namespace

GradientReducer::GradientReducer(nn::Module& model, Communicator& ranks,
                                 const DistributedDataParallelOptions& options)
    : model_(model),
      ranks_(ranks),
      options_(options),
      parts_(static_cast<std::size_t>(ranks.size())) {
  make_buckets(options.bucket_cap_mb);
  register_hooks();
}

GradientReducer::~GradientReducer() {
  for (RemovableHandle& hook : hooks_) hook.remove();
}

void GradientReducer::make_buckets(double cap_mb) {
  for (const auto& [name, parameter] : model_.named_parameters()) {
    if (parameter.requires_grad()) slots_.push_back({parameter, empty_like(parameter).strides()});
  }
  // backward() comes to the last layers first.
  std::ranges::reverse(slots_);
  const nn::NamedTensors named = model_.named_parameters();
  for (std::size_t i = 0; i < slots_.size(); ++i) {
    Slot& slot = slots_[i];
    const auto element = static_cast<double>(element_size(slot.parameter.dtype()));
    const double cap = kMiB * (buckets_.size() <= 1 ? std::min(1.0, cap_mb) : cap_mb);
    const bool fits =
        !buckets_.empty() &&
        slots_[buckets_.back().slots[0]].parameter.dtype() == slot.parameter.dtype() &&
        static_cast<double>(buckets_.back().elements + slot.parameter.numel()) * element <= cap;
    if (!fits) {
      buckets_.emplace_back();
      const auto first = std::ranges::find_if(
          named, [&](const auto& entry) { return entry.second.is_same(slot.parameter); });
      buckets_.back().what =
          str("all-reduce of gradients, bucket ", buckets_.size(), " from ", first->first, " on");
    }
    Bucket& bucket = buckets_.back();
    slot.bucket = buckets_.size() - 1;
    slot.offset = bucket.elements;
    bucket.elements += slot.parameter.numel();
    bucket.slots.push_back(i);
  }
  for (Bucket& bucket : buckets_) {
    const auto flags = static_cast<std::int64_t>(bucket.slots.size());
    bucket.flat =
        zeros({bucket.elements + flags}, {.dtype = slots_[bucket.slots[0]].parameter.dtype()});
    bucket.missing = bucket.slots.size();
  }
}

void GradientReducer::register_hooks() {
  for (std::size_t i = 0; i < slots_.size(); ++i) {
    hooks_.push_back(slots_[i].parameter.register_hook(
        [this, i](const Tensor& gradient) { arrived(i, gradient); }));
    // The first of these comes when the gradients of all leaves are complete.
    hooks_.push_back(slots_[i].parameter.register_post_accumulate_grad_hook([this](const Tensor&) {
      if (under_way_) finish(true);
    }));
  }
}

void GradientReducer::check_parameters() const {
  std::size_t found = slots_.size();
  for (const Tensor& parameter : model_.parameters()) {
    if (!parameter.requires_grad()) continue;
    if (found == 0 || !slots_[--found].parameter.is_same(parameter)) {
      found = 1;
      break;
    }
  }
  if (found == 0) return;
  throw ValueError(
      "DistributedDataParallel: other parameters require grad than when it was made: "
      "make a new one after freezing, thawing or replacing parameters");
}

// Looks at a few elements of each parameter: where ranks took other steps, nearly all differ.
std::uint64_t GradientReducer::hash_of_parameters() const {
  std::uint64_t hash = 0;
  for (const Slot& slot : slots_) {
    const Tensor& p = slot.parameter;
    const std::int64_t count = p.is_dense() ? p.numel() : std::min<std::int64_t>(p.numel(), 1);
    const auto size = static_cast<std::int64_t>(element_size(p.dtype()));
    for (std::int64_t i = 0; i < count; i += std::max<std::int64_t>(count / kSamples, 1)) {
      std::uint64_t bits = 0;
      std::memcpy(&bits, p.impl().data() + i * size, static_cast<std::size_t>(size));
      hash = (hash ^ bits) * 0x9e3779b97f4a7c15;
      hash ^= hash >> 32;
    }
  }
  return hash;
}

void GradientReducer::begin() {
  check_parameters();
  under_way_ = true;
  part_.stream = default_generator().stream();
  part_.stop = asked_to_stop_;
  part_.parameters = hash_of_parameters();
  gathering_ = ranks_.all_gather(&part_, sizeof part_, parts_.data(), "all-gather of batch sizes");
}

void GradientReducer::arrived(std::size_t index, const Tensor& gradient) {
  if (!sync_) return;
  if (is_grad_enabled()) {
    throw AutogradError(
        "DistributedDataParallel: backward() with create_graph: expected one "
        "inside no_sync(), since the sum over ranks is not differentiable");
  }
  if (slots_[index].filled) {
    throw Error(
        "DistributedDataParallel: a backward() before this one ended without its step "
        "with the other ranks, by an exception or as a call of grad(): end the program, or "
        "call grad() inside no_sync()");
  }
  if (!under_way_) {
    if (part_.examples == 0) {
      throw ValueError(
          "DistributedDataParallel: backward() without examples: call the model "
          "through it, or add_examples()");
    }
    begin();
  }
  fill(index, slots_[index].parameter.grad(), gradient);
  if (options_.overlap) {
    launch_ready();
    if (launched_ < buckets_.size()) ranks_.advance_in_background();
  }
}

void GradientReducer::fill(std::size_t index, const Tensor& own, const Tensor& gradient) {
  const NoGradGuard no_grad;
  Slot& slot = slots_[index];
  Bucket& bucket = buckets_[slot.bucket];
  const std::int64_t count = slot.parameter.numel();
  const bool has = own.defined() || gradient.defined();
  with_type(bucket.flat, [&]<class T>(T) {
    T* const flat = bucket.flat.data_ptr<T>();
    const auto place = std::ranges::find(bucket.slots, index) - bucket.slots.begin();
    flat[bucket.elements + place] = has;
    if (!has) {
      std::fill_n(flat + slot.offset, count, T{0});
      return;
    }
    const auto elements = [&](Tensor& tensor) -> const T* {
      if (!tensor.defined()) return nullptr;
      tensor = laid_out(tensor, slot.parameter, slot.strides);
      return tensor.data_ptr<T>();
    };
    Tensor a = own;
    Tensor b = gradient;
    const double weight =
        options_.reduction == Reduction::mean ? static_cast<double>(part_.examples) : 1;
    write_sum(flat + slot.offset, elements(a), elements(b), count, weight);
  });
  slot.filled = true;
  --bucket.missing;
}

void GradientReducer::launch_ready() {
  while (launched_ < buckets_.size() && buckets_[launched_].missing == 0) {
    Bucket& bucket = buckets_[launched_++];
    if (options_.noise_scale) {
      const double norm = nn::get_total_norm({bucket.flat.narrow(0, 0, bucket.elements)});
      squared_norm_ += norm * norm;
    }
    bucket.pending = ranks_.sum(bucket.flat, options_.fixed_order, bucket.what);
  }
}

void GradientReducer::wait_for_parts() {
  ranks_.wait(gathering_);
  should_stop_ = std::ranges::any_of(parts_, [](const Part& part) { return part.stop != 0; });
  for (std::size_t r = 1; r < parts_.size(); ++r) {
    if (parts_[r].parameters == parts_[0].parameters) continue;
    throw Error(
        str("DistributedDataParallel: the parameters of rank ", r,
            " are no longer those of rank 0: expected the same steps on all ranks, with the "
            "same learning rate, each after a backward() or in join()"));
  }
}

void GradientReducer::finish(bool with_own_gradients) {
  for (std::size_t i = 0; i < slots_.size(); ++i) {
    if (!slots_[i].filled)
      fill(i, with_own_gradients ? slots_[i].parameter.grad() : Tensor(), Tensor());
  }
  launch_ready();
  wait_for_parts();
  std::int64_t examples = 0;
  std::uint64_t stream = 0;
  for (const Part& part : parts_) {
    examples += part.examples;
    stream = std::max(stream, part.stream);
  }
  for (Bucket& bucket : buckets_) {
    ranks_.wait(bucket.pending);
    give_back(bucket, examples);
    bucket.pending.reset();
    bucket.missing = bucket.slots.size();
  }
  if (options_.noise_scale) measure_noise(examples);
  share_buffers();
  // A rank without a batch has drawn no numbers.
  Generator& generator = default_generator();
  generator.set_state(generator.seed(), stream);
  for (Slot& slot : slots_) slot.filled = false;
  part_ = {};
  launched_ = 0;
  squared_norm_ = 0;
  under_way_ = false;
}

void GradientReducer::give_back(const Bucket& bucket, std::int64_t examples) const {
  const NoGradGuard no_grad;
  const double divisor = options_.reduction == Reduction::mean ? static_cast<double>(examples) : 1;
  with_type(bucket.flat, [&]<class T>(T) {
    const T* const flat = bucket.flat.data_ptr<T>();
    for (std::size_t place = 0; place < bucket.slots.size(); ++place) {
      if (flat[bucket.elements + static_cast<std::int64_t>(place)] == 0) continue;
      const Slot& slot = slots_[bucket.slots[place]];
      // A new tensor: the old one may be an expanded view, or that of another parameter too.
      const Tensor gradient = empty_like(slot.parameter);
      T* const to = gradient.data_ptr<T>();
      const T* const from = flat + slot.offset;
      parallel_for(0, gradient.numel(), kGrain, [=](std::int64_t first, std::int64_t last) {
        for (std::int64_t i = first; i < last; ++i)
          to[i] = static_cast<T>(static_cast<double>(from[i]) / divisor);
      });
      slot.parameter.set_grad(gradient);
    }
  });
}

void GradientReducer::measure_noise(std::int64_t examples) {
  // Zero for a rank without examples, which is left out.
  const auto own = static_cast<double>(std::max<std::int64_t>(part_.examples, 1));
  const double norm = std::sqrt(squared_norm_) / own;
  std::vector<double> all(parts_.size());
  ranks_.wait(ranks_.all_gather(&norm, sizeof norm, all.data(), "all-gather of norms"));
  std::vector<double> norms;
  std::vector<std::int64_t> sizes;
  bool finite = true;
  for (std::size_t r = 0; r < all.size(); ++r) {
    if (parts_[r].examples == 0) continue;
    norms.push_back(all[r]);
    sizes.push_back(parts_[r].examples);
    finite = finite && std::isfinite(all[r]);
  }
  std::vector<Tensor> gradients;
  for (const Slot& slot : slots_) gradients.push_back(slot.parameter.grad());
  const double divisor = options_.reduction == Reduction::mean ? 1 : static_cast<double>(examples);
  const double whole = nn::get_total_norm(gradients) / divisor;
  if (norms.size() >= 2 && finite && std::isfinite(whole))
    options_.noise_scale->update(norms, sizes, whole);
}

void GradientReducer::share_buffers() {
  const nn::NamedTensors buffers = model_.named_buffers();
  if (buffers.empty()) return;
  const NoGradGuard no_grad;
  const auto bytes_of = [](const Tensor& t) {
    return static_cast<std::size_t>(t.numel()) * element_size(t.dtype());
  };
  std::vector<std::byte> packed;
  for (const auto& [name, buffer] : buffers) {
    const Tensor flat = buffer.contiguous();
    const std::byte* const data = flat.impl().data();
    packed.insert(packed.end(), data, data + bytes_of(flat));
  }
  ranks_.wait(ranks_.broadcast(packed.data(), packed.size(), 0, "broadcast of buffers"));
  if (ranks_.rank() == 0) return;
  const std::byte* next = packed.data();
  for (const auto& [name, buffer] : buffers) {
    const Tensor flat = empty(buffer.sizes(), {.dtype = buffer.dtype()});
    if (flat.numel() > 0) std::memcpy(flat.impl().data(), next, bytes_of(flat));
    next += bytes_of(flat);
    buffer.copy_(flat);
  }
}

bool GradientReducer::step_without_backward(bool with_own_gradients) {
  if (!with_own_gradients) part_.examples = 0;
  begin();
  wait_for_parts();
  const bool any = std::ranges::any_of(parts_, [](const Part& part) { return part.examples > 0; });
  if (any) {
    finish(with_own_gradients && part_.examples > 0);
  } else {
    under_way_ = false;
  }
  return any;
}

}  // namespace tarn::distributed::detail
