#include "notebook.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <fstream>

#include <nlohmann/json.hpp>
#include <unistd.h>

#include <tarn/tarn.h>

using nlohmann::json;

NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(Verdict, claim, measured, expected, holds)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(Entry, conditions, command, seconds, html, verdicts)

namespace {

/// Columns series, x, y, error.
std::string csv(const Plot& plot) {
  Table table({"series", "x", "y", "error"});
  for (const Plot::Series& s : plot.series()) {
    const std::string label = s.style == Plot::Style::contour ? "contour" : s.label;
    for (std::size_t i = 0; i < s.x.size(); ++i) {
      table.add_row(
          {label, s.x[i], s.y[i], s.errors.empty() ? Table::Cell("") : Table::Cell(s.errors[i])});
    }
  }
  return table.csv();
}

}  // namespace

bool Entry::holds() const {
  return std::all_of(verdicts.begin(), verdicts.end(), [](const Verdict& v) { return v.holds; });
}

void write_file(const std::string& path, const std::string& text) {
  const std::string partial = tarn::str(path, ".", getpid(), ".partial");
  std::ofstream file(partial, std::ios::binary);
  file << text;
  file.close();
  if (!file || std::rename(partial.c_str(), path.c_str()) != 0) {
    throw tarn::IoError("cannot write " + path, path, errno);
  }
}

Notebook::Notebook(std::string folder) : folder_(std::move(folder)) {
  std::filesystem::create_directories(folder_);
}

std::optional<Entry> Notebook::find(const std::string& name, const std::string& conditions) const {
  std::ifstream file(path(name + ".json"));
  const json stored = json::parse(file, nullptr, /*allow_exceptions=*/false);
  try {
    Entry entry = stored.get<Entry>();
    if (entry.conditions == conditions) return entry;
  } catch (const json::exception&) {
    // Missing, cut short or of another version: as if it had not been run.
  }
  return {};
}

void Notebook::describe(const std::string& name, const Findings& findings, Entry& entry) const {
  std::string& out = entry.html;
  int tables = 0;
  int plots = 0;
  const auto link = [&](const std::string& file, const std::string& text) {
    write_file(path(file), text);
    return "<a class=\"csv\" href=\"" + file + "\">" + file + "</a>";
  };
  for (const Findings::Part& part : findings.parts()) {
    if (const auto* text = std::get_if<std::string>(&part)) {
      out += "<p>" + tarn::io::html_escape(*text) + "</p>\n";
    } else if (const auto* table = std::get_if<Table>(&part)) {
      const std::string csv = tarn::str(name, "-table-", ++tables, ".csv");
      out += table->html() + link(csv, table->csv()) + "\n";
    } else {
      const auto& plot = std::get<Plot>(part);
      const std::string id = tarn::str(name, "-plot-", ++plots);
      const std::string picture = plot.svg();
      write_file(path(id + ".svg"), picture);
      out += "<figure id=\"" + id + "\">" + picture + "<figcaption>" +
             link(id + ".csv", csv(plot)) + "</figcaption></figure>\n";
    }
  }
}

Entry Notebook::write(const Experiment& experiment, const Findings& findings, Entry entry) const {
  describe(experiment.name, findings, entry);
  entry.verdicts = findings.verdicts();
  write_file(path(experiment.name + ".json"), json(entry).dump(1));
  return entry;
}
