#pragma once

#include <chrono>
#include <cstddef>
#include <string>
#include <vector>

#include <tarn/autograd/detail/profile_scope.h>
#include <tarn/tensor/tensor.h>

namespace tarn {

/// Where the time goes, on the thread that made it, until stop() or its end:
///
///   Profiler profiler;
///   for (auto& [x, y] : loader) { ... }        // or a few steps of it
///   std::cout << profiler.table();
///   profiler.export_chrome_trace("trace.json");   // for chrome://tracing or ui.perfetto.dev
///
/// It sees the ops that are recorded in a graph, their gradients ("matmul backward"), calls of
/// modules, steps of optimizers, the wait for a DataLoader's batches, and the RecordFunctions of
/// the program. An op's time begins where the event before it ended, so what the program does in
/// between counts as the next op's; under a NoGradGuard the calls of modules are all there is to
/// see.
class Profiler {
 public:
  /// What took time.
  struct Event {
    std::string name{};
    std::string place{};  ///< "model.cpp:42" for ops
    bool is_op = false;   ///< an op or its gradient; else a scope that others may lie in
    double start = 0;     ///< seconds since the profiler was made
    double duration = 0;  ///< seconds
    double self = 0;      ///< seconds without the events that lie in it
    Shape shape{};        ///< of an op's result
    double bytes = 0;     ///< of an op's result, and of those operands that need a gradient
    double flops = 0;     ///< of a matrix product or convolution; see graph_flops()
  };

  Profiler();
  ~Profiler();
  Profiler(const Profiler&) = delete;
  Profiler& operator=(const Profiler&) = delete;

  /// Ends what is still open. A second call does nothing.
  void stop();

  /// What has ended so far, in the order of the ends.
  const std::vector<Event>& events() const { return events_; }

  /// A line for each name and shape, those with the most time first, at most `rows` of them and one
  /// for the rest:
  ///
  ///   name             shape      calls  self ms      %    MB/call  GFLOP/s  % of peak
  ///
  /// "self" is the time outside of other events, so that the column adds up to the total. The peak
  /// is that of the fastest of a few products of large matrices, which are computed here when an op
  /// with FLOPs was seen. Throws ValueError for rows < 1.
  std::string table(int rows = 25) const;

  /// Writes the events in the Trace Event Format. Throws IoError.
  void export_chrome_trace(const std::string& path) const;

 private:
  friend class detail::ProfileScope;
  friend void detail::profile_op(const Node& node);

  struct Open {
    Event event;
    double inside = 0;  // time of the events that have ended in it
  };

  double now() const;
  std::size_t begin(Event event);
  void end(std::size_t depth);
  void add(Event event);

  std::chrono::steady_clock::time_point made_;
  std::vector<Event> events_;
  std::vector<Open> open_;
  double last_ = 0;  // when the last event began or ended
  bool running_ = true;
  Profiler* previous_;
};

/// A stretch of the program under a name of its own in a Profiler's events.
///
///   { RecordFunction scope("augment"); x = augment(x); }
class RecordFunction {
 public:
  explicit RecordFunction(const std::string& name) : scope_([&] { return name; }) {}

 private:
  detail::ProfileScope scope_;
};

}  // namespace tarn
