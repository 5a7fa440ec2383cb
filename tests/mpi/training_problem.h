#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include <tarn/distributed/process_group.h>
#include <tarn/tarn.h>

namespace tarn::distributed::testing {

/// The examples [first, last) of a batch that belong to rank `r` of `ranks` when each of the first
/// ranks gets `part` of them and what is left falls short.
struct Range {
  std::int64_t first;
  std::int64_t last;
  std::int64_t count() const { return last - first; }
};
inline Range part_of(int r, std::int64_t part, std::int64_t examples) {
  return {std::min(r * part, examples), std::min((r + 1) * part, examples)};
}

/// Two layers with a nonlinearity in between; three classes.
struct Classifier : nn::Module {
  nn::Linear& fc1 = add("fc1", nn::Linear(5, 7));
  nn::Linear& fc2 = add("fc2", nn::Linear(7, 3));
  Tensor forward(const Tensor& x) override { return fc2(tanh(fc1(x))); }
};

/// A batch that is the same on all ranks.
inline data::Batch batch_of(std::int64_t examples, std::uint64_t seed) {
  Generator generator(seed);
  const Tensor x = randn({examples, 5}, generator);
  return {x, randint(0, 3, {examples}, generator)};
}

inline data::Batch rows(const data::Batch& batch, const Range& range) {
  return {batch.data.narrow(0, range.first, range.count()),
          batch.target.narrow(0, range.first, range.count())};
}

inline std::vector<Tensor> grads_of(const nn::Module& model) {
  std::vector<Tensor> grads;
  for (const Tensor& p : model.parameters()) grads.push_back(p.grad());
  return grads;
}

/// "rank 1": where the ranks' text differs, the first that has another one than rank 0; else empty.
inline std::string rank_that_differs(const std::string& text) {
  const auto all = all_gather(text);
  for (std::size_t r = 1; r < all.size(); ++r) {
    if (all[r] != all[0]) return "rank " + std::to_string(r);
  }
  return {};
}

/// The bytes of all parameters.
inline std::string bytes_of(const nn::Module& model) {
  std::string bytes;
  for (const Tensor& p : model.parameters()) {
    const Tensor flat = p.detach().contiguous();
    bytes.append(reinterpret_cast<const char*>(flat.impl().data()),
                 static_cast<std::size_t>(flat.numel()) * element_size(flat.dtype()));
  }
  return bytes;
}

}  // namespace tarn::distributed::testing
