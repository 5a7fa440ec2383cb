#include <cstring>
#include <new>

#include <tarn/tensor/error.h>
#include <tarn/tensor/pool.h>
#include <tarn/tensor/storage.h>
#include <tarn/tensor/str.h>

namespace tarn {
namespace {

// The bytes follow the header in the same block: one allocation per tensor's data.
constexpr std::size_t kHeader =
    (sizeof(Storage) + pool::kAlignment - 1) / pool::kAlignment * pool::kAlignment;

}  // namespace

intrusive_ptr<Storage> Storage::allocate(std::size_t bytes) {
  std::size_t total = 0;
  if (__builtin_add_overflow(bytes, kHeader, &total)) {
    throw OutOfMemory(str("out of memory: ", bytes, " bytes cannot be addressed"), bytes);
  }
  auto* block = static_cast<std::byte*>(pool::allocate(total));
#ifdef TARN_FILL_UNINITIALIZED
  // All bits set is NaN in both floating types: a read before the first write shows.
  std::memset(block + kHeader, 0xff, bytes);
#endif
  return intrusive_ptr<Storage>(new (block) Storage(block + kHeader, bytes, nullptr));
}

intrusive_ptr<Storage> Storage::wrap(std::byte* data, std::size_t bytes,
                                     std::shared_ptr<const void> owner) {
  return intrusive_ptr<Storage>(new (pool::allocate(kHeader))
                                    Storage(data, bytes, std::move(owner)));
}

void Storage::destroy(Storage* storage) noexcept {
  const std::size_t total = kHeader + (storage->owner_ ? 0 : storage->bytes_);
  storage->~Storage();
  pool::deallocate(storage, total);
}

}  // namespace tarn
