#include <tarn/data/transforms/draws.h>

namespace tarn::data {

std::uint32_t Draws::word() {
  if (used_ == 4) {
    block_ = random_block(seed_, stream_, blocks_++);
    used_ = 0;
  }
  return block_.word[used_++];
}

void Draws::fill_symmetric(std::span<float> numbers) {
  for (float& number : numbers) number = static_cast<float>(word() >> 8) * 0x1p-23F - 1;
}

}  // namespace tarn::data
