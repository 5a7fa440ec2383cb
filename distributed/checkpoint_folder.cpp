#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <fstream>
#include <iterator>
#include <utility>

#include <unistd.h>

#include <tarn/distributed/checkpoint_folder.h>
#include <tarn/distributed/process_group.h>
#include <tarn/tensor/error.h>
#include <tarn/tensor/str.h>

namespace tarn::distributed {
namespace {

// The text that f() returns on rank 0, on all ranks. An exception there ends it on all.
template <class F>
std::string from_rank_0(F f) {
  constexpr char kGood = '+';
  std::string answer;
  std::exception_ptr error;
  if (rank() == 0) {
    try {
      answer = kGood + f();
    } catch (const std::exception& e) {
      answer = str('-', e.what());
      error = std::current_exception();
    }
  }
  answer = all_gather(answer)[0];
  if (error) std::rethrow_exception(error);
  if (answer[0] != kGood) throw DistributedError(str("rank 0: ", answer.substr(1)));
  return answer.substr(1);
}

std::string read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::string bytes{std::istreambuf_iterator<char>(file), {}};
  if (!file) throw IoError(str("checkpoint: ", path, ": cannot be read"), path, errno);
  return bytes;
}

// A file with the given contents for as long as it lives.
class TemporaryFile {
 public:
  explicit TemporaryFile(const std::string& bytes) {
    const char* const folder = std::getenv("TMPDIR");
    path_ = str(folder && *folder ? folder : "/tmp", "/tarn-checkpoint-XXXXXX");
    const int descriptor = mkstemp(path_.data());
    if (descriptor < 0) fail(errno);
    close(descriptor);
    std::ofstream file(path_, std::ios::binary);
    file << bytes;
    file.close();
    if (file) return;
    const int error = errno;
    unlink(path_.c_str());
    fail(error);
  }
  ~TemporaryFile() { unlink(path_.c_str()); }
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;

  const std::string& path() const { return path_; }

 private:
  [[noreturn]] void fail(int error) const {
    throw IoError(str("checkpoint: ", path_, ": ", std::strerror(error),
                      ": set TMPDIR to a folder with room for a checkpoint"),
                  path_, error);
  }

  std::string path_;
};

}  // namespace

CheckpointFolder::CheckpointFolder(const std::string& path,
                                   const io::CheckpointFolderOptions& options) {
  from_rank_0([&] {
    folder_.emplace(path, options);
    return std::string();
  });
}

std::string CheckpointFolder::save(const io::Parts& parts, const io::CheckpointInfo& info) {
  return from_rank_0([&] { return folder_->save(parts, info); });
}

std::optional<io::CheckpointInfo> CheckpointFolder::load_latest(const io::Parts& parts) {
  std::optional<io::CheckpointInfo> info;
  const std::string bytes = from_rank_0([&] {
    info = folder_->load_latest(parts);
    return info && size() > 1 ? read_file(folder_->files().at(info->step)) : std::string();
  });
  if (rank() == 0 || bytes.empty()) return info;
  return io::load_checkpoint(TemporaryFile(bytes).path(), parts);
}

bool CheckpointFolder::empty() const {
  return from_rank_0([&] { return std::string(folder_->files().empty() ? "1" : "0"); }) == "1";
}

}  // namespace tarn::distributed
