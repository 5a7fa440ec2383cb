#include "findings.h"

#include <utility>

Findings& Findings::text(std::string paragraph) {
  parts_.emplace_back(std::move(paragraph));
  return *this;
}

Findings& Findings::table(Table table) {
  parts_.emplace_back(std::move(table));
  return *this;
}

Findings& Findings::plot(Plot plot) {
  parts_.emplace_back(std::move(plot));
  return *this;
}

Findings& Findings::verdict(Verdict verdict) {
  verdicts_.push_back(std::move(verdict));
  return *this;
}
