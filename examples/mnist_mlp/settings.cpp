#include "settings.h"

#include <charconv>
#include <cmath>
#include <cstdlib>
#include <iostream>
#include <limits>

#include <CLI/CLI.hpp>

#include <tarn/tensor/str.h>

namespace {

using tarn::str;

template <class T>
bool read(const std::string& text, T& value) {
  const char* const end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, value);
  return error == std::errc() && rest == end;
}

// The numbers are handed on as they were understood: CLI11 would take 010 for eight.

/// Accepts whole numbers from `low` to `high`.
CLI::Validator whole(std::int64_t low, std::int64_t high = 1'000'000'000) {
  return CLI::Validator(
      [=](std::string& text) {
        std::int64_t value = 0;
        if (!read(text, value) || value < low || value > high) {
          return str(text, ": expected a whole number from ", low, " to ", high);
        }
        text = str(value);
        return std::string();
      },
      "");
}

/// Accepts finite numbers from `low` on, and `low` itself only where `inclusive`.
CLI::Validator number(double low, bool inclusive) {
  return CLI::Validator(
      [=](std::string& text) {
        double value = 0;
        const bool good = read(text, value) && std::isfinite(value);
        if (!good || (inclusive ? value < low : value <= low)) {
          return str(text, ": expected a number ", inclusive ? ">= " : "> ", low);
        }
        text = str(value);
        return std::string();
      },
      "");
}

CLI::Validator one_of(std::vector<std::string> names) {
  return CLI::Validator(
      [names = std::move(names)](const std::string& text) {
        std::string list;
        for (const std::string& name : names) {
          if (text == name) return std::string();
          list += (list.empty() ? "" : ", ") + name;
        }
        return text + ": expected one of " + list;
      },
      "");
}

constexpr const char* kDescription =
    "Trains a multilayer perceptron to read handwritten digits (MNIST) by stochastic gradient\n"
    "descent. The defaults reach 98 % test accuracy within 10 epochs; --widths 512,512 --epochs "
    "30\n"
    "--batch-size 64 --lr 0.02 --momentum 0.9 --augment affine reach 99.3 %.";

constexpr const char* kFooter = R"(
Loss reduction: the gradient of a mean does not depend on the batch size; that of a sum grows
with it. With --loss-reduction sum, divide --lr by the batch size to take the same steps, and
again whenever you make the batch larger. Losses are shown as means in both cases.

Micro-batches: --batch-size 256 --micro-batch 64 computes each update's gradient in four parts,
which takes a quarter of the memory for activations. Every part counts by its number of examples,
so a short last one changes nothing.

Determinism: the same settings give the same weights, bit for bit, whatever --threads and
--num-workers are. The line "weights" at the end is a hash of them to compare runs by.

Ranks: mpirun -n 4 mnist_mlp trains on four processes, each with --batch-size examples of every
update; --scale-lr linear keeps the number of epochs that is needed, for batches that are not too
large. docs/distributed.md explains threads, hosts and checkpoints.

Checkpoints: a run that was stopped or killed, also by a loss of power, and is started again with
the same flags and --resume ends with the same bits as one that never stopped, except that it may
have other --threads and --num-workers. metrics.csv in the folder has a row for each epoch.

Exit code: 0; 130 or 143 when stopped by SIGINT or SIGTERM; 1 when training failed; 2 for bad flags or data.
)";

/// Adds options with their default values in the help.
class Options {
 public:
  explicit Options(CLI::App& app) : app_(app) {}

  void group(const char* name) { group_ = name; }

  template <class T>
  CLI::Option* add(const char* name, const char* unit, T& value, const char* help) {
    CLI::Option* option = app_.add_option(name, value, help)->group(group_)->capture_default_str();
    return option->option_text(str(unit, " [", option->get_default_str(), "]"));
  }

 private:
  CLI::App& app_;
  std::string group_;
};

void add_model_and_data(Options& options, Settings& s) {
  options.group("Data and model");
  options.add("--dataset", "NAME", s.dataset, "mnist (digits) or fashion-mnist (clothes)")
      ->check(one_of({"mnist", "fashion-mnist"}));
  options.add("--data", "DIR", s.data, "folder with its four files, raw or .gz")
      ->option_text("DIR [data/ and the data set's name]");
  options
      .add("--augment", "NAME", s.augment,
           "how training images change, anew in each epoch\n"
           "  none\n"
           "  flip      half of them mirrored\n"
           "  affine    turned, shifted, scaled and sheared a little\n"
           "  elastic   affine, and bent as by another hand")
      ->check(one_of({"none", "flip", "affine", "elastic"}));
  options
      .add("--widths", "N,...", s.widths,
           "widths of the hidden layers: 512,256 makes 784-512-256-10")
      ->delimiter(',')
      ->allow_extra_args(false)
      ->transform(whole(1, 16384))
      ->option_text("N,... [128]");
}

void add_training(Options& options, Settings& s) {
  options.group("Training");
  options.add("--epochs", "N", s.epochs, "passes through the training examples")
      ->transform(whole(1));
  options
      .add("--batch-size", "N", s.batch_size,
           "examples per update (of each rank, with mpirun); the last\n"
           "batch of an epoch may be short")
      ->transform(whole(1));
  options
      .add("--micro-batch", "N", s.micro_batch,
           "examples per forward and backward pass; 0: the whole batch")
      ->transform(whole(0));
  options
      .add("--loss-reduction", "NAME", s.loss_reduction,
           "mean or sum of a batch's losses; see below")
      ->check(one_of({"mean", "sum"}));
}

