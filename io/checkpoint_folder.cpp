#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cmath>
#include <exception>
#include <filesystem>
#include <optional>
#include <string_view>
#include <system_error>

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <tarn/io/checkpoint_folder.h>
#include <tarn/io/detail/input_file.h>
#include <tarn/io/detail/output_file.h>
#include <tarn/io/detail/safetensors_header.h>
#include <tarn/tensor/error.h>
#include <tarn/tensor/log.h>
#include <tarn/tensor/str.h>

namespace tarn::io {
namespace {

namespace fs = std::filesystem;

constexpr const char* kFolder = "checkpoint";
constexpr std::string_view kPrefix = "step-";
constexpr std::string_view kCheckpointSuffix = ".safetensors";
constexpr std::size_t kDigits = 12;

std::string file_name(std::int64_t step) {
  const std::string digits = str(step);
  const std::size_t zeros = kDigits - std::min(kDigits, digits.size());
  return str(kPrefix, std::string(zeros, '0'), digits, kCheckpointSuffix);
}

std::optional<std::int64_t> step_of(std::string_view name) {
  if (!name.starts_with(kPrefix) || !name.ends_with(kCheckpointSuffix)) return {};
  name.remove_prefix(kPrefix.size());
  name.remove_suffix(std::min(kCheckpointSuffix.size(), name.size()));
  std::int64_t step = -1;
  const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), step);
  const bool whole = error == std::errc() && end == name.data() + name.size() && step >= 0;
  return whole ? std::optional(step) : std::nullopt;
}

}  // namespace

CheckpointFolder::CheckpointFolder(std::string path, const CheckpointFolderOptions& options)
    : path_(std::move(path)), options_(options) {
  if (options.keep_last < 1) {
    throw ValueError(
        str(kFolder, ": ", path_, ": keep_last = ", options.keep_last, ": expected >= 1"));
  }
  const detail::FileName name{kFolder, path_};
  std::error_code error;
  fs::create_directories(path_, error);
  if (error) name.fail_system("the folder cannot be made", error.value());
  lock();
  try {
    scan();
  } catch (const fs::filesystem_error& failure) {
    name.fail_system("the folder cannot be read", failure.code().value());
  }
}

CheckpointFolder::~CheckpointFolder() = default;

// The system lets go of the lock when the process ends, however it ends.
void CheckpointFolder::lock() {
  const detail::FileName name{kFolder, path_};
  const std::string file = path_ + "/.lock";
  lock_ = std::make_unique<detail::Descriptor>(
      ::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666));
  if (*lock_ < 0) name.fail_system("cannot be written in", errno);
  if (::flock(*lock_, LOCK_EX | LOCK_NB) == 0) {
    // For whoever wonders; the lock itself needs no contents.
    const std::string pid = str(::getpid(), "\n");
    if (::ftruncate(*lock_, 0) != 0 ||
        ::pwrite(*lock_, pid.data(), pid.size(), 0) != static_cast<ssize_t>(pid.size()))
      name.fail_system("cannot be written in", errno);
    return;
  }
  if (errno != EWOULDBLOCK) name.fail_system("cannot be locked", errno);
  char owner[32] = {};
  const ssize_t count = ::pread(*lock_, owner, sizeof owner, 0);
  std::int64_t pid = 0;
  std::from_chars(owner, owner + std::max<ssize_t>(count, 0), pid);
  throw IoError(str(kFolder, ": ", path_, ": is in use by process ", pid,
                    ": give each run a folder of its own"),
                path_, EWOULDBLOCK);
}

void CheckpointFolder::scan() {
  for (const auto& entry : fs::directory_iterator(path_)) {
    const std::string name = entry.path().filename().string();
    if (name.starts_with(kPrefix) && name.find(detail::kTemporarySuffix) != std::string::npos) {
      fs::remove(entry.path());
    } else if (const auto step = step_of(name)) {
      files_[*step] = entry.path().string();
    }
  }
  for (const auto& [step, file] : files_) {
    try {
      const CheckpointInfo info = read_checkpoint_info(file);
      if (info.metric && !std::isnan(*info.metric)) metrics_[step] = *info.metric;
    } catch (const Error&) {  // whoever loads it will hear of it
    }
  }
}

std::string CheckpointFolder::save(const Parts& parts, const CheckpointInfo& info) {
  std::string file = str(path_, "/", file_name(info.step));
  save_checkpoint(file, parts, info);
  files_[info.step] = file;
  metrics_.erase(info.step);
  if (info.metric && !std::isnan(*info.metric)) metrics_[info.step] = *info.metric;
  prune(info.step);
  return file;
}

void CheckpointFolder::prune(std::int64_t newest) {
  const std::optional<std::int64_t> best = best_step();
  int kept = 0;
  for (auto place = files_.upper_bound(newest); place != files_.begin();) {
    --place;
    const std::int64_t step = place->first;
    if (kept < options_.keep_last) {
      ++kept;
    } else if (step != best) {
      std::error_code error;
      fs::remove(place->second, error);
      if (error) {
        warn_once("checkpoint.prune",
                  str(kFolder, ": ", place->second, ": cannot be deleted: ", error.message()));
      }
      metrics_.erase(step);
      place = files_.erase(place);
    }
  }
}

std::optional<CheckpointInfo> CheckpointFolder::load_latest(const Parts& parts) {
  std::exception_ptr damage;
  const auto warn = [&damage](const std::string& file, const Error& error) {
    damage = std::current_exception();
    warn_once(file.c_str(), str(error.what(), "; trying the one before"));
  };
  for (auto place = files_.rbegin(); place != files_.rend(); ++place) {
    try {
      return load_checkpoint(place->second, parts);
    } catch (const FormatError& error) {
      warn(place->second, error);
    } catch (const IoError& error) {
      warn(place->second, error);
    }
  }
  if (damage) std::rethrow_exception(damage);
  return {};
}

std::optional<std::int64_t> CheckpointFolder::best_step() const {
  std::optional<std::int64_t> best;
  for (const auto& [step, metric] : metrics_) {
    if (!best || is_better(metric, metrics_.at(*best))) best = step;
  }
  return best;
}

std::optional<std::string> CheckpointFolder::best() const {
  const auto step = best_step();
  return step ? std::optional(files_.at(*step)) : std::nullopt;
}

}  // namespace tarn::io
