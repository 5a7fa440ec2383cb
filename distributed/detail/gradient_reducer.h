#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include <tarn/distributed/detail/communicator.h>
#include <tarn/distributed/distributed_data_parallel.h>

namespace tarn::distributed::detail {

/// Adds up the gradients of all ranks, a bucket of parameters at a time, while backward() computes
/// the next ones. A step goes through these operations, in the same order on all ranks: a gathering
/// of what each rank says about its part (Part), a sum for each bucket, then, where asked for, the
/// norms of the ranks' gradients, and the buffers.
class GradientReducer {
 public:
  GradientReducer(nn::Module& model, Communicator& ranks,
                  const DistributedDataParallelOptions& options);
  ~GradientReducer();
  GradientReducer(const GradientReducer&) = delete;
  GradientReducer& operator=(const GradientReducer&) = delete;

  int rank() const { return ranks_.rank(); }
  void add_examples(std::int64_t count) { part_.examples += count; }
  /// Whether backward() adds up the gradients of all ranks.
  void set_sync(bool sync) { sync_ = sync; }
  void stop() { asked_to_stop_ = true; }
  bool should_stop() const { return should_stop_; }
  /// A step without a backward() of this rank. False when no rank had examples: there is none.
  bool step_without_backward(bool with_own_gradients);

 private:
  // What a rank says about its part of a step.
  struct Part {
    std::int64_t examples = 0;
    std::uint64_t stream = 0;      // of the default generator
    std::int64_t stop = 0;         // whether this rank asks for it
    std::uint64_t parameters = 0;  // a hash of some elements
  };
  struct Slot {
    Tensor parameter;
    Shape strides;  // of a gradient in the bucket
    std::size_t bucket = 0;
    std::int64_t offset = 0;
    bool filled = false;
  };
  // The gradients of its slots in memory order, and behind them for each slot on how many ranks it
  // has one.
  struct Bucket {
    std::string what;
    Tensor flat;
    std::vector<std::size_t> slots;
    std::int64_t elements = 0;
    std::size_t missing = 0;
    Pending pending;
  };

  void make_buckets(double cap_mb);
  void register_hooks();
  void check_parameters() const;
  std::uint64_t hash_of_parameters() const;
  void begin();
  void arrived(std::size_t slot, const Tensor& gradient);
  void fill(std::size_t slot, const Tensor& own, const Tensor& gradient);
  void launch_ready();
  void wait_for_parts();
  void finish(bool with_own_gradients);
  void give_back(const Bucket& bucket, std::int64_t examples) const;
  void measure_noise(std::int64_t examples);
  void share_buffers();

  nn::Module& model_;
  Communicator& ranks_;
  DistributedDataParallelOptions options_;
  std::vector<Slot> slots_;
  std::vector<Bucket> buckets_;
  std::vector<RemovableHandle> hooks_;
  bool sync_ = true;
  bool asked_to_stop_ = false;
  bool should_stop_ = false;

  // Of the step under way.
  bool under_way_ = false;
  Part part_;
  std::vector<Part> parts_;
  Pending gathering_;
  std::size_t launched_ = 0;  // buckets
  double squared_norm_ = 0;   // of this rank's gradient times its examples
};

}  // namespace tarn::distributed::detail
