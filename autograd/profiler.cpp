#include <algorithm>
#include <cerrno>
#include <fstream>
#include <map>
#include <utility>

#include <nlohmann/json.hpp>

#include <tarn/autograd/detail/node_flops.h>
#include <tarn/autograd/grad_mode.h>
#include <tarn/autograd/ops/matmul.h>
#include <tarn/autograd/profiler.h>
#include <tarn/tensor/detail/aligned_columns.h>
#include <tarn/tensor/detail/number_text.h>
#include <tarn/tensor/error.h>
#include <tarn/tensor/factories.h>
#include <tarn/tensor/str.h>

namespace tarn {
namespace {

constinit thread_local Profiler* innermost_profiler = nullptr;

double bytes_of(const Node& node) {
  return static_cast<double>(numel(node.sizes)) * static_cast<double>(element_size(node.dtype));
}

Profiler::Event op_event(const Node& node) {
  Profiler::Event event{.name = node.name(), .is_op = true, .shape = node.sizes};
  if (node.where().line() > 0) {
    event.place = str(node.where().file_name(), ":", node.where().line());
  }
  event.bytes = bytes_of(node);
  for (const auto& edge : node.edges()) event.bytes += edge ? bytes_of(*edge) : 0;
  return event;
}

// FLOP per second of large products: what one can hope for.
double measured_peak() {
  using Clock = std::chrono::steady_clock;
  const NoGradGuard no_grad;
  constexpr std::int64_t kSize = 768;
  const Tensor a = ones({kSize, kSize});
  double fastest = 0;
  for (int i = 0; i < 6; ++i) {
    const auto start = Clock::now();
    matmul(a, a);
    const std::chrono::duration<double> seconds = Clock::now() - start;
    fastest = std::max(fastest, 2.0 * kSize * kSize * kSize / seconds.count());
  }
  return fastest;
}

std::string fixed(double value, int digits) {
  return number_text(value, digits, std::chars_format::fixed);
}

// Events of one name and shape.
struct Total {
  std::string name{};
  std::string shape{};
  std::int64_t calls = 0;
  double self = 0;
  double bytes = 0;
  double flops = 0;

  void add(const Total& other) {
    calls += other.calls;
    self += other.self;
    bytes += other.bytes;
    flops += other.flops;
  }
};

std::vector<Total> totals(const std::vector<Profiler::Event>& events) {
  std::map<std::pair<std::string, std::string>, Total> by_kind;
  for (const Profiler::Event& event : events) {
    const std::string shape = event.is_op ? to_string(event.shape) : "";
    Total& total = by_kind[{event.name, shape}];
    total.name = event.name;
    total.shape = shape;
    total.add({.calls = 1, .self = event.self, .bytes = event.bytes, .flops = event.flops});
  }
  std::vector<Total> sorted;
  sorted.reserve(by_kind.size());
  for (auto& [kind, total] : by_kind) sorted.push_back(std::move(total));
  std::ranges::stable_sort(sorted, std::greater(), &Total::self);
  return sorted;
}

// A JSON string; bytes that are not UTF-8, which a file's name may have, become U+FFFD.
std::string quoted(const std::string& text) {
  using nlohmann::json;
  return json(text).dump(-1, ' ', false, json::error_handler_t::replace);
}

}  // namespace

namespace detail {

Profiler* current_profiler() { return innermost_profiler; }

void profile_op(const Node& node) {
  Profiler::Event event = op_event(node);
  event.flops = node_flops(node).forward;
  innermost_profiler->add(std::move(event));
}

void ProfileScope::begin(std::string name) { depth_ = profiler_->begin({.name = std::move(name)}); }

void ProfileScope::begin_backward(const Node& node) {
  Profiler::Event event = op_event(node);
  event.name += " backward";
  event.flops = node_flops(node).backward;
  depth_ = profiler_->begin(std::move(event));
}

void ProfileScope::end() noexcept {
  // The profiler may have been stopped, or be gone.
  if (profiler_ == innermost_profiler) profiler_->end(depth_);
}

}  // namespace detail

Profiler::Profiler() : made_(std::chrono::steady_clock::now()), previous_(innermost_profiler) {
  innermost_profiler = this;
}

Profiler::~Profiler() { stop(); }

void Profiler::stop() {
  if (!running_) return;
  end(0);
  last_ = now();
  running_ = false;
  innermost_profiler = previous_;
}

double Profiler::now() const {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - made_).count();
}

