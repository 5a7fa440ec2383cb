#include "weights_hash.h"

#include <bit>
#include <cinttypes>
#include <cstdio>

std::string weights_hash(const tarn::nn::Module& model) {
  std::uint64_t hash = 14695981039346656037U;
  for (const tarn::Tensor& parameter : model.parameters()) {
    for (const float value : parameter.to_vector<float>()) {
      const auto bits = std::bit_cast<std::uint32_t>(value);
      for (int shift = 0; shift < 32; shift += 8) {
        hash = (hash ^ (bits >> shift & 0xFFU)) * 1099511628211U;
      }
    }
  }
  char text[17];
  std::snprintf(text, sizeof text, "%016" PRIx64, hash);
  return text;
}
