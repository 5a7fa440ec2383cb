#include <cstdint>
#include <memory>
#include <string_view>

#include <tarn/io/detail/mapped_file.h>
#include <tarn/io/detail/safetensors_file.h>
#include <tarn/io/safetensors.h>
#include <tarn/tensor/factories.h>

namespace tarn::io {
namespace {

using detail::ElementType;
using detail::FileName;
using detail::MappedFile;

constexpr const char* kSafetensors = "safetensors";

template <class T>
Tensor in_place(std::byte* bytes, const Shape& shape, const std::shared_ptr<MappedFile>& file) {
  return from_blob(reinterpret_cast<T*>(bytes), shape, file);
}

// A tensor over bytes of the file, where a tensor can hold them as they are; else a copy.
Tensor tensor_from(const std::shared_ptr<MappedFile>& file, std::byte* bytes,
                   const detail::SafetensorsEntry& entry) {
  const bool aligned =
      reinterpret_cast<std::uintptr_t>(bytes) % detail::stored_size(entry.element) == 0;
  if (aligned && numel(entry.shape) > 0) {
    switch (entry.element) {
      case ElementType::f32:
        return in_place<float>(bytes, entry.shape, file);
      case ElementType::f64:
        return in_place<double>(bytes, entry.shape, file);
      case ElementType::i64:
        return in_place<std::int64_t>(bytes, entry.shape, file);
      case ElementType::i32:
        return in_place<std::int32_t>(bytes, entry.shape, file);
      case ElementType::u8:
        return in_place<std::uint8_t>(bytes, entry.shape, file);
      default:
        break;
    }
  }
  Tensor copy = empty(entry.shape, {.dtype = detail::holding(entry.element)});
  detail::decode(entry.element, bytes, false, copy);
  return copy;
}

}  // namespace

SafeTensors read_safetensors(const std::string& path, const ReadSafetensorsOptions& options) {
  const FileName name{kSafetensors, path};
  if (!options.mmap) return detail::read_checked(name).content;
  const auto file = std::make_shared<MappedFile>(name);
  const std::span<std::byte> bytes = file->bytes();
  const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  const std::uint64_t length = detail::safetensors_header_length(name, text, bytes.size());
  const std::size_t begin = detail::kSafetensorsLengthBytes + static_cast<std::size_t>(length);
  const auto header = detail::parse_safetensors_header(
      name, text.substr(detail::kSafetensorsLengthBytes, length), bytes.size() - begin);
  SafeTensors result{.metadata = header.metadata};
  for (const detail::SafetensorsEntry& entry : header.entries) {
    result.tensors.set(entry.name, tensor_from(file, bytes.data() + begin + entry.begin, entry));
  }
  return result;
}

void write_safetensors(const std::string& path, const StateDict& tensors,
                       const std::map<std::string, std::string>& metadata) {
  const FileName name{kSafetensors, path};
  detail::write_laid_out(name, detail::lay_out_safetensors(name, tensors, metadata));
}

}  // namespace tarn::io
