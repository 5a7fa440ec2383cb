#pragma once

#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <regex>
#include <set>
#include <string>

namespace tarn::testing {

/// The classes that the headers of `module` ("nn") derive from `base`, also through others: what a
/// table of all of them is compared with. Read from the sources, where no class can hide.
inline std::set<std::string> derived_classes(const std::string& module, const std::string& base) {
  const std::regex definition(
      R"re((?:class|struct)\s+(\w+)(?:\s+final)?\s*:\s*(?:public\s+)?(\w+))re");
  std::multimap<std::string, std::string> children;
  for (const auto& entry :
       std::filesystem::directory_iterator(std::filesystem::path(TARN_SOURCE_DIR) / module)) {
    if (entry.path().extension() != ".h") continue;
    std::ifstream file(entry.path());
    const std::string text{std::istreambuf_iterator<char>(file), {}};
    // A line of documentation may show how to derive a class.
    const std::string code = std::regex_replace(text, std::regex("//[^\n]*"), "");
    for (std::sregex_iterator match(code.begin(), code.end(), definition), end; match != end;
         ++match) {
      children.emplace((*match)[2], (*match)[1]);
    }
  }
  std::set<std::string> found = {base};
  for (std::size_t before = 0; before != found.size();) {
    before = found.size();
    for (const auto& [parent, child] : children) {
      if (found.contains(parent)) found.insert(child);
    }
  }
  found.erase(base);
  return found;
}

}  // namespace tarn::testing
