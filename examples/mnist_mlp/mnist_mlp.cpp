// Trains a multilayer perceptron on MNIST or Fashion-MNIST by stochastic gradient descent:
// 784-128-10 unless told otherwise. The training loop stands in train(); what surrounds it reads
// flags (settings.h) and shows results.

#include <algorithm>
#include <exception>
#include <iostream>
#include <memory>

#include <tarn/tarn.h>

#include "checkpoints.h"
#include "evaluation_on_ranks.h"
#include "mistakes.h"
#include "report.h"
#include "settings.h"
#include "terminal.h"
#include "training_log.h"
#include "weights_hash.h"

using namespace tarn;

namespace {

/// Linear layers with ReLU in between: x [N, 784] or [N, 1, 28, 28] gives logits [N, 10].
class MLP : public nn::Module {
 public:
  explicit MLP(const std::vector<std::int64_t>& widths) {
    std::int64_t in = 784;
    for (const std::int64_t out : widths) {
      hidden_.push_back(&add(str("hidden", hidden_.size() + 1), nn::Linear(in, out)));
      in = out;
    }
    head_ = &add("head", nn::Linear(in, 10));
  }

  Tensor forward(const Tensor& x) override {
    Tensor h = x.flatten(1);
    for (nn::Linear* layer : hidden_) h = relu((*layer)(h));
    return (*head_)(h);
  }

