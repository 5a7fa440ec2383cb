#include <span>

#include <zlib.h>

#include <tarn/io/detail/input_file.h>
#include <tarn/io/detail/output_file.h>
#include <tarn/io/detail/safetensors_file.h>
#include <tarn/tensor/factories.h>
#include <tarn/tensor/str.h>

namespace tarn::io::detail {
namespace {

std::span<const std::byte> bytes_of(const Tensor& contiguous) {
  return {contiguous.impl().data(),
          static_cast<std::size_t>(contiguous.numel()) * element_size(contiguous.dtype())};
}

std::uint32_t checksum(std::span<const std::byte> bytes) {
  const auto* const data = reinterpret_cast<const Bytef*>(bytes.data());
  return static_cast<std::uint32_t>(::crc32_z(0, data, bytes.size()));
}

// The length of the header, the header, and its parts.
struct Start {
  std::string text;
  SafetensorsHeader header;
};

void read_exactly(const FileName& name, InputFile& file, std::span<std::byte> out) {
  const std::size_t count = file.read(out);
  if (count < out.size()) {
    name.fail(str("ends at byte ", file.position(), ", ", out.size() - count,
                  " bytes early: was it changed while it was read?"),
              file.position());
  }
}

Start read_start(const FileName& name, InputFile& file) {
  Start start;
  start.text.resize(kSafetensorsLengthBytes);
  start.text.resize(file.read(std::as_writable_bytes(std::span(start.text))));
  const std::uint64_t length = safetensors_header_length(name, start.text, file.max_bytes());
  start.text.resize(kSafetensorsLengthBytes + length);
  read_exactly(name, file,
               std::as_writable_bytes(std::span(start.text)).subspan(kSafetensorsLengthBytes));
  start.header =
      parse_safetensors_header(name, std::string_view(start.text).substr(kSafetensorsLengthBytes),
                               file.max_bytes() - start.text.size());
  return start;
}

}  // namespace

std::uint32_t checksum(std::string_view text) { return checksum(std::as_bytes(std::span(text))); }

std::uint32_t stored_checksum(const Tensor& x) { return checksum(bytes_of(x.contiguous())); }

CheckedTensors read_checked(const FileName& name) {
  InputFile file(name.component, name.path, Packing::none);
  Start start = read_start(name, file);
  CheckedTensors result;
  result.content.metadata = std::move(start.header.metadata);
  result.checksums.push_back(checksum(start.text));
  for (const SafetensorsEntry& entry : start.header.entries) {
    Tensor x = empty(entry.shape, {.dtype = holding(entry.element)});
    const bool direct = is_memory_format(entry.element);
    const auto count = static_cast<std::int64_t>(entry.end - entry.begin);
    const Tensor memory = direct ? x : empty({count}, {.dtype = kUInt8});
    const std::span<std::byte> bytes(memory.impl().data(), static_cast<std::size_t>(count));
    read_exactly(name, file, bytes);
    result.checksums.push_back(checksum(bytes));
    if (!direct) decode(entry.element, bytes.data(), false, x);
    result.content.tensors.set(entry.name, x);
    result.names.push_back(entry.name);
  }
  return result;
}

std::map<std::string, std::string> read_safetensors_metadata(const FileName& name) {
  InputFile file(name.component, name.path, Packing::none);
  return read_start(name, file).header.metadata;
}

void write_laid_out(const FileName& name, const SafetensorsLayout& layout) {
  OutputFile file(name.component, name.path);
  file.write(layout.start);
  for (const StateDict::Entry* entry : layout.order) {
    const Tensor x = entry->second.detach().contiguous();
    file.write(bytes_of(x));
  }
  file.commit();
}

}  // namespace tarn::io::detail
