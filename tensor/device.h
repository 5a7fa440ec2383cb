#pragma once

#include <cstdint>
#include <string>

namespace tarn {

enum class DeviceType : std::uint8_t { cpu, cuda };

/// Where a tensor lies. All tensors lie in the CPU's memory: asking for another device is an error
/// that says so, so that a program written for both can be run here.
///
///   Device device(cuda::is_available() ? DeviceType::cuda : DeviceType::cpu);
///   Tensor x = batch.data.to(device);
class Device {
 public:
  Device(DeviceType type, int index = -1)  // NOLINT(google-explicit-constructor)
      : type_(type), index_(index) {}
  /// "cpu", "cuda" or "cuda:1". Throws ValueError for any other text.
  explicit Device(const std::string& text);

  DeviceType type() const { return type_; }
  /// Which one of several; -1 for the current one.
  int index() const { return index_; }
  bool is_cpu() const { return type_ == DeviceType::cpu; }
  bool is_cuda() const { return type_ == DeviceType::cuda; }
  bool operator==(const Device&) const = default;

 private:
  DeviceType type_;
  int index_;
};

/// "cuda:1"
std::string to_string(const Device& device);

namespace cuda {
/// False: there are no kernels for GPUs.
constexpr bool is_available() { return false; }
constexpr int device_count() { return 0; }
}  // namespace cuda

}  // namespace tarn
