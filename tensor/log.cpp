#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string_view>
#include <utility>

#include <tarn/tensor/log.h>

namespace tarn {
namespace {

constexpr LogLevel kDefaultLevel = LogLevel::warning;
constexpr const char* kLevelNames[] = {"off", "error", "warning", "info", "debug"};

const char* name_of(LogLevel level) { return kLevelNames[static_cast<int>(level)]; }

// One call, so that lines of several threads do not mix.
void write_to_stderr(LogLevel level, const std::string& message) {
  const std::string line = str("tarn: ", name_of(level), ": ", message, "\n");
  std::fwrite(line.data(), 1, line.size(), stderr);
}

struct Log {
  std::mutex mutex;
  std::shared_ptr<const LogHandler> handler = std::make_shared<LogHandler>(write_to_stderr);
  std::set<std::string> warned;
};

// Never destroyed: destructors of static objects may have something to say.
Log& log_state() {
  static Log& state = *new Log;
  return state;
}

std::optional<LogLevel> parse_level(std::string_view text) {
  for (const LogLevel level :
       {LogLevel::off, LogLevel::error, LogLevel::warning, LogLevel::info, LogLevel::debug}) {
    if (text == name_of(level)) return level;
  }
  return {};
}

LogLevel level_at_start() {
  const char* text = std::getenv("TARN_LOG");
  if (!text || !*text) return kDefaultLevel;
  if (const auto level = parse_level(text)) return *level;
  // By itself: log_message() would ask for the level that is being found.
  const std::string message =
      str("TARN_LOG = \"", text, "\": expected off, error, warning, info or debug; using ",
          name_of(kDefaultLevel));
  write_to_stderr(LogLevel::warning, message);
  return kDefaultLevel;
}

std::atomic<LogLevel>& level_state() {
  static std::atomic<LogLevel> level{level_at_start()};
  return level;
}

}  // namespace

LogLevel log_level() { return level_state().load(std::memory_order_relaxed); }

void set_log_level(LogLevel level) { level_state().store(level, std::memory_order_relaxed); }

LogHandler set_log_handler(LogHandler handler) {
  auto next = std::make_shared<LogHandler>(handler ? std::move(handler) : write_to_stderr);
  const std::lock_guard lock(log_state().mutex);
  return *std::exchange(log_state().handler, std::move(next));
}

void log_message(LogLevel level, const std::string& message) {
  if (level == LogLevel::off || level > log_level()) return;
  std::shared_ptr<const LogHandler> handler;
  {
    const std::lock_guard lock(log_state().mutex);
    handler = log_state().handler;
  }
  // Outside of the lock: it may log, too.
  (*handler)(level, message);
}

void warn_once(const char* key, const std::string& message) {
  if (LogLevel::warning > log_level()) return;
  {
    const std::lock_guard lock(log_state().mutex);
    if (!log_state().warned.insert(key).second) return;
  }
  log_message(LogLevel::warning, message);
}

void reset_warnings() {
  const std::lock_guard lock(log_state().mutex);
  log_state().warned.clear();
}

}  // namespace tarn
