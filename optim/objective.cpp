#include <algorithm>

#include <tarn/autograd/grad_mode.h>
#include <tarn/autograd/ops/indexing.h>
#include <tarn/autograd/ops/views.h>
#include <tarn/optim/detail/check_number.h>
#include <tarn/optim/objective.h>
#include <tarn/tensor/error.h>
#include <tarn/tensor/factories.h>
#include <tarn/tensor/str.h>

namespace tarn::optim {

namespace {

constexpr std::int64_t kPart = 32;

void check_params(const std::vector<Tensor>& params) {
  if (params.empty()) {
    throw ValueError("Objective: there are no parameters that require grad: expected at least one");
  }
  for (std::size_t i = 0; i < params.size(); ++i) {
    if (params[i].is_leaf() && params[i].requires_grad()) continue;
    throw AutogradError(str("Objective: params[", i, "] ",
                            params[i].is_leaf() ? "does not require grad" : "is not a leaf",
                            ": expected leaves that require grad"));
  }
}

Examples narrowed(const Examples& examples, std::int64_t start, std::int64_t count) {
  Examples rows;
  for (const Tensor& tensor : examples) {
    rows.push_back(tensor.defined() ? tensor.narrow(0, start, count) : Tensor());
  }
  return rows;
}

}  // namespace

Objective::Objective(Function function, Data data)
    : function_(std::move(function)), data_(std::move(data)) {
  check_params(function_.params);
  if (!function_.losses) throw ValueError("Objective: losses is empty: expected a function");
  detail::check_at_least("Objective", "number of examples", data_.size, 1);
}

Objective::Function Objective::of_model(nn::Module& model, OutputLosses losses) {
  Function function;
  for (const Tensor& p : model.parameters()) {
    if (p.requires_grad()) function.params.push_back(p);
  }
  for (const auto& [name, buffer] : model.named_buffers()) function.buffers.push_back(buffer);
  if (losses) {
    function.losses = [&model, losses = std::move(losses)](const Examples& batch) {
      return losses(model(batch[0]), batch.size() > 1 ? batch[1] : Tensor());
    };
  }
  return function;
}

Objective::Data Objective::source(Examples examples) {
  if (examples.empty()) throw ValueError("Objective: data is empty: expected at least one tensor");
  for (std::size_t i = 0; i < examples.size(); ++i) {
    if (examples[i].defined() && examples[i].dim() > 0 &&
        examples[i].size(0) == examples[0].size(0))
      continue;
    throw ShapeError(str("Objective: data[", i, "] is ",
                         examples[i].defined() ? "of shape " + to_string(examples[i].shape())
                                               : "an undefined tensor",
                         ": expected a row for each example, as many as in the others"));
  }
  const std::int64_t size = examples[0].size(0);
  return {size, [examples = std::move(examples)](std::span<const std::int64_t> indices) {
            const Tensor index = from_vector(std::vector(indices.begin(), indices.end()),
                                             {static_cast<std::int64_t>(indices.size())});
            Examples batch;
            for (const Tensor& tensor : examples) batch.push_back(index_select(tensor, 0, index));
            return batch;
          }};
}

std::int64_t Objective::num_parameters() const {
  std::int64_t count = 0;
  for (const Tensor& p : params()) count += p.numel();
  return count;
}

void Objective::check_losses(const Tensor& losses, std::int64_t count) const {
  if (losses.defined() && losses.shape() == Shape({count})) return;
  throw ShapeError(
      str("Objective: the losses of ", count, " examples have ",
          losses.defined() ? "shape " + to_string(losses.shape()) : "no tensor", ": expected [",
          count, "], one number for each example; use Reduction::none, and sum over the outputs"));
}

Tensor Objective::losses(std::span<const std::int64_t> indices) const {
  if (indices.empty()) throw ValueError("Objective: indices is empty: expected at least one");
  const Examples batch = data_.fetch(indices);
  Tensor result = function_.losses(batch);
  check_losses(result, static_cast<std::int64_t>(indices.size()));
  return result;
}

void Objective::for_each_part(std::span<const std::int64_t> indices, std::int64_t chunk_size,
                              const PartFunction& f) const {
  detail::check_at_least("Objective", "chunk_size", chunk_size, 1);
  const auto total = static_cast<std::int64_t>(indices.size());
  chunk_size = std::min(chunk_size, total);
  const std::int64_t chunk = (chunk_size + kPart - 1) / kPart * kPart;
  for (std::int64_t start = 0; start < total; start += chunk) {
    const std::int64_t fetched = std::min(chunk, total - start);
    const Examples examples = data_.fetch(
        indices.subspan(static_cast<std::size_t>(start), static_cast<std::size_t>(fetched)));
    for (std::int64_t part = 0; part < fetched; part += kPart) {
      const std::int64_t count = std::min(kPart, fetched - part);
      const Tensor losses = function_.losses(narrowed(examples, part, count));
      check_losses(losses, count);
      f(losses);
    }
  }
}

Objective::Restore::Restore(const Objective& objective) : objective_(objective) {
  for (const Tensor& p : objective.function_.params) values_.push_back(p.detach().clone());
  for (const Tensor& b : objective.function_.buffers) values_.push_back(b.detach().clone());
}

Objective::Restore::~Restore() {
  const NoGradGuard no_grad;
  const auto& [params, buffers, losses] = objective_.function_;
  for (std::size_t i = 0; i < values_.size(); ++i) {
    (i < params.size() ? params[i] : buffers[i - params.size()]).copy_(values_[i]);
  }
}

}  // namespace tarn::optim
