#pragma once

#include <string>
#include <typeinfo>

namespace tarn::nn::detail {

/// The name of a class without its namespaces: "Linear" of tarn::nn::Linear.
std::string class_name(const std::type_info& type);

}  // namespace tarn::nn::detail
