#include <tarn/data/fashion_mnist.h>

namespace tarn::data {

FashionMNIST::FashionMNIST(const std::string& root, FashionMNISTOptions options)
    : MNIST({"fashion-mnist",
             {root, root + "/FashionMNIST/raw", root + "/raw", "/usr/share/datasets/fashion-mnist"},
             "install Debian's package dataset-fashion-mnist"},
            root,
            {.train = options.train,
             .flatten = options.flatten,
             .mean = options.mean,
             .std = options.std}) {}

}  // namespace tarn::data
