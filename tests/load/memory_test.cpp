#include <cstdlib>
#include <fstream>

#include <gtest/gtest.h>
#include <unistd.h>

#include <tarn/tarn.h>
#include <tarn/tensor/pool.h>

// Memory stays flat however long a run is.
//
//   TARN_LONG=50     so many times the epochs and steps: 10,000 and 1,000,000
namespace tarn {
namespace {

std::int64_t times() {
  const char* const text = std::getenv("TARN_LONG");
  return text ? std::atoll(text) : 1;
}

std::int64_t resident_bytes() {
  std::ifstream file("/proc/self/statm");
  std::int64_t size = 0;
  std::int64_t resident = 0;
  file >> size >> resident;
  return resident * ::sysconf(_SC_PAGESIZE);
}

// Sanitizers keep freed memory.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool kSanitized = true;
#elif defined(__has_feature)
constexpr bool kSanitized = __has_feature(address_sanitizer) || __has_feature(thread_sanitizer);
#else
constexpr bool kSanitized = false;
#endif

constexpr std::int64_t kAllowed = std::int64_t{2} << 20;

// Does `part` once to warm up and nine times more, after which the pool and the process hold as
// much as before, up to what the allocator of the system keeps of freed memory.
template <class Part>
void expect_flat(std::int64_t allowed_in_pool, Part part) {
  part();
  const auto in_pool = [] { return static_cast<std::int64_t>(memory_stats().bytes_reserved); };
  const std::int64_t pool = in_pool();
  const std::int64_t resident = resident_bytes();
  for (int repetition = 1; repetition < 10; ++repetition) part();
  std::cout << "  " << in_pool() << " bytes in the pool, " << in_pool() - pool
            << " more than after a tenth; " << resident_bytes() << " resident, "
            << resident_bytes() - resident << " more\n";
  EXPECT_LE(in_pool() - pool, allowed_in_pool);
  if (!kSanitized) {
    EXPECT_LE(resident_bytes() - resident, kAllowed);
  }
}

TEST(Memory, StaysFlatOverManyEpochs) {
  Generator numbers(1);
  // Batches of 64 KiB: a thread keeps up to 1 MiB of each size, and is soon there.
  const data::TensorDataset set(rand({60, 1024}, numbers), rand({60, 1024}, numbers));
  for (const int workers : {0, 2}) {
    data::DataLoader loader(set, {.batch_size = 16, .num_workers = workers});
    std::int64_t batches = 0;
    const std::int64_t epochs = 20 * times();
    // How many batches are on their way is a matter of timing.
    expect_flat(workers == 0 ? 0 : kAllowed, [&] {
      for (std::int64_t epoch = 0; epoch < epochs; ++epoch) {
        for ([[maybe_unused]] auto& batch : loader) {
          ++batches;
          if (epoch % 5 == 4) break;  // an epoch that is left early
        }
      }
    });
    EXPECT_EQ(batches, 10 * (epochs / 5 * 4 * 4 + epochs / 5));
  }
}

TEST(Memory, StaysFlatOverManySteps) {
  Generator numbers(1);
  const Tensor x = rand({8, 5}, numbers);
  const Tensor y = randint(0, 3, {8}, numbers);
  struct Model : nn::Module {
    nn::Linear& fc1 = add("fc1", nn::Linear(5, 4));
    nn::Linear& fc2 = add("fc2", nn::Linear(4, 3));
    Tensor forward(const Tensor& input) override { return fc2(dropout(tanh(fc1(input)), 0.1)); }
  } model;
  optim::Adam adam(model.parameters(), {.lr = 0.001});
  const optim::SkipNonFinite skip(adam, model);
  optim::Accumulator accumulate(adam, {.batch_size = 16});
  optim::InverseTimeLR schedule(adam, {});
  expect_flat(0, [&] {
    for (std::int64_t step = 0; step < 2'000 * times(); ++step) {
      accumulate.backward(cross_entropy(model(x), y), 8);
      if (accumulate.backward(cross_entropy(model(x), y), 8)) schedule.step();
    }
  });
  EXPECT_EQ(adam.step_count(), 20'000 * times());
  EXPECT_EQ(skip.skipped(), 0);
}

}  // namespace
}  // namespace tarn