void add_optimizer(Options& options, Settings& s) {
  options.group("Optimizer");
  options.add("--lr", "X", s.lr, "learning rate at the start")->transform(number(0, false));
  options.add("--momentum", "X", s.momentum, "0: plain SGD")->transform(number(0, true));
  options
      .add("--schedule", "NAME", s.schedule,
           "learning rate in epoch t = 0, 1, ...\n"
           "  constant  lr\n"
           "  sqrt      lr / sqrt(t + 1)\n"
           "  inverse   lr / (1 + alpha t)\n"
           "  step      lr gamma^floor(t / step-size)\n"
           "  cosine    lr (1 + cos(pi t / epochs)) / 2")
      ->check(one_of({"constant", "sqrt", "inverse", "step", "cosine"}));
  options.add("--alpha", "X", s.alpha, "of --schedule inverse")->transform(number(0, true));
  options.add("--step-size", "N", s.step_size, "of --schedule step, in epochs")
      ->transform(whole(1));
  options.add("--gamma", "X", s.gamma, "of --schedule step")->transform(number(0, false));
  options.add("--clip-norm", "X", s.clip_norm, "scale the gradient down to this 2-norm; 0: off")
      ->transform(number(0, true));
  options.add("--clip-value", "X", s.clip_value, "clamp its elements to [-X, X]; 0: off")
      ->transform(number(0, true));
  options
      .add("--scale-lr", "NAME", s.scale_lr,
           "with k ranks, a batch k times as large\n"
           "  none      trains with --lr\n"
           "  linear    with k times --lr\n"
           "  sqrt      with sqrt(k) times --lr")
      ->check(one_of({"none", "linear", "sqrt"}));
  options.add("--warmup", "N", s.warmup, "epochs from --lr up to the scaled one")
      ->transform(whole(0));
}

void add_run(CLI::App& app, Options& options, Settings& s) {
  options.group("Run");
  options.add("--seed", "N", s.seed, "of the initial weights and the shuffles")
      ->transform(whole(0, std::numeric_limits<std::int64_t>::max()));
  options
      .add("--threads", "N", s.threads,
           "threads of the computation; 0: TARN_NUM_THREADS, else all cores")
      ->transform(whole(0, 1024));
  options.add("--num-workers", "N", s.num_workers, "threads that load batches ahead; 0: none")
      ->transform(whole(0, 256));
  options.group("Checkpoints");
  options
      .add("--checkpoint", "DIR", s.checkpoint,
           "save the run in this folder after each epoch and when it is\n"
           "stopped (Ctrl-C, SIGTERM); the last three and the best stay")
      ->option_text("DIR [none]");
  options
      .add("--checkpoint-every", "N", s.checkpoint_every, "also after every N updates; 0: do not")
      ->transform(whole(0));
  app.add_flag("--resume", s.resume, "continue the run that was saved in --checkpoint")
      ->group("Checkpoints");
  options.group("Output");
  options
      .add("--log-every", "N", s.log_every,
           "also print a line after every N updates; 0: only after epochs")
      ->transform(whole(0));
  options.add("--mistakes", "FILE", s.mistakes,
              "PNG of the worst mistakes on the test examples; \"\": none");
}

void check_together(const Settings& s) {
  if (s.micro_batch > s.batch_size) {
    throw CLI::ValidationError(
        "--micro-batch",
        str(s.micro_batch, ": expected at most --batch-size, which is ", s.batch_size));
  }
  if (s.resume && s.checkpoint.empty())
    throw CLI::ValidationError("--resume", "expected --checkpoint DIR too");
  if (s.checkpoint_every > 0 && s.checkpoint.empty())
    throw CLI::ValidationError("--checkpoint-every", "expected --checkpoint DIR too");
}

/// At most one empty line in a row.
std::string single_spaced(std::string text) {
  for (std::size_t i; (i = text.find("\n\n\n")) != std::string::npos;) text.erase(i, 1);
  return text;
}

}  // namespace

Settings parse_settings(int argc, char** argv) {
  Settings settings;
  CLI::App app(kDescription, "mnist_mlp");
  app.footer(kFooter);
  app.get_formatter()->column_width(28);
  app.option_defaults()->take_last();
  app.get_help_ptr()->group("Output")->description("print this text and exit");
  Options options(app);
  add_model_and_data(options, settings);
  add_training(options, settings);
  add_optimizer(options, settings);
  add_run(app, options, settings);
  try {
    app.parse(argc, argv);
    check_together(settings);
    if (settings.data.empty()) settings.data = "data/" + settings.dataset;
  } catch (const CLI::CallForHelp&) {
    std::cout << single_spaced(app.help()) << std::flush;
    std::exit(std::cout ? 0 : 1);
  } catch (const CLI::ParseError& error) {
    std::cerr << "mnist_mlp: " << error.what() << "; --help lists all flags\n";
    std::exit(2);
  }
  return settings;
}

std::map<std::string, std::string> run_settings(const Settings& s) {
  std::string widths;
  for (const std::int64_t width : s.widths) widths += str(widths.empty() ? "" : ",", width);
  return {{"--dataset", s.dataset},
          {"--augment", s.augment},
          {"--widths", widths},
          {"--epochs", str(s.epochs)},
          {"--batch-size", str(s.batch_size)},
          {"--micro-batch", str(s.micro_batch)},
          {"--loss-reduction", s.loss_reduction},
          {"--lr", str(s.lr)},
          {"--momentum", str(s.momentum)},
          {"--schedule", s.schedule},
          {"--alpha", str(s.alpha)},
          {"--step-size", str(s.step_size)},
          {"--gamma", str(s.gamma)},
          {"--clip-norm", str(s.clip_norm)},
          {"--clip-value", str(s.clip_value)},
          {"--scale-lr", s.scale_lr},
          {"--warmup", str(s.warmup)},
          {"--seed", str(s.seed)}};
}
