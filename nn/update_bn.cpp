#include <optional>
#include <utility>
#include <vector>

#include <tarn/autograd/grad_mode.h>
#include <tarn/nn/batch_norm.h>
#include <tarn/nn/update_bn.h>

namespace tarn::nn {
namespace {

// Training mode, with plain means as running statistics, for its lifetime.
class Measuring {
 public:
  explicit Measuring(Module& model) {
    for (const auto& [name, module] : model.named_modules()) {
      modes_.emplace_back(module, module->is_training());
      auto* const norm = dynamic_cast<BatchNorm*>(module);
      if (norm && norm->running_mean.defined())
        momenta_.emplace_back(norm, std::exchange(norm->momentum, std::nullopt));
    }
    if (momenta_.empty()) return;
    for (const auto& [norm, momentum] : momenta_) norm->reset_running_stats();
    model.train();
  }
  // Parents come before their children, whose modes they set.
  ~Measuring() {
    for (const auto& [norm, momentum] : momenta_) norm->momentum = momentum;
    for (const auto& [module, mode] : modes_) module->train(mode);
  }
  Measuring(const Measuring&) = delete;
  Measuring& operator=(const Measuring&) = delete;

  bool has_something_to_do() const { return !momenta_.empty(); }

 private:
  std::vector<std::pair<Module*, bool>> modes_;
  std::vector<std::pair<BatchNorm*, std::optional<double>>> momenta_;
};

}  // namespace

void update_bn(Module& model, const std::function<void()>& pass) {
  const Measuring measuring(model);
  const NoGradGuard no_grad;
  if (measuring.has_something_to_do()) pass();
}

}  // namespace tarn::nn