std::size_t Profiler::begin(Event event) {
  last_ = event.start = now();
  open_.push_back({std::move(event)});
  return open_.size() - 1;
}

void Profiler::end(std::size_t depth) {
  while (open_.size() > depth) {
    Open done = std::move(open_.back());
    open_.pop_back();
    last_ = now();
    done.event.duration = last_ - done.event.start;
    done.event.self = done.event.duration - done.inside;
    if (!open_.empty()) open_.back().inside += done.event.duration;
    events_.push_back(std::move(done.event));
  }
}

void Profiler::add(Event event) {
  event.start = last_;
  last_ = now();
  event.duration = event.self = last_ - event.start;
  if (!open_.empty()) open_.back().inside += event.duration;
  events_.push_back(std::move(event));
}

std::string Profiler::table(int rows) const {
  if (rows < 1) throw ValueError(str("Profiler::table: rows = ", rows, ": expected >= 1"));
  std::vector<Total> lines = totals(events_);
  const double wall = running_ ? now() : last_;
  const auto has_flops = [](const Total& total) { return total.flops > 0; };
  const double peak = std::ranges::any_of(lines, has_flops) ? measured_peak() : 0;

  Total all{.name = "in events"};
  for (const Total& line : lines) all.add(line);
  if (const auto shown = static_cast<std::size_t>(rows); lines.size() > shown) {
    Total rest{.name = str(lines.size() - shown, " more")};
    for (std::size_t i = shown; i < lines.size(); ++i) rest.add(lines[i]);
    lines.resize(shown);
    lines.push_back(rest);
  }
  lines.push_back({.name = "outside", .calls = 0, .self = std::max(wall - all.self, 0.0)});

  std::vector<std::vector<std::string>> cells{
      {"name", "shape", "calls", "self ms", "%", "MB/call", "GFLOP/s", "% of peak"}};
  const auto add_line = [&](const Total& total) {
    const bool known = total.flops > 0 && total.self > 0;
    const double speed = known ? total.flops / total.self : 0;
    cells.push_back(
        {total.name, total.shape, total.calls > 0 ? std::to_string(total.calls) : "",
         fixed(total.self * 1e3, 3), wall > 0 ? fixed(100 * total.self / wall, 1) : "",
         total.bytes > 0 ? fixed(total.bytes / 1e6 / static_cast<double>(total.calls), 3) : "",
         known ? fixed(speed / 1e9, 1) : "", known ? fixed(100 * speed / peak, 1) : ""});
  };
  for (const Total& line : lines) add_line(line);
  cells.push_back(
      {"total", "", std::to_string(all.calls), fixed(wall * 1e3, 3), "100.0", "", "", ""});
  std::string text = detail::aligned_columns(cells, 2);
  if (peak > 0)
    text += str("peak: ", fixed(peak / 1e9, 1), " GFLOP/s, a product of large matrices\n");
  return text;
}

void Profiler::export_chrome_trace(const std::string& path) const {
  std::ofstream file(path);
  file << "{\"traceEvents\":[";
  const char* separator = "\n";
  for (const Event& event : events_) {
    file << separator << "{\"ph\":\"X\",\"pid\":1,\"tid\":1,\"name\":" << quoted(event.name)
         << ",\"cat\":\"" << (event.is_op ? "op" : "scope")
         << "\",\"ts\":" << fixed(event.start * 1e6, 3)
         << ",\"dur\":" << fixed(event.duration * 1e6, 3) << ",\"args\":{";
    if (event.is_op) {
      file << "\"shape\":\"" << to_string(event.shape) << "\",\"bytes\":" << fixed(event.bytes, 0)
           << ",\"flops\":" << fixed(event.flops, 0) << ",\"place\":" << quoted(event.place);
    }
    file << "}}";
    separator = ",\n";
  }
  file << "\n]}\n";
  file.close();
  if (!file) {
    const int error = errno;
    throw IoError(str("Profiler: ", path, ": cannot be written"), path, error);
  }
}

}  // namespace tarn
