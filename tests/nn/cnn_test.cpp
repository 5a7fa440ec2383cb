#include <fstream>
#include <map>
#include <sstream>
#include <string>

#include <gtest/gtest.h>

#include <tarn/autograd/grad_mode.h>
#include <tarn/autograd/ops.h>
#include <tarn/nn/nn.h>
#include <tarn/optim/sgd.h>
#include <tarn/tensor/factories.h>

#include "../tensor/closeness.h"

// All image layers in one network, against PyTorch: the state is exchanged by name.
namespace tarn {
namespace {

using testing::is_close;

// tests/fixtures/cnn.txt; make_cnn_fixtures.py describes the format.
std::map<std::string, Tensor> read_fixtures() {
  std::ifstream file(TARN_SOURCE_DIR "/tests/fixtures/cnn.txt");
  std::map<std::string, Tensor> tensors;
  for (std::string line; std::getline(file, line);) {
    std::istringstream stream(line);
    std::string name;
    std::string dtype;
    std::string sizes;
    stream >> name >> dtype >> sizes;
    Shape shape;
    std::istringstream list(sizes == "-" ? "" : sizes);
    for (std::string size; std::getline(list, size, ',');) shape.push_back(std::stoll(size));
    std::vector<double> values;
    for (double value = 0; stream >> value;) values.push_back(value);
    const Tensor tensor = from_vector(values, shape);
    tensors[name] = dtype == "int64" ? tensor.to(kInt64) : tensor;
  }
  return tensors;
}

nn::Sequential make_net() {
  nn::Sequential net;
  const DType dtype = kFloat64;
  net.add("conv1", nn::Conv2d(1, 4, {.kernel_size = 3, .padding = 1, .dtype = dtype}));
  net.add("bn1", nn::BatchNorm2d(4, {.dtype = dtype}));
  net.add("relu1", nn::ReLU());
  net.add("pool", nn::MaxPool2d({.kernel_size = 2}));
  net.add("conv2", nn::Conv2d(4, 6,
                              {.kernel_size = 3,
                               .stride = 2,
                               .padding = 1,
                               .groups = 2,
                               .bias = false,
                               .dtype = dtype}));
  net.add("bn2", nn::BatchNorm2d(6, {.momentum = std::nullopt, .dtype = dtype}));
  net.add("relu2", nn::ReLU());
  net.add("up",
          nn::ConvTranspose2d(
              6, 3,
              {.kernel_size = 3, .stride = 2, .padding = 1, .output_padding = 1, .dtype = dtype}));
  net.add("avg", nn::AvgPool2d({.kernel_size = 2, .stride = 2, .padding = 1}));
  net.add("flatten", nn::Flatten());
  net.add("fc", nn::Linear(27, 5, {.dtype = dtype}));
  net.add("bn3", nn::BatchNorm1d(5, {.eps = 1e-3, .affine = false, .dtype = dtype}));
  return net;
}

StateDict state_of(const std::map<std::string, Tensor>& fixtures, const std::string& prefix) {
  StateDict state;
  for (const auto& [name, tensor] : fixtures) {
    if (name.starts_with(prefix)) state.set(name.substr(prefix.size()), tensor);
  }
  return state;
}

TEST(ImageLayers, TrainAsPyTorchsDo) {
  const std::map<std::string, Tensor> fixtures = read_fixtures();
  nn::Sequential net = make_net();
  net.load_state_dict(state_of(fixtures, "before."));  // strict: exactly PyTorch's names
  optim::SGD sgd(net.parameters(), {.lr = 0.1, .momentum = 0.9});
  for (int step = 0; step < 3; ++step) {
    sgd.zero_grad();
    cross_entropy(net(fixtures.at("x") + 0.1 * step), fixtures.at("y")).backward();
    sgd.step();
  }
  for (const auto& [name, tensor] : net.state_dict()) {
    EXPECT_TRUE(is_close(tensor.to(kFloat64), fixtures.at("after." + name).to(kFloat64),
                         {.rtol = 1e-9, .atol = 1e-12}))
        << name;
  }
  net.eval();
  EXPECT_TRUE(is_close(net(fixtures.at("x")).detach(), fixtures.at("evaluated"),
                       {.rtol = 1e-9, .atol = 1e-12}));
}

TEST(ImageLayers, PrintLikePyTorchs) {
  const std::string text = to_string(make_net());
  for (const char* const line : {
           "(conv1): Conv2d(1, 4, kernel_size=(3, 3), stride=(1, 1), padding=(1, 1))",
           "(bn1): BatchNorm2d(4, eps=1e-05, momentum=0.1, affine=True, track_running_stats=True)",
           "(pool): MaxPool2d(kernel_size=(2, 2), stride=(2, 2), padding=(0, 0), dilation=(1, 1), "
           "ceil_mode=False)",
           "(conv2): Conv2d(4, 6, kernel_size=(3, 3), stride=(2, 2), padding=(1, 1), groups=2, "
           "bias=False)",
           "(bn2): BatchNorm2d(6, eps=1e-05, momentum=None, affine=True, track_running_stats=True)",
           "(up): ConvTranspose2d(6, 3, kernel_size=(3, 3), stride=(2, 2), padding=(1, 1), "
           "output_padding=(1, 1))",
           "(avg): AvgPool2d(kernel_size=(2, 2), stride=(2, 2), padding=(1, 1))",
           "(bn3): BatchNorm1d(5, eps=0.001, momentum=0.1, affine=False, track_running_stats=True)",
       }) {
    EXPECT_NE(text.find(line), std::string::npos) << line << "\nin\n" << text;
  }
}

}  // namespace
}  // namespace tarn
