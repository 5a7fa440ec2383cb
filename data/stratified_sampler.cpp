#include <functional>
#include <map>
#include <queue>
#include <tuple>

#include <tarn/data/stratified_sampler.h>
#include <tarn/tensor/error.h>
#include <tarn/tensor/random.h>
#include <tarn/tensor/str.h>

namespace tarn::data {
namespace {

std::vector<std::int64_t> permutation(std::size_t size, Generator& generator) {
  return randperm(static_cast<std::int64_t>(size), generator).to_vector<std::int64_t>();
}

template <class T>
using SmallestFirst = std::priority_queue<T, std::vector<T>, std::greater<>>;

}  // namespace

StratifiedSampler::StratifiedSampler(const Tensor& labels) : size_(labels.numel()) {
  if (labels.dtype() != kInt64) {
    throw DTypeError(str("StratifiedSampler: labels are ", labels.dtype(), ": expected int64"));
  }
  if (labels.dim() != 1) {
    throw ShapeError(str("StratifiedSampler: labels are ", labels.sizes(), ": expected [N]"));
  }
  std::map<std::int64_t, std::vector<std::int64_t>> by_label;
  std::int64_t index = 0;
  for (const std::int64_t label : labels.to_vector<std::int64_t>())
    by_label[label].push_back(index++);
  for (auto& [label, members] : by_label) classes_.push_back(std::move(members));
}

// Member k of a class with n members may come at places floor(k N / n) to ceil((k + 1) N / n) - 1.
std::vector<std::int64_t> StratifiedSampler::indices(std::int64_t size, std::uint64_t seed,
                                                     std::uint64_t epoch) const {
  if (size != size_) {
    throw ValueError(str("StratifiedSampler: ", size_, " labels for ", size,
                         " examples: expected one for each"));
  }
  Generator generator(fork_seed(seed, epoch));
  // Classes whose windows end together take turns in an order of their own each epoch.
  const std::vector<std::int64_t> rank = permutation(classes_.size(), generator);
  std::vector<std::vector<std::int64_t>> members;
  for (const auto& all : classes_) members.push_back(permutation(all.size(), generator));

  using Turn = std::tuple<std::int64_t, std::int64_t, std::size_t>;  // place, rank, class
  SmallestFirst<Turn> waiting;
  SmallestFirst<Turn> ready;
  std::vector<std::int64_t> used(classes_.size(), 0);
  for (std::size_t c = 0; c < classes_.size(); ++c) waiting.emplace(0, rank[c], c);
  std::vector<std::int64_t> order;
  order.reserve(static_cast<std::size_t>(size));
  for (std::int64_t place = 0; place < size; ++place) {
    for (; !waiting.empty() && std::get<0>(waiting.top()) <= place; waiting.pop()) {
      const std::size_t c = std::get<2>(waiting.top());
      const auto n = static_cast<std::int64_t>(classes_[c].size());
      ready.emplace(((used[c] + 1) * size + n - 1) / n, rank[c], c);
    }
    const std::size_t c = std::get<2>(ready.top());
    ready.pop();
    const auto n = static_cast<std::int64_t>(classes_[c].size());
    const auto member = static_cast<std::size_t>(members[c][static_cast<std::size_t>(used[c]++)]);
    order.push_back(classes_[c][member]);
    if (used[c] < n) waiting.emplace(used[c] * size / n, rank[c], c);
  }
  return order;
}

}  // namespace tarn::data
