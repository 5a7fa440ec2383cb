#include <charconv>

#include <tarn/tensor/device.h>
#include <tarn/tensor/error.h>
#include <tarn/tensor/str.h>

namespace tarn {
namespace {

const char* name(DeviceType type) { return type == DeviceType::cpu ? "cpu" : "cuda"; }

}  // namespace

Device::Device(const std::string& text) : type_(DeviceType::cpu), index_(-1) {
  const std::size_t colon = text.find(':');
  const std::string type = text.substr(0, colon);
  const auto refuse = [&] {
    throw ValueError(str("Device(\"", text,
                         "\"): expected \"cpu\" or \"cuda\", or one with a number, "
                         "such as \"cuda:0\""));
  };
  if (type == "cuda") {
    type_ = DeviceType::cuda;
  } else if (type != "cpu") {
    refuse();
  }
  if (colon == std::string::npos) return;
  const char* const begin = text.data() + colon + 1;
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(begin, end, index_);
  if (error != std::errc() || stop != end || index_ < 0) refuse();
}

std::string to_string(const Device& device) {
  const std::string type = name(device.type());
  return device.index() < 0 ? type : str(type, ":", device.index());
}

}  // namespace tarn
