// A transformer that writes text character by character, beside n-gram models of the same text.
// Settings are chosen by the validation text alone; the test text is for the figures reported.
//
//   char_lm [--text FILE or FOLDER] [--steps N] [--width N] ...
//
// The default text are the licences in /usr/share/common-licenses, which every Debian has.
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <numbers>

#include <CLI/CLI.hpp>

#include <tarn/tarn.h>

#include "ngram.h"
#include "text.h"
#include "transformer.h"

using namespace tarn;

namespace {

struct Settings {
  std::string text = "/usr/share/common-licenses";
  TransformerOptions model;
  std::int64_t steps = 1500;
  std::int64_t batch_size = 32;
  double lr = 3e-3;
  std::int64_t sample = 400;
  std::uint64_t seed = 0;
};

// Windows of `length` characters of the text that begin at `starts` [N]: int64 [N, length].
Tensor windows(const Tensor& text, const Tensor& starts, std::int64_t length) {
  return index(text, {starts.unsqueeze(1) + arange(length)});
}

// Losses in nats of predicting each next character of windows [N, L + 1]: [N, L].
Tensor losses(Transformer& model, const Tensor& batch) {
  const std::int64_t length = batch.size(1) - 1;
  const Tensor scores = model(batch.narrow(1, 0, length));
  return cross_entropy(scores.transpose(1, 2), batch.narrow(1, 1, length),
                       {.reduction = Reduction::none});
}

// The mean of -log2 p over the characters of `text` but the first. Windows overlap by half, so that
// each character (but for the first ones) is predicted from at least half a context.
double bits_per_character(Transformer& model, const Tensor& text) {
  const NoGradGuard no_grad;
  model.eval();
  const std::int64_t last = text.numel() - 1;
  const std::int64_t length = std::min(model.context, last);
  double nats = 0;
  std::int64_t counted = 0;
  for (std::int64_t start = 0; counted < last; start += std::max<std::int64_t>(length / 2, 1)) {
    start = std::min(start, last - length);
    const Tensor loss = losses(model, text.narrow(0, start, length + 1).unsqueeze(0));
    nats += sum(loss.narrow(1, counted - start, start + length - counted)).item();
    counted = start + length;
  }
  model.train();
  return nats / static_cast<double>(last) / std::numbers::ln2;
}

std::string write_text(Transformer& model, const Text& text, std::int64_t count) {
  const NoGradGuard no_grad;
  model.eval();
  std::vector<std::int64_t> written = text.training.narrow(0, 0, 1).to_vector<std::int64_t>();
  constexpr double temperature = 0.7;
  while (static_cast<std::int64_t>(written.size()) <= count) {
    const auto size = static_cast<std::int64_t>(written.size());
    const Tensor seen = from_vector(written, {1, size})
                            .narrow(1, std::max<std::int64_t>(size - model.context, 0),
                                    std::min(size, model.context));
    const Tensor scores = model(seen)[0][-1];
    written.push_back(multinomial(softmax(scores / temperature, 0), 1).item<std::int64_t>());
  }
  model.train();
  written.erase(written.begin());
  return decode(text, written);
}

double seconds_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

void train(Transformer& model, const Text& text, const Settings& settings) {
  optim::AdamW adam(model.parameters(),
                    {.lr = settings.lr, .betas = {0.9, 0.99}, .weight_decay = 0.1});
  optim::WarmupLR schedule(adam, optim::CosineAnnealingLR({.T_max = settings.steps}),
                           {.total_iters = std::min<std::int64_t>(100, settings.steps / 10)});
  Generator generator(fork_seed(settings.seed, 1));
  const std::int64_t length = settings.model.context + 1;
  const std::int64_t report = std::max<std::int64_t>(settings.steps / 10, 1);
  const auto start = std::chrono::steady_clock::now();
  double nats = 0;
  std::printf("%6s  %9s  %9s\n", "step", "training", "seconds");
  for (std::int64_t step = 1; step <= settings.steps; ++step) {
    const Tensor starts =
        randint(0, text.training.numel() - length + 1, {settings.batch_size}, generator);
    adam.zero_grad();
    const Tensor loss = mean(losses(model, windows(text.training, starts, length)));
    loss.backward();
    nn::clip_grad_norm_(model.parameters(), 1.0);
    adam.step();
    schedule.step();
    nats += loss.item();
    if (step % report == 0) {
      std::printf("%6lld  %9.4f  %9.1f\n", static_cast<long long>(step),
                  nats / static_cast<double>(report) / std::numbers::ln2, seconds_since(start));
      std::fflush(stdout);
      nats = 0;
    }
  }
}

int run(const Settings& settings) {
  const Text text = prepare(read_text(settings.text));
  manual_seed(settings.seed);
  const auto alphabet = static_cast<std::int64_t>(text.alphabet.size());
  if (text.training.numel() <= settings.model.context + 1)
    throw std::runtime_error("the text is shorter than the context");
  Transformer model(alphabet, settings.model);
  std::printf(
      "%s: %lld characters for training, %lld for validation, %lld for testing, alphabet of %lld\n"
      "transformer: %lld layers, width %lld, context %lld, %lld parameters\n\n",
      settings.text.c_str(), static_cast<long long>(text.training.numel()),
      static_cast<long long>(text.validation.numel()), static_cast<long long>(text.test.numel()),
      static_cast<long long>(alphabet), static_cast<long long>(settings.model.layers),
      static_cast<long long>(settings.model.width), static_cast<long long>(settings.model.context),
      static_cast<long long>(model.num_parameters()));
  train(model, text, settings);

  std::printf("\n%-19s  %10s  %10s\n", "bits per character", "validation", "test");
  const auto row = [](const std::string& name, double validation, double test) {
    std::printf("%-19s  %10.4f  %10.4f\n", name.c_str(), validation, test);
  };
  for (const int order : {1, 3, 5, 7, 9}) {
    const NGram ngram(text.training, order, alphabet, text.validation);
    row(std::to_string(order) + "-gram, Kneser-Ney", ngram.bits_per_character(text.validation),
        ngram.bits_per_character(text.test));
  }
  row("transformer", bits_per_character(model, text.validation),
      bits_per_character(model, text.test));
  if (settings.sample > 0) std::printf("\n%s\n", write_text(model, text, settings.sample).c_str());
  return EXIT_SUCCESS;
}

}  // namespace

