#include <cmath>
#include <utility>

#include <tarn/optim/adam.h>
#include <tarn/optim/kernels/update_pass.h>

namespace tarn::optim {

Adam::Adam(std::vector<Tensor> params, const AdamOptions& options)
    : Adam({{.params = std::move(params)}}, options) {}

Adam::Adam(std::vector<ParamGroup> groups, const AdamOptions& options)
    : Adam("Adam", std::move(groups), options, Decay::penalty) {}

Adam::Adam(std::string name, std::vector<ParamGroup> groups, const AdamOptions& o, Decay decay)
    : Optimizer(std::move(name), std::move(groups), o.lr,
                {{"beta1", o.betas.first, Allowed::below_one},
                 {"beta2", o.betas.second, Allowed::below_one},
                 {"eps", o.eps, Allowed::non_negative},
                 {"amsgrad", o.amsgrad, Allowed::flag},
                 {"weight_decay", o.weight_decay, Allowed::non_negative},
                 {"maximize", o.maximize, Allowed::flag}}),
      decay_(decay) {}

void Adam::update(Tensor& p, const Tensor& g, State& s, const ParamGroup& group) {
  const double beta1 = group.option("beta1");
  const double beta2 = group.option("beta2");
  const double eps = group.option("eps");
  const double sign = group.option("maximize") != 0 ? -1 : 1;
  const double weight_decay = group.option("weight_decay");
  const double decay = decay_ == Decay::penalty ? weight_decay : 0;
  const double shrink = decay_ == Decay::penalty ? 1 : 1 - group.lr * weight_decay;
  const double t = s.number("step") += 1;
  const double lr = group.lr / (1 - std::pow(beta1, t));
  const double correction = std::sqrt(1 - std::pow(beta2, t));
  const auto step = [=](auto& x, const auto& slope, auto& m, auto& v, auto&... largest) {
    using L = std::decay_t<decltype(x)>;
    using T = kernels::ElementOf<L>;
    const L d = kernels::descent(x, slope, sign, decay);
    m = m * T(beta1) + d * T(1 - beta1);
    v = v * T(beta2) + d * d * T(1 - beta2);
    // NaN where one of the two is.
    ((largest =
          kernels::each([](T a, T b) { return a >= b || std::isnan(a) ? a : b; }, largest, v)),
     ...);
    const L& w = std::get<sizeof...(largest)>(std::tie(v, largest...));
    x *= T(shrink);
    x -= m / (w.sqrt() / T(correction) + T(eps)) * T(lr);
  };
  Tensor& m = s.zeros_like("exp_avg", p);
  Tensor& v = s.zeros_like("exp_avg_sq", p);
  if (group.option("amsgrad") != 0) {
    kernels::update_pass(p, g, step, m, v, s.zeros_like("max_exp_avg_sq", p));
  } else {
    kernels::update_pass(p, g, step, m, v);
  }
}

}  // namespace tarn::optim
