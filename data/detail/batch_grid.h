#pragma once

#include <algorithm>
#include <cstdint>

namespace tarn::data::detail {

/// Where batches of one size begin: after `batch` batches that hold the first `example` examples.
struct BatchGrid {
  std::int64_t batch = 0;
  std::int64_t example = 0;
  std::int64_t batch_size = 0;  ///< >= 1; 0: not yet known

  /// The number of the examples before the batch `number` >= batch.
  std::int64_t start(std::int64_t number) const { return example + (number - batch) * batch_size; }
  /// Goes on with another size behind the first `used` batches, of `examples` examples in all.
  void resize(std::int64_t used, std::int64_t new_size, std::int64_t examples) {
    if (new_size == batch_size) return;
    *this = {.batch = used, .example = std::min(start(used), examples), .batch_size = new_size};
  }
  /// The number of batches of an epoch of `examples` examples.
  std::int64_t batches(std::int64_t examples, bool drop_last) const {
    const std::int64_t left = examples - example;
    const bool short_batch = left % batch_size != 0 && !drop_last;
    return batch + left / batch_size + (short_batch ? 1 : 0);
  }
};

}  // namespace tarn::data::detail