int main(int argc, char** argv) {
  Settings settings;
  CLI::App app("A character-level transformer, trained on a text and measured against n-grams");
  const auto option = [&](const char* name, auto& value, const char* meaning) {
    return app.add_option(name, value, meaning)->capture_default_str();
  };
  option("--text", settings.text, "a file, or a folder whose files are joined");
  option("--steps", settings.steps, "batches to train on")->check(CLI::PositiveNumber);
  option("--batch-size", settings.batch_size, "windows in a batch")->check(CLI::PositiveNumber);
  option("--context", settings.model.context, "characters that it sees")
      ->check(CLI::PositiveNumber);
  option("--width", settings.model.width, "of the vector for each character")
      ->check(CLI::PositiveNumber);
  option("--layers", settings.model.layers, "of attention and MLP")->check(CLI::PositiveNumber);
  option("--heads", settings.model.heads, "of each attention")->check(CLI::PositiveNumber);
  option("--dropout", settings.model.dropout, "probability of dropping a value");
  option("--lr", settings.lr,
         "largest learning rate of AdamW, after a warmup, then along a cosine");
  option("--sample", settings.sample, "characters to write at the end");
  option("--seed", settings.seed, "of the weights, the batches, dropout and the sample");
  CLI11_PARSE(app, argc, argv);
  try {
    return run(settings);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "char_lm: %s\n", error.what());
    return EXIT_FAILURE;
  }
}
