// The SGD laboratory: every claim of the course's section 4.3 as an experiment, and one page,
// index.html, with what came out beside what theory says.
//
//   sgd_lab [--quick] [--only NAME]... [--seed N] [--results FOLDER] [--data FOLDER] [--fresh]
//   sgd_lab --list
//
// Experiments that were run already by the same program with the same options are not run again:
// after an interruption the same command goes on. Ends with 1 when a claim was missed.

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <iostream>
#include <utility>

#include <CLI/CLI.hpp>

#include <tarn/tarn.h>

#include "../mnist_mlp/terminal.h"
#include "experiment.h"
#include "notebook.h"
#include "page.h"

namespace {

struct Settings {
  std::string program;  ///< as it was called
  bool quick = false;
  bool fresh = false;
  bool list = false;
  std::uint64_t seed = 0;
  int threads = 1;  // the tensors are small; results do not depend on it
  std::string data;
  std::string results = "results";
  std::vector<std::string> only;
};

/// Tells apart the programs of different builds.
std::string this_program() {
  const auto time = std::filesystem::last_write_time("/proc/self/exe").time_since_epoch().count();
  return tarn::str("built ", time);
}

/// What the results depend on.
std::string options(const Settings& s) {
  return tarn::str(s.quick ? "--quick " : "", "--seed ", s.seed, " --data ", s.data);
}

std::string conditions(const Settings& s) { return options(s) + ", " + this_program(); }

Entry run(const Experiment& experiment, const Settings& s, const Notebook& notebook,
          const tarn::io::Terminal& terminal) {
  Entry entry;
  entry.command = s.program + " --fresh --only " + experiment.name + " " + options(s);
  entry.conditions = conditions(s);
  if (!s.fresh) {
    if (auto found = notebook.find(experiment.name, entry.conditions)) return *found;
  }
  constexpr double kParts = 1000;
  tarn::io::ProgressBar bar({.total = static_cast<std::int64_t>(kParts),
                             .desc = experiment.name,
                             .leave = false,
                             .disable = !terminal.is_interactive(),
                             .file = stdout});
  const auto progress = [&](double done) { bar.update(std::llround(done * kParts) - bar.n()); };
  tarn::manual_seed(s.seed);
  const auto begin = std::chrono::steady_clock::now();
  const Findings findings = experiment.run({s.quick, s.seed, s.data, progress});
  entry.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  return notebook.write(experiment, findings, entry);
}

void print(const Experiment& experiment, const Entry& entry, std::size_t i, std::size_t count) {
  std::printf("%2zu/%zu  %-20s %7.1f s  %s\n", i, count, experiment.name.c_str(), entry.seconds,
              entry.holds() ? "holds" : "MISSED");
  for (const Verdict& v : entry.verdicts) {
    if (v.holds) continue;
    std::printf("       %s: measured %s, expected %s\n", v.claim.c_str(), v.measured.c_str(),
                v.expected.c_str());
  }
  std::fflush(stdout);
}

std::vector<Experiment> chosen(const std::vector<std::string>& only) {
  std::vector<Experiment> result;
  for (const Experiment& e : experiments()) {
    if (only.empty() || std::find(only.begin(), only.end(), e.name) != only.end()) {
      result.push_back(e);
    }
  }
  return result;
}

/// All that was run under these conditions, now or before.
void write_page(const Settings& s, const Notebook& notebook) {
  std::vector<std::pair<Experiment, Entry>> entries;
  for (const Experiment& e : experiments()) {
    if (auto entry = notebook.find(e.name, conditions(s))) entries.emplace_back(e, *entry);
  }
  write_file(notebook.path("index.html"), make_page(entries, s.program + " " + options(s)));
}

/// Whether all claims hold.
bool run(const Settings& s) {
  const tarn::io::Terminal terminal(stdout);
  const Notebook notebook(s.results);
  const std::vector<Experiment> todo = chosen(s.only);
  bool holds = true;
  for (std::size_t i = 0; i < todo.size(); ++i) {
    const Entry entry = run(todo[i], s, notebook, terminal);
    print(todo[i], entry, i + 1, todo.size());
    holds = holds && entry.holds();
    write_page(s, notebook);
  }
  std::printf("%s\n", notebook.path("index.html").c_str());
  return holds;
}

Settings parse(int argc, char** argv) {
  Settings s;
  s.program = argv[0];
  CLI::App app("The SGD laboratory: what the section claims, measured beside theory");
  std::vector<std::string> names;
  for (const Experiment& e : experiments()) names.push_back(e.name);
  app.add_flag("--list", s.list, "list the experiments and leave");
  app.add_flag("--quick", s.quick, "small forms of the experiments, on MNIST's sample");
  app.add_option("--only", s.only, "run just these")->check(CLI::IsMember(names));
  app.add_option("--seed", s.seed, "of everything random")->capture_default_str();
  app.add_option("--data", s.data,
                 "folder with MNIST's files (default: data/mnist, with --quick data/mnist-sample)");
  app.add_option("--results", s.results, "folder for the page and the numbers")
      ->capture_default_str();
  app.add_option("--threads", s.threads, "of the kernels; results do not depend on it")
      ->capture_default_str();
  app.add_flag("--fresh", s.fresh, "run again what was run before");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    std::exit(app.exit(error));
  }
  if (s.data.empty()) s.data = s.quick ? "data/mnist-sample" : "data/mnist";
  return s;
}

}  // namespace

int main(int argc, char** argv) {
  survive_closed_output();
  const Settings settings = parse(argc, argv);
  if (settings.list) {
    for (const Experiment& e : experiments()) {
      std::printf("%-20s %-28s %s\n", e.name.c_str(), e.part.c_str(), e.title.c_str());
    }
    return EXIT_SUCCESS;
  }
  try {
    tarn::set_num_threads(settings.threads);
    return run(settings) ? EXIT_SUCCESS : 1;
  } catch (const std::exception& error) {
    std::cerr << "sgd_lab: " << error.what() << '\n';
    return 2;
  }
}
