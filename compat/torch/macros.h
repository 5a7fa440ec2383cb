#pragma once

#include <cassert>
#include <cmath>
#include <utility>

#include <tarn/tensor/error.h>
#include <tarn/tensor/str.h>

namespace torch {

using tarn::Error;
using tarn::str;

namespace detail {

template <class... Text>
[[noreturn]] void fail(const char* file, int line, const char* condition, const Text&... text) {
  const std::string reason = tarn::str(text...);
  throw tarn::Error(
      tarn::str(reason.empty() ? tarn::str("expected ", condition, " to be true") : reason, " (",
                file, ", line ", line, ")"));
}

}  // namespace detail
}  // namespace torch

// The macros of libtorch that programs use.

/// Throws torch::Error with the text, or the condition where there is none.
#define TORCH_CHECK(condition, ...)                                                     \
  do {                                                                                  \
    if (!(condition)) {                                                                 \
      ::torch::detail::fail(__FILE__, __LINE__, #condition __VA_OPT__(, ) __VA_ARGS__); \
    }                                                                                   \
  } while (false)
#define TORCH_INTERNAL_ASSERT(...) TORCH_CHECK(__VA_ARGS__)
#define AT_ASSERT(...) TORCH_CHECK(__VA_ARGS__)
#define AT_ERROR(...) ::torch::detail::fail(__FILE__, __LINE__, "" __VA_OPT__(, ) __VA_ARGS__)

// Types and names cannot stand in parentheses. NOLINTBEGIN(bugprone-macro-parentheses)

/// A member of an options class with a getter and a setter of its name; setters can be chained.
/// Followed by its initial value: `TORCH_ARG(double, momentum) = 0;`
#define TORCH_ARG(Type, name)                                 \
 public:                                                      \
  auto name(Type value)->decltype(*this) {                    \
    this->name##_ = std::move(value);                         \
    return *this;                                             \
  }                                                           \
  const Type& name() const noexcept { return this->name##_; } \
  Type& name() noexcept { return this->name##_; }             \
                                                              \
 private:                                                     \
  Type name##_

/// Defines `Name`, which shares a `NameImpl` with its copies.
#define TORCH_MODULE(Name) TORCH_MODULE_IMPL(Name, Name##Impl)
#define TORCH_MODULE_IMPL(Name, ImplType)                    \
  class Name : public ::torch::nn::ModuleHolder<ImplType> {  \
   public:                                                   \
    using ::torch::nn::ModuleHolder<ImplType>::ModuleHolder; \
    using Impl = ImplType;                                   \
  }

// NOLINTEND(bugprone-macro-parentheses)
