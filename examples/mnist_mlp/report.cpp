#include "report.h"

#include <cmath>
#include <cstdio>
#include <iostream>

#include "confusion_matrix.h"
#include "number_format.h"
#include "terminal.h"

using namespace tarn;

void print_header(const Settings& s, const nn::Module& model, const data::MNIST& train,
                  const data::MNIST& test, int width) {
  const int ranks = distributed::size();
  std::string layers = "784";
  for (const std::int64_t units : s.widths) layers += str("-", units);
  std::vector<std::string> fields = {
      layers + "-10",
      with_commas(model.num_parameters()) + " parameters",
      with_commas(train.size()) + " for training",
      with_commas(test.size()) + " for testing",
      ranks > 1 ? str("batch size ", ranks, " x ", s.batch_size) : str("batch size ", s.batch_size),
      str("lr ", s.lr, " (", s.schedule, ")"),
      str("seed ", s.seed),
      str(get_num_threads(), get_num_threads() == 1 ? " thread" : " threads")};
  if (s.augment != "none") fields.insert(fields.begin() + 3, str("augment ", s.augment));
  if (s.dataset != "mnist") fields.insert(fields.begin(), s.dataset);
  if (ranks > 1 && s.scale_lr != "none") fields.insert(fields.end() - 2, s.scale_lr + " scaling");
  std::cout << join_fields(fields, width) << std::endl;
  if (ranks == 1) return;
  for (const std::string& rank : distributed::all_gather(distributed::describe_rank()))
    std::cout << rank << std::endl;
}

void print_results(const TrainingLog& log, const std::vector<Prediction>& test, int width) {
  const bool narrow = width < 26;
  const auto print_row = [=](const char* name, const std::string& train_value,
                             const std::string& test_value) {
    char line[64];
    std::snprintf(line, sizeof line, narrow ? "%-4s%8s%8s" : "%-8s%9s%9s", name,
                  train_value.c_str(), test_value.c_str());
    std::cout << line << '\n';
  };
  std::cout << '\n';
  print_row("", "train", "test");
  print_row("loss", format_loss(log.loss()), format_loss(mean_loss(test)));
  print_row(narrow ? "acc." : "accuracy", format_percent(log.accuracy()),
            format_percent(accuracy(test)));
  if (log.images_trained() > 0) {  // none when a run that had ended was resumed
    const double seconds = log.training_seconds();
    const auto speed = std::llround(static_cast<double>(log.images_trained()) / seconds);
    std::cout << '\n'
              << join_fields(
                     {"training took " + format_seconds(seconds), with_commas(speed) + " images/s"},
                     width)
              << '\n';
  }
  std::cout << '\n' << ConfusionMatrix(test).to_text(width) << '\n';
}
