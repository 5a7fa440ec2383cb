// All ranks run the same tests; those that are not rank 0 print failures only.

#include <gtest/gtest.h>

#include <tarn/distributed/process_group.h>
#include <tarn/tensor/str.h>

namespace {

class FailurePrinter : public testing::EmptyTestEventListener {
  void OnTestPartResult(const testing::TestPartResult& result) override {
    if (!result.failed()) return;
    std::fprintf(stderr, "[rank %d] %s:%d: %s\n", tarn::distributed::rank(), result.file_name(),
                 result.line_number(), result.message());
  }
};

}  // namespace

int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  tarn::distributed::init({.timeout = 60});
  if (tarn::distributed::rank() > 0) {
    auto& listeners = testing::UnitTest::GetInstance()->listeners();
    delete listeners.Release(listeners.default_result_printer());
    listeners.Append(new FailurePrinter);
  }
  return RUN_ALL_TESTS();
}
