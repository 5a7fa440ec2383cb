#include "random_shapes.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <random>
#include <vector>

#include <gtest/gtest.h>

#include <tarn/autograd/ops.h>
#include <tarn/tensor/factories.h>

// Ops on thousands of tensors of random shapes (also empty and up to 8-d) in random memory layouts,
// against loops over indices that know nothing of strides.
namespace tarn::testing {
namespace {

TEST(RandomShapes, ElementwiseOpsBroadcast) {
  Dice dice(1);
  for (int trial = 0; trial < 2000; ++trial) {
    const Shape sizes = dice.shape(trial % 10 == 0 ? 8 : 4, trial % 10 == 0 ? 2 : 5);
    const DType dtype = trial % 3 == 0 ? kFloat32 : trial % 3 == 1 ? kFloat64 : kInt64;
    const Tensor a = random_tensor(dice, narrower(dice, sizes), dtype);
    const Tensor b = random_tensor(dice, narrower(dice, sizes), dtype);
    const Shape shape = broadcast_shapes("test", a.sizes(), b.sizes());
    const Tensor difference = a - b;
    ASSERT_EQ(difference.sizes(), shape);
    const Values x = a.to_vector();
    const Values y = b.to_vector();
    const Values result = difference.to_vector();
    const Values product = (a * b).to_vector();
    for (std::int64_t i = 0; i < difference.numel(); ++i) {
      const Index index = index_at(shape, i);
      const double left = broadcast_at(x, a.sizes(), index);
      const double right = broadcast_at(y, b.sizes(), index);
      ASSERT_EQ(result[static_cast<std::size_t>(i)], left - right)
          << to_string(a.sizes()) << " - " << to_string(b.sizes());
      ASSERT_EQ(product[static_cast<std::size_t>(i)], left * right);
    }
  }
}

TEST(RandomShapes, InPlaceOpsBroadcast) {
  Dice dice(2);
  for (int trial = 0; trial < 1000; ++trial) {
    const Tensor target = random_tensor(dice, dice.shape(4, 5));
    const Tensor operand = random_tensor(dice, narrower(dice, target.sizes()));
    const Values x = target.to_vector();
    const Values y = operand.to_vector();
    target.add_(operand, 2);
    const Values result = target.to_vector();
    for (std::int64_t i = 0; i < target.numel(); ++i) {
      const double expected = x[static_cast<std::size_t>(i)] +
                              2 * broadcast_at(y, operand.sizes(), index_at(target.sizes(), i));
      ASSERT_EQ(result[static_cast<std::size_t>(i)], expected)
          << to_string(target.sizes()) << to_string(target.strides());
    }
    target.copy_(operand);
    const Values copied = target.to_vector();
    for (std::int64_t i = 0; i < target.numel(); ++i) {
      ASSERT_EQ(copied[static_cast<std::size_t>(i)],
                broadcast_at(y, operand.sizes(), index_at(target.sizes(), i)));
    }
  }
}

TEST(RandomShapes, InPlaceOpsOnAViewLeaveTheRestAlone) {
  Dice dice(7);
  for (int trial = 0; trial < 500; ++trial) {
    const Tensor base = full({5, 6, 7}, 100, {.dtype = kFloat64});
    Tensor view = base;
    for (int d = 0; d < 3; ++d) {
      const std::int64_t start = dice.roll(0, base.size(d));
      view = view.slice(d, start, dice.roll(start, base.size(d)), dice.roll(1, 3));
    }
    if (dice.coin()) view = view.transpose(0, 2);
    view.sub_(1).mul_(2);
    double changed = 0;
    for (const double value : base.to_vector()) {
      ASSERT_TRUE(value == 100 || value == 198) << value;
      changed += value == 198 ? 1 : 0;
    }
    ASSERT_EQ(changed, static_cast<double>(view.numel()));
  }
}

TEST(RandomShapes, SumsOverAnyDimensions) {
  Dice dice(3);
  for (int trial = 0; trial < 2000; ++trial) {
    const Shape sizes = dice.shape(trial % 10 == 0 ? 8 : 4, trial % 10 == 0   ? 3
                                                            : trial % 10 == 1 ? 40
                                                                              : 5);
    if (numel(sizes) > 20'000) continue;
    const Tensor x = random_tensor(dice, sizes, trial % 2 == 0 ? kFloat32 : kInt64);
    Shape dims;
    Shape kept = sizes;
    for (int d = 0; d < sizes.size(); ++d) {
      if (!dice.coin()) continue;
      dims.push_back(dice.coin() ? d : d - sizes.size());
      kept[d] = 1;
    }
    if (dims.empty()) continue;
    Values expected(static_cast<std::size_t>(numel(kept)), 0.0);
    const Values values = x.to_vector();
    for (std::int64_t i = 0; i < x.numel(); ++i) {
      Index index = index_at(sizes, i);
      for (int d = 0; d < sizes.size(); ++d) {
        if (kept[d] == 1 && sizes[d] != 1) index[static_cast<std::size_t>(d)] = 0;
      }
      expected[position(kept, index)] += values[static_cast<std::size_t>(i)];
    }
    ASSERT_EQ(sum(x, dims, true).to_vector(), expected)
        << to_string(sizes) << " over " << to_string(dims);
    ASSERT_EQ(sum(x, dims, true).sizes(), kept);
    ASSERT_EQ(sum(x, dims).to_vector(), expected);
    ASSERT_EQ(sum(x).item(), std::accumulate(values.begin(), values.end(), 0.0));
    if (x.numel() > 0) {
      ASSERT_EQ(sum_to(x, kept).to_vector(), expected);
    }
  }
}

TEST(RandomShapes, ChainsOfViewsFindTheirElements) {
  Dice dice(4);
  for (int trial = 0; trial < 2000; ++trial) {
    Tensor view = random_tensor(dice, dice.shape(4, 6));
    // The truth: the values in row-major order, moved about without strides.
    Shape sizes = view.sizes();
    Values values = view.to_vector();
    const auto regroup = [&](const Shape& shape, auto source_of) {
      Values moved;
      for (std::int64_t i = 0; i < numel(shape); ++i)
        moved.push_back(values[position(sizes, source_of(index_at(shape, i)))]);
      values = moved;
      sizes = shape;
    };
    for (int step = 0; step < 4; ++step) {
      const int dims = sizes.size();
      const int d = dims == 0 ? 0 : static_cast<int>(dice.roll(0, dims - 1));
      switch (dice.roll(0, 5)) {
        case 0: {
          const std::vector<int> order = dice.order(dims);
          Shape shape;
          Shape as_shape;
          for (const int source : order) {
            shape.push_back(sizes[source]);
            as_shape.push_back(source);
          }
          view = view.permute(as_shape);
          regroup(shape, [&](const Index& index) {
            Index source(index.size());
            for (std::size_t i = 0; i < index.size(); ++i)
              source[static_cast<std::size_t>(order[i])] = index[i];
            return source;
          });
          break;
        }
        case 1: {
          if (dims == 0) break;
          const std::int64_t start = dice.roll(0, sizes[d]);
          const std::int64_t end = dice.roll(start, sizes[d]);
          const std::int64_t stride = dice.roll(1, 3);
          view = view.slice(d, start, end, stride);
          Shape shape = sizes;
          shape[d] = (end - start + stride - 1) / stride;
          regroup(shape, [&](Index index) {
            index[static_cast<std::size_t>(d)] =
                start + index[static_cast<std::size_t>(d)] * stride;
            return index;
          });
          break;
        }
        case 2: {
          if (dims == 0 || sizes[d] == 0) break;
          const std::int64_t at = dice.roll(0, sizes[d] - 1);
          view = view.select(d, at);
          Shape shape = sizes;
          shape.erase(d);
          regroup(shape, [&](Index index) {
            index.insert(index.begin() + d, at);
            return index;
          });
          break;
        }
        case 3: {
          if (dims > 5) break;
          view = view.unsqueeze(d);
          sizes.insert(d, 1);
          break;
        }
        case 4: {
          if (dims == 0 || sizes[d] != 1) break;
          Shape shape = sizes;
          shape[d] = dice.roll(1, 3);
          view = view.expand(shape);
          regroup(shape, [&](Index index) {
            index[static_cast<std::size_t>(d)] = 0;
            return index;
          });
          break;
        }
        default: {
          if (numel(sizes) == 0) break;
          const Shape shape = dice.coin() ? Shape({-1}) : Shape({1, -1, 1});
          view = view.reshape(shape);
          sizes = view.sizes();  // the values keep their order
          break;
        }
      }
      ASSERT_EQ(view.sizes(), sizes);
      ASSERT_EQ(view.to_vector(), values)
          << "shape " << to_string(sizes) << ", strides " << to_string(view.strides());
    }
  }
}

TEST(RandomShapes, SoftmaxAndArgmaxAlongAnyDimension) {
  Dice dice(5);
  for (int trial = 0; trial < 800; ++trial) {
    const Shape sizes = dice.shape(4, trial % 5 == 0 ? 20 : 5);
    if (sizes.empty() || numel(sizes) == 0) continue;
    const Tensor x = random_tensor(dice, sizes);
    const int d = static_cast<int>(dice.roll(0, sizes.size() - 1));
    const Values values = x.to_vector();
    const Values y = softmax(x, d).to_vector();
    const Values log_y = log_softmax(x, d).to_vector();
    const Values largest = argmax(x, d, true).to_vector();
    Shape kept = sizes;
    kept[d] = 1;
    for (std::int64_t i = 0; i < x.numel(); ++i) {
      Index index = index_at(sizes, i);
      const Index own = index;
      double total = 0;
      std::int64_t best = 0;
      double best_value = -100;
      for (std::int64_t k = 0; k < sizes[d]; ++k) {
        index[static_cast<std::size_t>(d)] = k;
        const double value = values[position(sizes, index)];
        total += std::exp(value);
        if (value > best_value) {
          best_value = value;
          best = k;
        }
      }
      const double expected = std::exp(values[position(sizes, own)]) / total;
      ASSERT_NEAR(y[static_cast<std::size_t>(i)], expected, 1e-14);
      ASSERT_NEAR(log_y[static_cast<std::size_t>(i)], std::log(expected), 1e-13);
      index[static_cast<std::size_t>(d)] = 0;
      ASSERT_EQ(largest[position(kept, index)], static_cast<double>(best));
    }
  }
}

TEST(RandomShapes, IndexSelectPicksRows) {
  Dice dice(6);
  for (int trial = 0; trial < 500; ++trial) {
    const Shape sizes = dice.shape(4, 5);
    if (sizes.empty()) continue;
    const Tensor x = random_tensor(dice, sizes, kInt64);
    const int d = static_cast<int>(dice.roll(0, sizes.size() - 1));
    if (sizes[d] == 0) continue;
    std::vector<std::int64_t> picks;
    for (std::int64_t count = dice.roll(0, 7); count > 0; --count)
      picks.push_back(dice.roll(0, sizes[d] - 1));
    const Tensor y =
        index_select(x, d, from_vector(picks, {static_cast<std::int64_t>(picks.size())}));
    for (std::size_t i = 0; i < picks.size(); ++i) {
      ASSERT_EQ(y.select(d, static_cast<std::int64_t>(i)).to_vector(),
                x.select(d, picks[i]).to_vector());
    }
    ASSERT_EQ(y.size(d), static_cast<std::int64_t>(picks.size()));
  }
}

}  // namespace
}  // namespace tarn::testing
