#pragma once

#include <cstdint>

/// How often this thread has called operator new so far; always 0 under clang's thread sanitizer.
/// Linking allocation_count.cpp replaces it in the whole program.
std::uint64_t allocation_count();
