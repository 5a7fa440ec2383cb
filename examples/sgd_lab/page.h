#pragma once

#include <string>
#include <utility>
#include <vector>

#include "notebook.h"

/// The report: one page that needs nothing but itself, light or dark as its reader's system is.
/// `entries` are in the order of the page; `command` runs them all.
std::string make_page(const std::vector<std::pair<Experiment, Entry>>& entries,
                      const std::string& command);
