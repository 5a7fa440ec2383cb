#include "page.h"

#include <tarn/tarn.h>

#include "html.h"

namespace {

constexpr const char* kStyle = R"(
:root { color-scheme: light dark; --page: #fcfcfb; --text: #1c1f24; --soft: #5b6370; --line: #d8dbe0;
  --panel: #f3f4f2; --good: #1a7f4b; --bad: #c62f2f; --link: #1f63b0; }
@media (prefers-color-scheme: dark) { :root { --page: #14171b; --text: #e4e6e9; --soft: #9aa3af;
  --line: #343a42; --panel: #1d2126; --good: #4cc38a; --bad: #ff6b6b; --link: #7ab3f0; } }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 48rem; padding: 1rem; background: var(--page); color: var(--text);
  font: 1rem/1.55 system-ui, sans-serif; overflow-wrap: break-word; }
h1 { line-height: 1.2; } h2 { margin: 0 0 .3rem; line-height: 1.25; }
a { color: var(--link); } .soft, figcaption, .csv { color: var(--soft); font-size: .85rem; }
section { border-top: 1px solid var(--line); padding: 1.6rem 0 .8rem; }
.question { font-size: 1.1rem; font-style: italic; margin: .3rem 0 1rem; }
.scroll { overflow-x: auto; margin: 1rem 0 .1rem; }
table { border-collapse: collapse; font-size: .9rem; font-variant-numeric: tabular-nums; }
th, td { padding: .25rem .7rem .25rem 0; text-align: left; vertical-align: top;
  border-bottom: 1px solid var(--line); }
th { font-weight: 600; } td.number { white-space: nowrap; }
.verdicts { background: var(--panel); border-radius: .4rem; padding: .2rem .8rem .6rem; }
.verdicts table { width: 100%; } .contents td:first-child { white-space: nowrap; }
@media (max-width: 32rem) { .verdicts tr { display: grid; grid-template-columns: 2fr 2fr 1fr; }
  .verdicts th:first-child, .verdicts td:first-child { grid-column: 1 / -1; border-bottom: none; } }
.good { color: var(--good); font-weight: 600; } .bad { color: var(--bad); font-weight: 700; }
tr.missed td { color: var(--bad); }
figure { margin: 1.2rem 0; } svg { width: 100%; height: auto; max-width: 42rem; display: block; }
code { font-family: ui-monospace, monospace; font-size: .85rem; background: var(--panel);
  padding: .15rem .35rem; border-radius: .25rem; }
)";

std::string status(bool holds) {
  return holds ? "<span class=\"good\">holds</span>" : "<span class=\"bad\">missed</span>";
}

std::string verdicts(const std::vector<Verdict>& verdicts) {
  std::string out =
      "<div class=\"verdicts scroll\"><table>\n<thead><tr><th>claim</th><th>measured</th>"
      "<th>expected</th><th></th></tr></thead>\n<tbody>\n";
  for (const Verdict& v : verdicts) {
    out += std::string(v.holds ? "<tr>" : "<tr class=\"missed\">") + "<td>" + escape(v.claim) +
           "</td><td class=\"number\">" + escape(v.measured) + "</td><td class=\"number\">" +
           escape(v.expected) + "</td><td>" + status(v.holds) + "</td></tr>\n";
  }
  return out + "</tbody></table></div>\n";
}

std::string section(const Experiment& experiment, const Entry& entry) {
  char seconds[32];
  std::snprintf(seconds, sizeof(seconds), "%.1f", entry.seconds);
  return "<section id=\"" + experiment.name + "\">\n<span class=\"soft\">" +
         escape(experiment.part) + "</span>\n<h2>" + escape(experiment.title) +
         "</h2>\n<p class=\"question\">" + escape(experiment.question) + "</p>\n" + entry.html +
         verdicts(entry.verdicts) + "<p class=\"soft\"><code>" + escape(entry.command) +
         "</code> took " + seconds + " s; the program: <code>examples/sgd_lab/experiments/" +
         experiment.name + ".cpp</code></p>\n</section>\n";
}

std::string contents(const std::vector<std::pair<Experiment, Entry>>& entries) {
  std::string out = "<div class=\"scroll\"><table class=\"contents\"><tbody>\n";
  for (const auto& [experiment, entry] : entries) {
    out += "<tr><td>" + status(entry.holds()) + "</td><td><a href=\"#" + experiment.name + "\">" +
           escape(experiment.title) + "</a> <span class=\"soft\">" + escape(experiment.part) +
           "</span></td></tr>\n";
  }
  return out + "</tbody></table></div>\n";
}

}  // namespace

std::string make_page(const std::vector<std::pair<Experiment, Entry>>& entries,
                      const std::string& command) {
  std::size_t claims = 0;
  std::size_t holding = 0;
  std::string sections;
  for (const auto& [experiment, entry] : entries) {
    for (const Verdict& v : entry.verdicts) holding += v.holds;
    claims += entry.verdicts.size();
    sections += section(experiment, entry);
  }
  return std::string(
             "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
             "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
             "<title>The SGD laboratory</title>\n<link rel=\"icon\" href=\"data:,\">\n<style>") +
         kStyle +
         "</style>\n</head>\n<body>\n<h1>The SGD laboratory</h1>\n"
         "<p>What the course's section on stochastic gradient descent claims, run and measured "
         "beside theory. Dashed lines are theory, the rest is measured.</p>\n"
         "<p class=\"soft\"><code>" +
         escape(command) + "</code></p>\n<p class=\"" + (holding == claims ? "good" : "bad") +
         "\">" + tarn::str(holding, " of ", claims, " claims hold") + "</p>\n" + contents(entries) +
         sections + "</body>\n</html>\n";
}
