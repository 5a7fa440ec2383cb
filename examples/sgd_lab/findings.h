#pragma once

#include <string>
#include <variant>
#include <vector>

#include <tarn/io/plot.h>

#include "table.h"
#include "verdict.h"

using tarn::io::Axes;
using tarn::io::log_log;
using tarn::io::Plot;

/// What an experiment has to tell, in the order of telling.
class Findings {
 public:
  using Part = std::variant<std::string, Table, Plot>;

  /// A paragraph.
  Findings& text(std::string paragraph);
  Findings& table(Table table);
  Findings& plot(Plot plot);
  Findings& verdict(Verdict verdict);

  const std::vector<Part>& parts() const { return parts_; }
  const std::vector<Verdict>& verdicts() const { return verdicts_; }

 private:
  std::vector<Part> parts_;
  std::vector<Verdict> verdicts_;
};
