#include <charconv>
#include <cmath>
#include <set>

#include <tarn/io/checkpoint.h>
#include <tarn/io/detail/printable.h>
#include <tarn/io/detail/safetensors_file.h>
#include <tarn/tensor/error.h>
#include <tarn/tensor/factories.h>
#include <tarn/tensor/log.h>
#include <tarn/tensor/random.h>
#include <tarn/tensor/str.h>

namespace tarn::io {
namespace {

using detail::FileName;
using detail::printable;

constexpr const char* kCheckpoint = "checkpoint";
constexpr std::int64_t kVersion = 1;
// Names in the file. A part's tensors have a dot, the user's metadata may not begin like ours.
constexpr const char* kChecksums = "checksums";
constexpr const char* kGenerator = "generator";
constexpr const char* kOurs = "tarn.";
constexpr const char* kVersionKey = "tarn.checkpoint";
constexpr const char* kPartsKey = "tarn.parts";
constexpr const char* kStepKey = "tarn.step";
constexpr const char* kMetricKey = "tarn.metric";

// The parts and the default generator. Throws for names that cannot be told apart in a file.
Parts with_generator(const FileName& file, const Parts& parts) {
  std::set<std::string> names{kGenerator};
  for (const Part& part : parts) {
    const bool good = !part.name().empty() && part.name().find_first_of(".,") == std::string::npos;
    if (good && names.insert(part.name()).second) continue;
    throw ValueError(str(file.component, ": ", file.path, ": part \"", printable(part.name()),
                         "\": expected a name without dot or comma that is not empty, not \"",
                         kGenerator, "\" and comes once"));
  }
  Parts all = parts;
  all.emplace_back(kGenerator, default_generator());
  return all;
}

std::string listed(const Parts& parts) {
  std::string names;
  for (const Part& part : parts) names += (names.empty() ? "" : ",") + part.name();
  return names;
}

std::map<std::string, std::string> header_of(const FileName& file, const Parts& parts,
                                             const CheckpointInfo& info) {
  if (info.step < 0) {
    throw ValueError(
        str(file.component, ": ", file.path, ": step = ", info.step, ": expected >= 0"));
  }
  std::map<std::string, std::string> header = info.metadata;
  for (const auto& [key, value] : info.metadata) {
    if (!key.starts_with(kOurs)) continue;
    throw ValueError(str(file.component, ": ", file.path, ": metadata \"", printable(key),
                         "\": expected keys that do not begin with \"", kOurs, "\""));
  }
  header[kVersionKey] = str(kVersion);
  header[kPartsKey] = listed(parts);
  header[kStepKey] = str(info.step);
  if (info.metric) header[kMetricKey] = str(*info.metric);
  return header;
}

// Fills the checksums in, now that everything else that will be in the file is known.
void seal(const detail::SafetensorsLayout& layout, const Tensor& checksums) {
  auto* next = checksums.data_ptr<std::int64_t>();
  *next++ = detail::checksum(layout.start);
  for (const StateDict::Entry* entry : layout.order) {
    if (entry->first != kChecksums) *next++ = detail::stored_checksum(entry->second);
  }
}

void check_seal(const FileName& file, const detail::CheckedTensors& read) {
  const Tensor* sums = read.content.tensors.find(kChecksums);
  if (!sums || sums->dtype() != kInt64 || sums->dim() != 1 ||
      sums->numel() != static_cast<std::int64_t>(read.names.size())) {
    file.fail(str("has no \"", kChecksums, "\" of its ", read.names.size(),
                  " tensors: not a checkpoint, or damaged; weights alone are read by "
                  "read_safetensors()"));
  }
  const auto* expected = sums->data_ptr<std::int64_t>();
  const auto check = [&](std::uint32_t found, const std::string& what) {
    if (*expected++ == found) return;
    file.fail(str("the checksum of ", what, " is ", found, ", stored ", *(expected - 1),
                  ": the file is damaged; load an older one"));
  };
  check(read.checksums[0], "its header");
  for (std::size_t i = 0; i < read.names.size(); ++i) {
    if (read.names[i] != kChecksums)
      check(read.checksums[i + 1], str("\"", printable(read.names[i]), "\""));
  }
}

template <class T>
T number(const FileName& file, const std::map<std::string, std::string>& header, const char* key) {
  const auto place = header.find(key);
  const std::string text = place == header.end() ? "" : place->second;
  T value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) {
    file.fail(str("__metadata__[\"", key, "\"] is \"", printable(text),
                  "\": expected a number: not a checkpoint, or damaged"));
  }
  return value;
}

CheckpointInfo info_from(const FileName& file, const std::map<std::string, std::string>& header) {
  const auto version = number<std::int64_t>(file, header, kVersionKey);
  if (version != kVersion) {
    throw ValueError(str(file.component, ": ", file.path, ": format ", version,
                         ": this build reads format ", kVersion));
  }
  CheckpointInfo info{.step = number<std::int64_t>(file, header, kStepKey)};
  if (header.contains(kMetricKey)) info.metric = number<double>(file, header, kMetricKey);
  for (const auto& [key, value] : header) {
    if (!key.starts_with(kOurs)) info.metadata[key] = value;
  }
  return info;
}

void check_parts(const FileName& file, const std::map<std::string, std::string>& header,
                 const Parts& parts) {
  const auto place = header.find(kPartsKey);
  const std::string saved = place == header.end() ? "" : place->second;
  const auto names = [](const std::string& list) {
    std::set<std::string> result;
    for (std::size_t begin = 0; begin <= list.size();) {
      const std::size_t end = std::min(list.find(',', begin), list.size());
      result.insert(list.substr(begin, end - begin));
      begin = end + 1;
    }
    return result;
  };
  if (names(saved) == names(listed(parts))) return;
  throw ValueError(str(file.component, ": ", file.path, ": has the parts ", printable(saved),
                       ", loading ", listed(parts),
                       ": expected the same; of a part alone, load "
                       "read_safetensors(path).tensors.sub(\"<part>.\")"));
}

// Loads all parts or, when one throws, none.
void load_parts(const FileName& file, const StateDict& tensors, const Parts& parts) {
  std::vector<StateDict> before;
  before.reserve(parts.size());
  for (const Part& part : parts) before.push_back(part.state_dict().clone());
  std::size_t loaded = 0;
  // Last loaded, first restored: what one part set in another comes right again.
  const auto restore = [&] {
    while (loaded > 0) {
      --loaded;
      parts[loaded].load_state_dict(before[loaded]);
    }
  };
  try {
    for (; loaded < parts.size(); ++loaded)
      parts[loaded].load_state_dict(tensors.sub(parts[loaded].name() + "."));
  } catch (const Error& error) {
    const std::string& name = parts[loaded].name();
    restore();
    throw ValueError(str(file.component, ": ", file.path, ": part \"", name, "\": ", error.what(),
                         "; nothing was loaded"));
  } catch (...) {
    restore();
    throw;
  }
}

}  // namespace

