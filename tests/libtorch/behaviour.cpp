// Computes with the C++ interface of libtorch and prints "name: numbers" lines, without random
// numbers. compare.sh builds it against libtorch and against tarn, and compares what the two print.
#include <cstdio>
#include <iostream>
#include <string>
#include <utility>
#include <vector>

#include <torch/torch.h>

using torch::Tensor;
namespace nn = torch::nn;
namespace F = torch::nn::functional;

namespace {

void print(const std::string& name, const Tensor& tensor) {
  const Tensor flat = tensor.detach().to(torch::kFloat64).contiguous().view({-1});
  std::printf("%s [", name.c_str());
  for (int64_t d = 0; d < tensor.dim(); ++d)
    std::printf(d ? ", %ld" : "%ld", static_cast<long>(tensor.size(d)));
  std::printf("]:");
  for (int64_t i = 0; i < flat.size(0); ++i) std::printf(" %.9g", flat[i].item<double>());
  std::printf("\n");
}

// Numbers of both signs, the same everywhere.
Tensor numbers(std::vector<int64_t> shape, double step = 0.7) {
  int64_t count = 1;
  for (const int64_t size : shape) count *= size;
  std::vector<float> values;
  for (int64_t i = 0; i < count; ++i)
    values.push_back(static_cast<float>(std::sin(step * i + 0.3)));
  return torch::tensor(values).view(shape);
}

// Gives every parameter values that depend on its place alone.
void set_parameters(nn::Module& module) {
  torch::NoGradGuard no_grad;
  double step = 0.31;
  for (auto& parameter : module.parameters()) {
    parameter.copy_(
        numbers(std::vector<int64_t>(parameter.sizes().begin(), parameter.sizes().end()),
                step += 0.17) *
        0.3);
  }
}

void print_gradients(const std::string& name, nn::Module& module) {
  for (auto& parameter : module.named_parameters())
    print(name + "." + parameter.key() + ".grad", parameter.value().grad());
}

struct ConvNetImpl : nn::Module {
  ConvNetImpl()
      : conv(nn::Conv2dOptions(2, 4, 3).stride(1).padding(1)),
        norm(4),
        up(nn::ConvTranspose2dOptions(4, 2, 4).stride(2).padding(1).bias(false)),
        fc(2 * 8 * 8, 3) {
    register_module("conv", conv);
    register_module("norm", norm);
    register_module("up", up);
    register_module("fc", fc);
    shift = register_parameter("shift", torch::zeros({3}));
  }
  Tensor forward(Tensor x) {
    x = torch::max_pool2d(torch::relu(norm(conv(x))), 2);
    x = torch::tanh(up(x));
    x = fc(x.view({-1, 2 * 8 * 8})) + shift;
    return torch::log_softmax(x, 1);
  }
  nn::Conv2d conv;
  nn::BatchNorm2d norm;
  nn::ConvTranspose2d up;
  nn::Linear fc;
  Tensor shift;
};
TORCH_MODULE(ConvNet);

struct Cube : torch::autograd::Function<Cube> {
  static Tensor forward(torch::autograd::AutogradContext* ctx, Tensor x, double factor) {
    ctx->save_for_backward({x});
    ctx->saved_data["factor"] = factor;
    return x * x * x * factor;
  }
  static torch::autograd::tensor_list backward(torch::autograd::AutogradContext* ctx,
                                               torch::autograd::tensor_list grads) {
    const Tensor x = ctx->get_saved_variables()[0];
    return {grads[0] * x * x * 3 * ctx->saved_data["factor"].toDouble(), Tensor()};
  }
};

void tensors() {
  const Tensor x = numbers({3, 4});
  print("mm", x.mm(x.t()));
  print("sum", x.sum(0));
  print("mean", x.mean());
  print("norm", x.norm(2, 1));
  print("pow", torch::pow(x, 2));
  print("cat", torch::cat({x, x * 2}, 1));
  print("permute", x.view({3, 2, 2}).permute({2, 0, 1}));
  print("argmax", x.argmax(1));
  print("eq", x.eq(x.clone()).all());
  print("index", x[1][2]);
  print("squeeze", x.unsqueeze(1).squeeze());
  print("expand_as", x[0].unsqueeze(0).expand_as(x));
  print("full", torch::full({2}, 3));
  print("arange", torch::arange(1, 4));
  print("tensor", torch::tensor({{1, 2}, {3, 4}}));
  print("ones_like", torch::ones_like(x));
  print("reshape", torch::reshape(x, {2, -1}));
  print("any", x.gt(0.9).any(1));
  std::vector<float> memory = {1, 2, 3, 4};
  print("from_blob", torch::from_blob(memory.data(), {2, 2}, torch::kFloat) + 1);
  std::cout << "dtypes: " << (torch::full({1}, 3).dtype() == torch::kLong)
            << (torch::tensor({0.5}).dtype() == torch::kFloat)
            << (torch::arange(3).dtype() == torch::kLong)
            << (torch::tensor(std::vector<int>{1}).dtype() == torch::kLong) << '\n';
}

void losses() {
  const Tensor a = torch::sigmoid(numbers({4, 3}));
  const Tensor b = torch::sigmoid(numbers({4, 3}, 1.3));
  const Tensor classes = torch::tensor({0, 2, 1, 2});
  const Tensor weight = torch::tensor({1.0, 0.5, 2.0});
  print("nll", torch::nll_loss(a, classes));
  print("nll sum", torch::nll_loss(a, classes, /*weight=*/{}, torch::Reduction::Sum));
  print("bce", torch::binary_cross_entropy(a, b));
  print("smooth_l1", torch::smooth_l1_loss(a, b));
  print("mse", nn::MSELoss()(a, b));
  print("l1 none", nn::L1Loss(nn::L1LossOptions().reduction(torch::kNone))(a, b));
  print("huber", nn::HuberLoss(nn::HuberLossOptions().delta(0.1))(a, b));
  print("bce logits",
        nn::BCEWithLogitsLoss(nn::BCEWithLogitsLossOptions().pos_weight(weight))(a, b));
  print("cross entropy",
        F::cross_entropy(a, classes,
                         F::CrossEntropyFuncOptions().weight(weight).label_smoothing(0.1)));
  print("nll weighted",
        nn::NLLLoss(nn::NLLLossOptions().weight(weight).ignore_index(1))(a, classes));
  print("kl", nn::KLDivLoss(nn::KLDivLossOptions().reduction(torch::kBatchMean))(a.log(), b));
}

void layers() {
  const Tensor x = numbers({2, 4, 6, 6});
  nn::Sequential net(
      nn::Conv2d(nn::Conv2dOptions(4, 6, {3, 2}).stride({2, 1}).padding(1).dilation(2).groups(2)),
      nn::LeakyReLU(nn::LeakyReLUOptions().negative_slope(0.2)), nn::BatchNorm2d(6),
      nn::ELU(nn::ELUOptions().alpha(0.7)), nn::AvgPool2d(nn::AvgPool2dOptions(2).stride(1)),
      nn::Flatten());
  set_parameters(*net);
  print("sequential", net->forward(x));
  print("sequential again", net->forward(x * 2));
  net->eval();
  print("sequential eval", net->forward(x));
  nn::LayerNorm layer_norm(nn::LayerNormOptions({6, 6}).eps(1e-3));
  print("layer_norm", layer_norm(x));
  print("max_pool ceil",
        nn::MaxPool2d(nn::MaxPool2dOptions(3).stride(2).padding(1).ceil_mode(true))(x));
  print("functional", nn::Functional(torch::relu)(x));
  print("softplus", nn::Softplus(nn::SoftplusOptions().beta(2))(x));
  print("softmax", nn::Softmax(nn::SoftmaxOptions(1))(x));
  print("gelu", F::gelu(x));
  nn::Dropout dropout(0.5);
  dropout->eval();
  print("dropout eval", dropout(x));
  nn::Embedding embedding(5, 3);
  set_parameters(*embedding);
  print("embedding", embedding(torch::tensor({4, 0, 4})));
}

template <class Optimizer, class Options>
void train(const std::string& name, const Options& options) {
  ConvNet net;
  set_parameters(*net);
  Optimizer optimizer(net->parameters(), options);
  const Tensor x = numbers({4, 2, 8, 8});
  const Tensor y = torch::tensor({0, 2, 1, 0});
  for (int step = 0; step < 3; ++step) {
    optimizer.zero_grad();
    const Tensor loss = torch::nll_loss(net(x), y);
    loss.backward();
    print(name + " loss", loss);
    if (step == 0) print_gradients(name, *net);
    optimizer.step();
    for (auto& group : optimizer.param_groups()) {
      auto& changed = static_cast<Options&>(group.options());
      changed.lr(changed.lr() * 0.9);
    }
  }
  print(name + " weight", net->fc->weight);
  print(name + " running", net->norm->running_var);
}

void gradients() {
  Tensor x = numbers({2, 3}).requires_grad_();
  Cube::apply(x, 2.0).sum().backward();
  print("function", x.grad());
  nn::Linear model(3, 2);
  set_parameters(*model);
  const Tensor y = model(x);
  const Tensor g = torch::autograd::grad({y}, {x}, {torch::ones_like(y)}, /*retain_graph=*/true,
                                         /*create_graph=*/true)[0];
  (torch::pow(g.norm(2, 1) - 1, 2).mean() + nn::MSELoss()(y, torch::zeros({2, 2}))).backward();
  print_gradients("penalty", *model);
  std::cout << "grad modes: " << x.pow(2).requires_grad() <<
      [&] {
        torch::NoGradGuard no_grad;
        return x.pow(2).requires_grad();
      }() << x.detach().requires_grad()
            << '\n';
}

struct Squares : torch::data::datasets::Dataset<Squares> {
  torch::data::Example<> get(size_t index) override {
    const auto i = static_cast<int64_t>(index);
    return {numbers({2, 2}) + static_cast<double>(i), torch::tensor(i * i)};
  }
  torch::optional<size_t> size() const override { return 7; }
};

void data() {
  auto dataset = Squares()
                     .map(torch::data::transforms::Normalize<>(0.5, 2.0))
                     .map(torch::data::transforms::Stack<>());
  std::cout << "size: " << dataset.size().value() << '\n';
  auto loader = torch::data::make_data_loader<torch::data::samplers::SequentialSampler>(
      std::move(dataset), torch::data::DataLoaderOptions().batch_size(3).workers(2));
  for (int epoch = 0; epoch < 2; ++epoch) {
    for (auto& batch : *loader) {
      print("batch", batch.data);
      print("targets", batch.target);
    }
  }
  for (size_t rank = 0; rank < 2; ++rank) {
    torch::data::samplers::DistributedSequentialSampler sampler(7, 2, rank, true);
    while (auto part = sampler.next(3)) {
      std::cout << "rank " << rank << ":";
      for (const size_t index : *part) std::cout << ' ' << index;
      std::cout << '\n';
    }
  }
}

}  // namespace

int main() {
  tensors();
  losses();
  layers();
  gradients();
  train<torch::optim::SGD>("sgd", torch::optim::SGDOptions(0.1).momentum(0.5).weight_decay(0.01));
  train<torch::optim::Adam>(
      "adam", torch::optim::AdamOptions(1e-2).betas(std::make_tuple(0.5, 0.9)).amsgrad(true));
  train<torch::optim::AdamW>("adamw", torch::optim::AdamWOptions(1e-2).weight_decay(0.1));
  train<torch::optim::RMSprop>("rmsprop", torch::optim::RMSpropOptions(1e-3).momentum(0.5));
  train<torch::optim::Adagrad>("adagrad", torch::optim::AdagradOptions(1e-2).lr_decay(0.1));
  data();
  return 0;
}
