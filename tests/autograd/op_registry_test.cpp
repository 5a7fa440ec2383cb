#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <regex>
#include <set>

#include <gtest/gtest.h>

#include <tarn/autograd/node.h>

#include "op_table.h"

// The op table lists all ops, and all of it is tested.
namespace tarn::testing {
namespace {

std::vector<std::string> difference(const std::set<std::string>& a,
                                    const std::set<std::string>& b) {
  std::vector<std::string> result;
  std::set_difference(a.begin(), a.end(), b.begin(), b.end(), std::back_inserter(result));
  return result;
}

using Names = std::vector<std::string>;

TEST(OpRegistry, ListsExactlyTheRegisteredOps) {
  std::set<std::string> listed;
  for (const OpRow& row : op_table()) {
    if (row.kind == OpKind::recorded || row.kind == OpKind::part) listed.insert(row.op());
  }
  std::set<std::string> registered;
  for (const std::string& name : registered_ops()) {
    if (!name.starts_with("test_")) registered.insert(name);  // made up by these tests
  }
  EXPECT_EQ(difference(registered, listed), Names()) << "these ops are not in the op table";
  EXPECT_EQ(difference(listed, registered), Names()) << "these rows name no registered op";
}

// The names of all `const Op kSomething{"name"};` in the library's sources. The linker leaves out
// of a test program what nothing in it uses: an op that nobody calls would be missing from
// registered_ops() as well.
std::set<std::string> ops_in_sources() {
  std::set<std::string> names;
  const std::regex definition(R"re(\bOp k\w+\{"(\w+)"\})re");
  for (const char* const module : {"autograd", "nn"}) {
    const std::filesystem::path folder = std::filesystem::path(TARN_SOURCE_DIR) / module;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
      if (entry.path().extension() != ".cpp") continue;
      std::ifstream file(entry.path());
      const std::string text{std::istreambuf_iterator<char>(file), {}};
      for (std::sregex_iterator match(text.begin(), text.end(), definition), end; match != end;
           ++match) {
        names.insert((*match)[1]);
      }
    }
  }
  return names;
}

TEST(OpRegistry, ListsTheOpsOfAllSources) {
  std::set<std::string> registered;
  for (const std::string& name : registered_ops()) {
    if (!name.starts_with("test_")) registered.insert(name);
  }
  EXPECT_EQ(ops_in_sources(), registered);
}

TEST(OpRegistry, RegistersEveryNameOnce) {
  const Names names = registered_ops();
  EXPECT_EQ(std::set<std::string>(names.begin(), names.end()).size(), names.size());
  EXPECT_TRUE(std::is_sorted(names.begin(), names.end()));
}

TEST(OpRegistry, ListsExactlyTheFixtures) {
  std::set<std::string> rows;
  for (const OpRow& row : op_table()) rows.insert(row.name);
  const Names names = fixture_rows();
  const std::set<std::string> fixtures(names.begin(), names.end());
  EXPECT_EQ(difference(fixtures, rows), Names()) << "fixtures without a row";
  EXPECT_EQ(difference(rows, fixtures), Names()) << "rows without a fixture";
}

}  // namespace
}  // namespace tarn::testing