 private:
  std::vector<nn::Linear*> hidden_;
  nn::Linear* head_;
};

/// A batch in parts of `size` examples; the last one may be shorter. 0: all of it as one part.
std::vector<data::Batch> split(const Tensor& x, const Tensor& y, std::int64_t size) {
  const std::int64_t count = x.size(0);
  if (size == 0 || size >= count) return {{x, y}};
  std::vector<data::Batch> parts;
  for (std::int64_t i = 0; i < count; i += size) {
    parts.push_back({x.slice(0, i, i + size), y.slice(0, i, i + size)});
  }
  return parts;
}

data::MNIST load(const Settings& s, bool train) {
  const bool flatten = !train || s.augment == "none";
  if (s.dataset == "mnist") return data::MNIST(s.data, {.train = train, .flatten = flatten});
  return data::FashionMNIST(s.data, {.train = train, .flatten = flatten});
}

/// The training examples as the loader is to see them.
data::DatasetRef augment(const std::string& name, const data::MNIST& train) {
  const double black = -train.options().mean / train.options().std;
  const data::RandomAffine affine(
      {.degrees = 10, .translate = 0.07, .scale = {0.9, 1.1}, .shear = 10, .fill = black});
  const data::ElasticTransform elastic({.alpha = 30, .sigma = 4, .fill = black});
  if (name == "flip") return data::map(train, data::RandomHorizontalFlip());
  if (name == "affine") return data::map(train, affine);
  if (name == "elastic") return data::map(train, data::combine(affine, elastic));
  return train;
}

/// The learning rate for the batch of all ranks, and the epochs that lead up to it.
optim::ScaledLR scale_lr(const Settings& s) {
  const auto rule = s.scale_lr == "linear" ? optim::LRScaling::linear
                    : s.scale_lr == "sqrt" ? optim::LRScaling::sqrt
                                           : optim::LRScaling::none;
  return optim::scale_lr(s.lr, {.from = s.batch_size,
                                .to = s.batch_size * distributed::size(),
                                .rule = rule,
                                .warmup_steps = std::min(s.warmup, s.epochs - 1)});
}

/// Trains `model`; returns what it makes of the test examples in the end.
std::vector<Prediction> train(MLP& model, data::DataLoader& loader, const data::MNIST& test,
                              const Settings& s, TrainingLog& log) {
  distributed::DistributedDataParallel parallel(model);
  const auto [lr, warmup] = scale_lr(s);
  optim::SGD sgd(model.parameters(), {.lr = lr, .momentum = s.momentum});
  optim::WarmupLR schedule(
      sgd,
      optim::make_schedule(s.schedule, {.alpha = s.alpha,
                                        .step_size = s.step_size,
                                        .gamma = s.gamma,
                                        .T_max = s.epochs - warmup.total_iters}),
      warmup);
  Checkpoints checkpoints(
      s, {{"model", model}, {"optimizer", sgd}, {"schedule", schedule}, {"loader", loader}}, log,
      parallel);
  std::vector<Prediction> predictions;

  const auto update = [&] {
    if (s.clip_norm > 0) nn::clip_grad_norm_(model.parameters(), s.clip_norm);
    if (s.clip_value > 0) nn::clip_grad_value_(model.parameters(), s.clip_value);
    sgd.step();
    log.after_update();
    checkpoints.after_update();
  };

  for (auto epoch = static_cast<std::int64_t>(loader.epoch()); epoch < s.epochs; ++epoch) {
    log.begin_epoch(epoch, sgd.lr());
    for (auto& [x, y] : loader) {
      sgd.zero_grad();
      checkpoints.before_update();
      std::int64_t left = x.size(0);
      for (auto& [part_x, part_y] : split(x, y, s.micro_batch)) {
        left -= part_x.size(0);
        const auto local = parallel.no_sync(left > 0);
        const Tensor logits = parallel(part_x);
        Tensor loss = cross_entropy(logits, part_y, {.reduction = Reduction::sum});
        log.add(loss, logits, part_y);
        // By the size of the batch, not of the part: every example has the same weight.
        if (s.loss_reduction == "mean") loss = loss / x.size(0);
        loss.backward();
      }
      update();
    }
    parallel.join(update);
    schedule.step();
    log.end_training();
    predictions = evaluate_on_ranks(model, test);
    log.end_epoch(predictions);
    checkpoints.after_epoch(predictions);
  }
  return predictions.empty() ? evaluate_on_ranks(model, test) : predictions;
}

void save_mistakes(const std::string& path, const data::MNIST& test,
                   const std::vector<Prediction>& predictions) {
  auto mistakes = find_mistakes(predictions);
  const std::size_t count = mistakes.size();
  mistakes.resize(std::min<std::size_t>(count, 64), {});
  if (count > 0) write_mistakes(path, test.images(), mistakes);
  std::cout << path << ": "
            << (count > 0 ? str("the ", mistakes.size(), " worst of ", count, " mistakes")
                          : "not written, there are no mistakes")
            << '\n';
}

void run(const Settings& s) {
  manual_seed(s.seed);
  if (s.threads > 0) set_num_threads(s.threads);
  const bool writes_mistakes = !s.mistakes.empty() && distributed::rank() == 0;
  if (writes_mistakes) check_writable(s.mistakes);
  // Under mpirun standard output is a terminal whatever mpirun's own output is.
  const auto terminal = distributed::size() > 1 ? io::Terminal() : io::Terminal(stdout);
  const data::MNIST train_set = load(s, true);
  const data::MNIST test_set = load(s, false);
  data::DataLoader loader(augment(s.augment, train_set),
                          {.batch_size = s.batch_size,
                           .num_workers = s.num_workers,
                           .sampler = std::make_shared<data::DistributedSampler>(
                               distributed::rank(), distributed::size())});
  MLP model(s.widths);
  print_header(s, model, train_set, test_set, terminal.width());

  TrainingLog log(s, terminal, loader.size());
  const auto predictions = train(model, loader, test_set, s, log);

  print_results(log, predictions, terminal.width());
  std::cout << join_fields({"weights", weights_hash(model)}, terminal.width()) << std::endl;
  if (writes_mistakes) save_mistakes(s.mistakes, test_set, predictions);
}

int fail(int code, const std::string& message) {
  std::cerr << "mnist_mlp: " << message << '\n';
  return code;
}

}  // namespace

int main(int argc, char** argv) {
  survive_closed_output();
  distributed::init();
  if (distributed::rank() > 0) silence_output();
  const Settings settings = parse_settings(argc, argv);
  try {
    run(settings);
  } catch (const Stopped& stopped) {
    std::cout << stopped.message << std::endl;
    distributed::barrier();  // a rank that ends with a code other than 0 ends the others
    return 128 + stopped.signal;
  } catch (const IoError& error) {
    const bool no_data = error.path == settings.data && settings.dataset == "mnist";
    return fail(2, str(error.what(), no_data ? ", --data data/mnist-sample takes the sample" : ""));
  } catch (const FormatError& error) {
    return fail(2, error.what());
  } catch (const std::exception& error) {
    return fail(1, error.what());
  }
  return std::cout ? 0 : fail(1, "cannot write to standard output");
}
