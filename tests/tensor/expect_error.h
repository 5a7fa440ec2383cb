#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <typeinfo>

#include <gtest/gtest.h>

#include <tarn/tensor/error.h>

namespace tarn::testing {

/// Success when `call` throws exactly an E whose text starts with `start` and contains all of
/// `parts`.
template <class E, class F>
::testing::AssertionResult fails_with(F&& call, std::string_view start,
                                      std::initializer_list<std::string_view> parts = {}) {
  std::string text;
  try {
    call();
    return ::testing::AssertionFailure() << "nothing was thrown; expected \"" << start << "...\"";
  } catch (const std::exception& error) {
    text = error.what();
    if (typeid(error) != typeid(E)) {
      return ::testing::AssertionFailure() << "threw " << typeid(error).name() << ", expected "
                                           << typeid(E).name() << ": \"" << text << '"';
    }
  }
  if (!std::string_view(text).starts_with(start)) {
    return ::testing::AssertionFailure()
           << '"' << text << "\" does not start with \"" << start << '"';
  }
  for (const std::string_view part : parts) {
    if (text.find(part) == std::string::npos) {
      return ::testing::AssertionFailure()
             << '"' << text << "\" does not contain \"" << part << '"';
    }
  }
  return ::testing::AssertionSuccess();
}

}  // namespace tarn::testing
