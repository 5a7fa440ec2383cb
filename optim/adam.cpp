#include <cmath>

#include <tarn/autograd/ops/arithmetic.h>
#include <tarn/autograd/ops/pointwise.h>
#include <tarn/optim/adam.h>
#include <tarn/optim/detail/check_number.h>
#include <tarn/optim/detail/descent.h>
#include <tarn/tensor/kernels/elementwise.h>

namespace tarn::optim {

namespace {

Options named(const AdamOptions& o) {
  return {{"beta1", o.betas.first}, {"beta2", o.betas.second},        {"eps", o.eps},
          {"amsgrad", o.amsgrad},   {"weight_decay", o.weight_decay}, {"maximize", o.maximize}};
}

// NaN where one of the two is.
void keep_larger(const Tensor& largest, const Tensor& x) {
  const auto larger = [](auto a, auto b) { return a >= b || std::isnan(a) ? a : b; };
  kernels::visit_floating("Adam", x.dtype(), [&]<class T>() {
    kernels::map_into<kernels::kLanes<T>, T, T, T>(
        largest, [&](const auto& a, const auto& b) { return kernels::each(larger, a, b); }, largest,
        x);
  });
  largest.impl().storage->bump_version();
}

}  // namespace

Adam::Adam(std::vector<Tensor> params, const AdamOptions& options)
    : Adam({{.params = std::move(params)}}, options) {}

Adam::Adam(std::vector<ParamGroup> groups, const AdamOptions& options)
    : Adam("Adam", std::move(groups), options, Decay::penalty) {}

Adam::Adam(std::string name, std::vector<ParamGroup> groups, const AdamOptions& options,
           Decay decay)
    : Optimizer(std::move(name), std::move(groups), options.lr, named(options)), decay_(decay) {
  for (const ParamGroup& group : param_groups()) Adam::check_group(group);
}

void Adam::check_group(const ParamGroup& group) const {
  Optimizer::check_group(group);
  for (const char* option : {"beta1", "beta2"}) {
    detail::check_fraction(name(), option, group.option(option));
  }
  for (const char* option : {"eps", "weight_decay"}) {
    detail::check_non_negative(name(), option, group.option(option));
  }
  for (const char* option : {"amsgrad", "maximize"}) {
    detail::check_switch(name(), option, group.option(option));
  }
}

void Adam::update(Tensor& p, const Tensor& g, State& s, const ParamGroup& group) {
  const double beta1 = group.option("beta1");
  const double beta2 = group.option("beta2");
  const double weight_decay = group.option("weight_decay");
  const bool decoupled = decay_ == Decay::decoupled;
  const Tensor d =
      detail::descent(p, g, decoupled ? 0 : weight_decay, group.option("maximize") != 0);
  const double step = s.number("step") += 1;
  const Tensor& m = s.zeros_like("exp_avg", p);
  const Tensor& v = s.zeros_like("exp_avg_sq", p);
  m.mul_(beta1).add_(d, 1 - beta1);
  v.mul_(beta2).add_(square(d), 1 - beta2);
  Tensor w = v;
  if (group.option("amsgrad") != 0) {
    w = s.zeros_like("max_exp_avg_sq", p);
    keep_larger(w, v);
  }
  const Tensor denominator = sqrt(w);
  denominator.div_(std::sqrt(1 - std::pow(beta2, step))).add_(group.option("eps"));
  if (decoupled) p.mul_(1 - group.lr * weight_decay);
  p.sub_(div(m, denominator), group.lr / (1 - std::pow(beta1, step)));
}

}  // namespace tarn::optim