void save_checkpoint(const std::string& path, const Parts& parts, const CheckpointInfo& info) {
  const FileName file{kCheckpoint, path};
  const Parts all = with_generator(file, parts);
  const auto header = header_of(file, all, info);
  StateDict tensors;
  for (const Part& part : all) tensors.merge(part.name() + ".", part.state_dict());
  const Tensor checksums =
      zeros({static_cast<std::int64_t>(tensors.size()) + 1}, {.dtype = kInt64});
  tensors.set(kChecksums, checksums);
  const auto layout = detail::lay_out_safetensors(file, tensors, header);
  seal(layout, checksums);
  detail::write_laid_out(file, layout);
  log_at(LogLevel::info, kCheckpoint, ": ", path, ": written at step ", info.step);
}

CheckpointInfo load_checkpoint(const std::string& path, const Parts& parts) {
  const FileName file{kCheckpoint, path};
  const Parts all = with_generator(file, parts);
  const detail::CheckedTensors read = detail::read_checked(file);
  check_seal(file, read);
  CheckpointInfo info = info_from(file, read.content.metadata);
  check_parts(file, read.content.metadata, all);
  load_parts(file, read.content.tensors, all);
  log_at(LogLevel::info, kCheckpoint, ": ", path, ": loaded, of step ", info.step);
  return info;
}

CheckpointInfo read_checkpoint_info(const std::string& path) {
  const FileName file{kCheckpoint, path};
  return info_from(file, detail::read_safetensors_metadata(file));
}

}  // namespace tarn::io
