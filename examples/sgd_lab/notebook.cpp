#include "notebook.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <fstream>

#include <nlohmann/json.hpp>
#include <unistd.h>

#include <tarn/tarn.h>

#include "html.h"

using nlohmann::json;

NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(Verdict, claim, measured, expected, holds)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(Entry, conditions, command, seconds, html, undrawn, verdicts)

namespace {

std::string missing_picture(const std::string& id) {
  return "<span id=\"" + id + "-missing\">no picture: gnuplot is missing</span>";
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
    if (entry.conditions != conditions) return {};
    const std::size_t missing = entry.undrawn.size();
    draw_missing(entry);
    if (entry.undrawn.size() < missing) store(name, entry);
    return entry;
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
      out += "<p>" + escape(*text) + "</p>\n";
    } else if (const auto* table = std::get_if<Table>(&part)) {
      const std::string csv = tarn::str(name, "-table-", ++tables, ".csv");
      out += table->html() + link(csv, table->csv()) + "\n";
    } else {
      const auto& plot = std::get<Plot>(part);
      const std::string id = tarn::str(name, "-plot-", ++plots);
      entry.undrawn[id] = plot.script();
      out += "<figure id=\"" + id + "\">" + missing_picture(id) + "<figcaption>" +
             link(id + ".csv", plot.csv()) + "</figcaption></figure>\n";
    }
  }
  draw_missing(entry);
}

void Notebook::draw_missing(Entry& entry) const {
  std::erase_if(entry.undrawn, [&](const auto& undrawn) {
    const auto& [id, script] = undrawn;
    const std::string picture = draw(script, path(id + ".svg"), id);
    if (picture.empty()) return false;
    const std::string gap = missing_picture(id);
    entry.html.replace(entry.html.find(gap), gap.size(), picture);
    return true;
  });
}

void Notebook::store(const std::string& name, const Entry& entry) const {
  write_file(path(name + ".json"), json(entry).dump(1));
}

Entry Notebook::write(const Experiment& experiment, const Findings& findings, Entry entry) const {
  describe(experiment.name, findings, entry);
  entry.verdicts = findings.verdicts();
  store(experiment.name, entry);
  return entry;
}
