#pragma once

#include <iterator>
#include <optional>
#include <type_traits>
#include <utility>

#include <tarn/io/progress_bar.h>

namespace tarn::io {

/// A range that shows how far a loop over it is: see progress().
template <class Range>
class Progress : public ProgressBar {
 public:
  Progress(Range&& range, ProgressBarOptions options)
      : ProgressBar(sized(range, std::move(options))), range_(std::forward<Range>(range)) {}

  /// A place in the range; leaving it counts.
  class Iterator {
   public:
    explicit Iterator(Progress& progress)
        : progress_(&progress), place_(std::begin(progress.range_)) {
      close_at_end();
    }
    decltype(auto) operator*() const { return *place_; }
    Iterator& operator++() {
      ++place_;
      progress_->update();
      close_at_end();
      return *this;
    }
    bool operator==(std::default_sentinel_t) const { return is_end(); }

   private:
    bool is_end() const { return place_ == std::end(progress_->range_); }
    // Before what stands behind the loop writes.
    void close_at_end() {
      if (is_end()) progress_->close();
    }

    Progress* progress_;
    decltype(std::begin(std::declval<Range&>())) place_;
  };

  /// Begins the range, and the bar, anew.
  Iterator begin() {
    if (begun_) reset(size_of(range_));
    begun_ = true;
    return Iterator(*this);
  }
  std::default_sentinel_t end() const { return {}; }

 private:
  static std::optional<std::int64_t> size_of(const std::remove_reference_t<Range>& range) {
    if constexpr (requires { std::size(range); }) {
      return static_cast<std::int64_t>(std::size(range));
    }
    return {};
  }
  static ProgressBarOptions sized(const std::remove_reference_t<Range>& range,
                                  ProgressBarOptions options) {
    if (!options.total) options.total = size_of(range);
    return options;
  }

  Range range_;
  bool begun_ = false;
};

/// Shows how far a loop over `range` is, as Python's tqdm does: a DataLoader, a vector, anything
/// with begin() and end(). With size(), the time that is left as well.
///
///   for (auto& [x, y] : io::progress(loader)) { ... }
///
///   auto bar = io::progress(loader, {.desc = "epoch 1/10"});
///   for (auto& [x, y] : bar) { ...; bar.set_postfix({{"loss", loss.item()}}); }
///
/// A range that is passed by name must outlive it; a temporary one is kept inside. Each loop over
/// `bar` is a line of its own. Throws ValueError for options out of range.
template <class Range>
Progress<Range> progress(Range&& range, ProgressBarOptions options = {}) {
  return Progress<Range>(std::forward<Range>(range), std::move(options));
}

}  // namespace tarn::io
