#include <limits>
#include <utility>

#include <tarn/autograd/ops/arithmetic.h>
#include <tarn/autograd/ops/pointwise.h>
#include <tarn/optim/detail/check_number.h>
#include <tarn/optim/detail/descent.h>
#include <tarn/optim/rmsprop.h>

namespace tarn::optim {

RMSprop::RMSprop(std::vector<Tensor> params, const RMSpropOptions& options)
    : RMSprop({{.params = std::move(params)}}, options) {}

RMSprop::RMSprop(std::vector<ParamGroup> groups, const RMSpropOptions& o)
    : Optimizer("RMSprop", std::move(groups), o.lr,
                {{"alpha", o.alpha},
                 {"eps", o.eps},
                 {"weight_decay", o.weight_decay},
                 {"momentum", o.momentum},
                 {"centered", o.centered},
                 {"maximize", o.maximize}}) {
  for (const ParamGroup& group : param_groups()) RMSprop::check_group(group);
}

void RMSprop::check_group(const ParamGroup& group) const {
  Optimizer::check_group(group);
  detail::check_between(name(), "alpha", group.option("alpha"), 0, 1);
  for (const char* option : {"eps", "weight_decay", "momentum"}) {
    detail::check_non_negative(name(), option, group.option(option));
  }
  for (const char* option : {"centered", "maximize"}) {
    detail::check_switch(name(), option, group.option(option));
  }
}

void RMSprop::update(Tensor& p, const Tensor& g, State& s, const ParamGroup& group) {
  const double alpha = group.option("alpha");
  const double momentum = group.option("momentum");
  Tensor d = detail::descent(p, g, group.option("weight_decay"), group.option("maximize") != 0);
  const Tensor& v = s.zeros_like("square_avg", p);
  v.mul_(alpha).add_(square(d), 1 - alpha);
  Tensor variance = v;
  if (group.option("centered") != 0) {
    const Tensor& average = s.zeros_like("grad_avg", p);
    average.mul_(alpha).add_(d, 1 - alpha);
    // Rounding takes the variance of equal gradients below 0, and its root would be NaN.
    variance = sub(v, square(average)).clamp_(0, std::numeric_limits<double>::infinity());
  }
  d = div(d, sqrt(variance).add_(group.option("eps")));
  if (momentum > 0) d = s.zeros_like("momentum_buffer", p).mul_(momentum).add_(d);
  p.sub_(d, group.lr);
}

}  // namespace tarn::optim
