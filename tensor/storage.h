#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>

#include <tarn/tensor/intrusive_ptr.h>

namespace tarn {

/// The bytes that a tensor and its views share, with what autograd must know of writes to them.
class Storage : public RefCounted {
 public:
  /// Uninitialised bytes from the pool. Throws OutOfMemory.
  static intrusive_ptr<Storage> allocate(std::size_t bytes);

  /// Somebody else's bytes, which stay alive as long as `owner` does.
  static intrusive_ptr<Storage> wrap(std::byte* data, std::size_t bytes,
                                     std::shared_ptr<const void> owner);

  std::byte* data() { return data_; }
  const std::byte* data() const { return data_; }
  std::size_t bytes() const { return bytes_; }

  /// Writes so far. Saved tensors remember it to notice a change before backward.
  std::uint32_t version() const { return version_; }
  void bump_version() { ++version_; }

  /// The version made by the last in-place op that the graph recorded; 0 if there was none. A
  /// tensor made before it no longer has the history that its values have.
  std::uint32_t recorded_version = 0;

  /// Leaves that require grad and own these bytes: while there are any, recorded in-place ops on
  /// them or their views are refused.
  std::uint32_t leaf_owners = 0;

  static void destroy(Storage* storage) noexcept;

 private:
  Storage(std::byte* data, std::size_t bytes, std::shared_ptr<const void> owner)
      : data_(data), bytes_(bytes), owner_(std::move(owner)) {}

  std::byte* data_;
  std::size_t bytes_;
  std::shared_ptr<const void> owner_;  // null: the bytes follow this object in its block
  std::uint32_t version_ = 0;
};

}  // namespace tarn
