#include "allocation_count.h"

#include <cstdlib>
#include <new>

// clang's thread sanitizer has an operator new that cannot be replaced.
#if defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define TARN_KEEP_OPERATOR_NEW
#endif
#endif

namespace {

constinit thread_local std::uint64_t count = 0;

}  // namespace

std::uint64_t allocation_count() { return count; }

#ifndef TARN_KEEP_OPERATOR_NEW

void* operator new(std::size_t bytes) {
  ++count;
  if (void* const block = std::malloc(bytes == 0 ? 1 : bytes)) return block;
  throw std::bad_alloc();
}

void* operator new(std::size_t bytes, const std::nothrow_t&) noexcept {
  ++count;
  return std::malloc(bytes == 0 ? 1 : bytes);
}

void operator delete(void* block) noexcept { std::free(block); }
void operator delete(void* block, std::size_t) noexcept { std::free(block); }

#endif
