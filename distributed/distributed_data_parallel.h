#pragma once

#include <cstdint>
#include <functional>
#include <memory>

#include <tarn/autograd/ops/losses.h>
#include <tarn/nn/module.h>
#include <tarn/optim/gradient_noise_scale.h>

namespace tarn::distributed {

namespace detail {
class GradientReducer;
}

struct DistributedDataParallelOptions {
  /// How each rank's loss is made of its examples. mean: the gradient is that of the mean over the
  /// examples of all ranks, also when they have different numbers of them; sum: that of the sum.
  Reduction reduction = Reduction::mean;
  /// Gradients are added up in pieces of this many MiB, > 0, of neighbouring parameters; the first
  /// piece has at most 1 MiB, so that it can begin early.
  double bucket_cap_mb = 25;
  /// Adds up a piece while backward() computes the next ones. false: when it has ended.
  bool overlap = true;
  /// Adds up by the order of the ranks, so that the bits do not depend on the MPI library, the
  /// number of hosts or its choice of algorithm. It sends as much as a ring, in more messages: k -
  /// 1 instead of 2 log k for k ranks.
  bool fixed_order = true;
  /// Is given the norms of each step with two ranks or more as the parts of the batch; steps that
  /// are not finite are left out. It must live longer.
  optim::GradientNoiseScale* noise_scale = nullptr;
};

/// Trains one model on several ranks, each with a part of every batch: backward() leaves on every
/// rank the gradient of the whole batch, so that all take the same step. PyTorch's
/// DistributedDataParallel.
///
///   distributed::init();
///   data::DataLoader loader(train, {.batch_size = 64, .sampler =
///       std::make_shared<data::DistributedSampler>(distributed::rank(), distributed::size())});
///   MLP model;
///   distributed::DistributedDataParallel parallel(model);
///   optim::SGD sgd(model.parameters(), {.lr = 0.1});
///   const auto step = [&] {
///     nn::clip_grad_norm_(model, 1.0);                 // of the whole batch's gradient
///     sgd.step();
///     sgd.zero_grad();
///   };
///   for (auto& [x, y] : loader) {
///     cross_entropy(parallel(x), y).backward();
///     step();
///   }
///   parallel.join(step);                               // for ranks that had a batch less
///
/// Every example has the same weight: rank r's gradient counts by the n_r examples that went
/// through operator() since the last step,
///
///   gradient = sum_r n_r gradient_r / sum_r n_r        (Reduction::mean)
///
/// A parameter that no rank's loss depends on keeps the gradient it has, usually none; where some
/// ranks' do, it counts as 0 on the others. Buffers, such as running means, are those of rank 0
/// after each step. Dropout draws other numbers on every rank.
///
/// All ranks must take the same steps: a backward() throws Error, on all ranks, when the parameters
/// of one are no longer those of rank 0. Gradients are accumulated with no_sync(), by hand or by an
/// optim::Accumulator with the same `reduction`, whose flush(share) calls join().
///
/// Without mpirun it does nothing but call the model. The gradients are values: backward() with
/// create_graph belongs into no_sync(), and so does grad() with respect to parameters.
class DistributedDataParallel {
 public:
  /// Gives all ranks the parameters and buffers of rank 0. The model must live longer. Throws
  /// ValueError, on all ranks, when the models differ, naming the rank, the tensor and what it has
  /// there (name, shape, type, whether it is trained), or when manual_seed() was called with
  /// different seeds; and for options outside their ranges.
  explicit DistributedDataParallel(nn::Module& model,
                                   const DistributedDataParallelOptions& options = {});
  ~DistributedDataParallel();
  DistributedDataParallel(const DistributedDataParallel&) = delete;
  DistributedDataParallel& operator=(const DistributedDataParallel&) = delete;

  /// model(x), and counts x.size(0) examples in training.
  Tensor operator()(const Tensor& x, Where where = Where::current());
  nn::Module& module() const { return model_; }

  /// Counts examples by hand, for a model with other inputs or another unit such as tokens. Throws
  /// ValueError for count < 1.
  void add_examples(std::int64_t count);

  /// While it lives, backward() only adds to this rank's own gradients: all parts of a rank's batch
  /// but the last.
  ///
  ///   {
  ///     const auto local = parallel.no_sync();
  ///     (cross_entropy(parallel(x1), y1) / 2).backward();
  ///   }
  ///   (cross_entropy(parallel(x2), y2) / 2).backward();   // now those of all ranks
  class [[nodiscard]] NoSync {
   public:
    ~NoSync();
    NoSync(const NoSync&) = delete;
    NoSync& operator=(const NoSync&) = delete;

   private:
    friend class DistributedDataParallel;
    NoSync(DistributedDataParallel& parallel, bool enabled);
    DistributedDataParallel& parallel_;
    bool previous_;
  };
  NoSync no_sync(bool enabled = true) { return NoSync(*this, enabled); }

  /// Takes part, without examples of its own, in the steps of the ranks that still have some;
  /// `step` does after each what the loop does after backward(). Returns when all ranks are in
  /// join(): to be called by all at the end of an epoch. Gradients that no_sync() left over take
  /// part in the first of these steps.
  void join(const std::function<void()>& step);

  /// Asks all ranks to stop, for instance because a signal came to this one.
  void stop();
  /// Whether a rank asked for it before the last step: after each step the same answer on all
  /// ranks, so that they leave their loops together.
  bool should_stop() const;

 private:
  nn::Module& model_;
  std::unique_ptr<detail::GradientReducer> reducer_;  // null for a single rank
  bool sync_ = true;
  // For a single rank:
  bool left_over_ = false;  // no_sync() came after the last backward()
  bool stop_ = false;
};

}  // namespace tarn::distributed
