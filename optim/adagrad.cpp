#include <utility>

#include <tarn/autograd/ops/arithmetic.h>
#include <tarn/autograd/ops/pointwise.h>
#include <tarn/optim/adagrad.h>
#include <tarn/optim/detail/check_number.h>
#include <tarn/optim/detail/descent.h>

namespace tarn::optim {

Adagrad::Adagrad(std::vector<Tensor> params, const AdagradOptions& options)
    : Adagrad({{.params = std::move(params)}}, options) {}

Adagrad::Adagrad(std::vector<ParamGroup> groups, const AdagradOptions& o)
    : Optimizer("Adagrad", std::move(groups), o.lr,
                {{"lr_decay", o.lr_decay},
                 {"weight_decay", o.weight_decay},
                 {"initial_accumulator_value", o.initial_accumulator_value},
                 {"eps", o.eps},
                 {"maximize", o.maximize}}) {
  for (const ParamGroup& group : param_groups()) Adagrad::check_group(group);
}

void Adagrad::check_group(const ParamGroup& group) const {
  Optimizer::check_group(group);
  for (const char* option : {"lr_decay", "weight_decay", "initial_accumulator_value", "eps"}) {
    detail::check_non_negative(name(), option, group.option(option));
  }
  detail::check_switch(name(), "maximize", group.option("maximize"));
}

void Adagrad::update(Tensor& p, const Tensor& g, State& s, const ParamGroup& group) {
  const Tensor d =
      detail::descent(p, g, group.option("weight_decay"), group.option("maximize") != 0);
  const bool first = !s.contains("sum");
  const Tensor& sum = s.zeros_like("sum", p);
  if (first) sum.fill_(group.option("initial_accumulator_value"));
  sum.add_(square(d));
  const double step = s.number("step") += 1;
  const double lr = group.lr / (1 + (step - 1) * group.option("lr_decay"));
  p.sub_(div(d, sqrt(sum).add_(group.option("eps"))), lr);
}

}  // namespace tarn::optim
