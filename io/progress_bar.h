#pragma once

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <optional>
#include <string>

#include <tarn/io/metrics.h>
#include <tarn/io/terminal.h>

namespace tarn::io {

/// How a ProgressBar shows itself; names and defaults are tqdm's where it has them.
struct ProgressBarOptions {
  std::optional<std::int64_t> total{};  ///< updates to come in all, >= 0; none: not known
  std::string desc{};                   ///< stands before the bar
  std::int64_t initial = 0;             ///< updates that were done before, >= 0
  bool leave = true;                    ///< the last state stays; false: the line is removed
  bool disable = false;                 ///< shows nothing, for ranks other than 0
  double mininterval = 0.1;             ///< seconds between two drawings, >= 0
  double plain_interval = 10;  ///< seconds between two lines where nothing can be redrawn, >= 0
  std::FILE* file = stderr;
};

/// A line that shows how far a loop is. For a loop over a range, see progress().
///
///   io::ProgressBar bar({.total = 1000, .desc = "warmup"});
///   for (int i = 0; i < 1000; ++i) { ...; bar.set_postfix({{"loss", loss}}); bar.update(); }
///
///   warmup [===========>          ] 52%  ETA 0:04  loss 0.0912  131.2/s  520/1000
///
/// On a terminal the line is drawn over and over, in the width that the window has at that moment;
/// fields that have no room are left out, the rear ones first, then the bar. Elsewhere (pipes,
/// files, TERM=dumb, the consoles of notebooks) the same text comes as plain lines now and then,
/// and one at the end. When the line ends by an exception or an early way out of the loop, its last
/// state stays in any case if an exception is on its way, so that the error's text comes below it.
///
/// One thread at a time. Failures to write are ignored: training goes on.
class ProgressBar {
 public:
  /// Draws the first state. Throws ValueError for options out of range.
  explicit ProgressBar(ProgressBarOptions options = {});
  ~ProgressBar();
  ProgressBar(const ProgressBar&) = delete;
  ProgressBar& operator=(const ProgressBar&) = delete;

  /// Counts `n` more, and draws when it is time to.
  void update(std::int64_t n = 1);
  /// Whether the next update() draws: text that is costly to make is not needed otherwise.
  bool is_due() const;
  /// Shows these from the next drawing on, in their order: "loss 0.0912". Floating point numbers
  /// have four digits; text is shown as it is.
  void set_postfix(Metrics metrics);
  /// Text that stands before the bar from the next drawing on.
  void set_description(std::string desc);
  /// Prints `text` and a newline above the bar.
  void write(const std::string& text);
  /// Takes the line away until the next drawing, so that other text can take its place.
  void clear();
  /// Draws the last state, or removes the line, as `leave` says. A second call does nothing.
  void close();

  /// Counted so far, with `initial`.
  std::int64_t n() const { return n_; }

 protected:
  /// Begins again, for another pass over a range.
  void reset(std::optional<std::int64_t> total);

 private:
  using Clock = std::chrono::steady_clock;

  std::string text(int width, bool with_bar, bool color) const;
  void draw();

  ProgressBarOptions options_;
  Terminal terminal_;
  Metrics postfix_{};
  std::int64_t n_;
  Clock::time_point start_;
  Clock::time_point drawn_;
  int exceptions_;
  bool visible_ = false;
  bool closed_ = false;
};

}  // namespace tarn::io
