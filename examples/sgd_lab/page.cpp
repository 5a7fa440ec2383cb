#include "page.h"

#include <tarn/tarn.h>

namespace {

constexpr const char* kStyle = R"(
.csv { color: var(--soft); font-size: .85rem; }
.question { font-size: 1.1rem; font-style: italic; margin: .3rem 0 1rem; }
.verdicts { background: var(--panel); border-radius: .4rem; padding: .2rem .8rem .6rem; }
.verdicts table { width: 100%; } .contents td:first-child { white-space: nowrap; }
@media (max-width: 32rem) { .verdicts tr { display: grid; grid-template-columns: 2fr 2fr 1fr; }
  .verdicts th:first-child, .verdicts td:first-child { grid-column: 1 / -1; border-bottom: none; } }
tr.missed td { color: var(--bad); }
)";

std::string status(bool holds) {
  return holds ? "<span class=\"good\">holds</span>" : "<span class=\"bad\">missed</span>";
}

std::string verdicts(const std::vector<Verdict>& verdicts) {
  std::string out =
      "<div class=\"verdicts scroll\"><table>\n<thead><tr><th>claim</th><th>measured</th>"
      "<th>expected</th><th></th></tr></thead>\n<tbody>\n";
  for (const Verdict& v : verdicts) {
    out += std::string(v.holds ? "<tr>" : "<tr class=\"missed\">") + "<td>" +
           tarn::io::html_escape(v.claim) + "</td><td class=\"number\">" +
           tarn::io::html_escape(v.measured) + "</td><td class=\"number\">" +
           tarn::io::html_escape(v.expected) + "</td><td>" + status(v.holds) + "</td></tr>\n";
  }
  return out + "</tbody></table></div>\n";
}

std::string section(const Experiment& experiment, const Entry& entry) {
  char seconds[32];
  std::snprintf(seconds, sizeof(seconds), "%.1f", entry.seconds);
  return "<section id=\"" + experiment.name + "\">\n<span class=\"soft\">" +
         tarn::io::html_escape(experiment.part) + "</span>\n<h2>" +
         tarn::io::html_escape(experiment.title) + "</h2>\n<p class=\"question\">" +
         tarn::io::html_escape(experiment.question) + "</p>\n" + entry.html +
         verdicts(entry.verdicts) + "<p class=\"soft\"><code>" +
         tarn::io::html_escape(entry.command) + "</code> took " + seconds +
         " s; the program: <code>examples/sgd_lab/experiments/" + experiment.name +
         ".cpp</code></p>\n</section>\n";
}

std::string contents(const std::vector<std::pair<Experiment, Entry>>& entries) {
  std::string out = "<div class=\"scroll\"><table class=\"contents\"><tbody>\n";
  for (const auto& [experiment, entry] : entries) {
    out += "<tr><td>" + status(entry.holds()) + "</td><td><a href=\"#" + experiment.name + "\">" +
           tarn::io::html_escape(experiment.title) + "</a> <span class=\"soft\">" +
           tarn::io::html_escape(experiment.part) + "</span></td></tr>\n";
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
  return tarn::io::html_page(
      "The SGD laboratory",
      "<h1>The SGD laboratory</h1>\n"
      "<p>What the course's section on stochastic gradient descent claims, run and measured "
      "beside theory. Dashed lines are theory, the rest is measured.</p>\n"
      "<p class=\"soft\"><code>" +
          tarn::io::html_escape(command) + "</code></p>\n<p class=\"" +
          (holding == claims ? "good" : "bad") + "\">" +
          tarn::str(holding, " of ", claims, " claims hold") + "</p>\n" + contents(entries) +
          sections,
      kStyle);
}
