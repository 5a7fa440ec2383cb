#include <utility>

#include <tarn/optim/kernels/update_pass.h>
#include <tarn/optim/sgd.h>
#include <tarn/tensor/error.h>
#include <tarn/tensor/str.h>

namespace tarn::optim {

SGD::SGD(std::vector<Tensor> params, const SGDOptions& options)
    : SGD({{.params = std::move(params)}}, options) {}

SGD::SGD(std::vector<ParamGroup> groups, const SGDOptions& o)
    : Optimizer("SGD", std::move(groups), o.lr,
                {{"momentum", o.momentum, Allowed::non_negative},
                 {"dampening", o.dampening},
                 {"weight_decay", o.weight_decay, Allowed::non_negative},
                 {"nesterov", o.nesterov, Allowed::flag},
                 {"maximize", o.maximize, Allowed::flag}}) {
  for (const ParamGroup& group : param_groups()) SGD::check_group(group);
}

void SGD::check_group(const ParamGroup& group) const {
  Optimizer::check_group(group);
  const double momentum = group.option("momentum");
  const double dampening = group.option("dampening");
  if (group.option("nesterov") != 0 && (momentum == 0 || dampening != 0)) {
    throw ValueError(str(name(), ": nesterov with momentum = ", momentum, " and dampening = ",
                         dampening, ": expected momentum > 0 and dampening = 0"));
  }
}

void SGD::update(Tensor& p, const Tensor& g, State& s, const ParamGroup& group) {
  const double lr = group.lr;
  const double momentum = group.option("momentum");
  const double decay = group.option("weight_decay");
  const double sign = group.option("maximize") != 0 ? -1 : 1;
  if (momentum == 0) {
    return kernels::update_pass(p, g, [=](auto& x, const auto& slope) {
      x -= kernels::descent(x, slope, sign, decay) * kernels::ElementOf<decltype(x)>(lr);
    });
  }
  const bool nesterov = group.option("nesterov") != 0;
  const double keep = s.contains("momentum_buffer") ? 1 - group.option("dampening") : 1;
  kernels::update_pass(
      p, g,
      [=](auto& x, const auto& slope, auto& v) {
        using T = kernels::ElementOf<decltype(x)>;
        auto d = kernels::descent(x, slope, sign, decay);
        v = v * T(momentum) + d * T(keep);
        if (nesterov) {
          d += v * T(momentum);
        } else {
          d = v;
        }
        x -= d * T(lr);
      },
      s.zeros_like("momentum_buffer", p));
}

}  // namespace tarn::optim
