#include <utility>

#include <tarn/optim/adagrad.h>
#include <tarn/optim/kernels/update_pass.h>

namespace tarn::optim {

Adagrad::Adagrad(std::vector<Tensor> params, const AdagradOptions& options)
    : Adagrad({{.params = std::move(params)}}, options) {}

Adagrad::Adagrad(std::vector<ParamGroup> groups, const AdagradOptions& o)
    : Optimizer("Adagrad", std::move(groups), o.lr,
                {{"lr_decay", o.lr_decay, Allowed::non_negative},
                 {"weight_decay", o.weight_decay, Allowed::non_negative},
                 {"initial_accumulator_value", o.initial_accumulator_value, Allowed::non_negative},
                 {"eps", o.eps, Allowed::non_negative},
                 {"maximize", o.maximize, Allowed::flag}}) {}

void Adagrad::update(Tensor& p, const Tensor& g, State& s, const ParamGroup& group) {
  const double eps = group.option("eps");
  const double decay = group.option("weight_decay");
  const double sign = group.option("maximize") != 0 ? -1 : 1;
  const double before = s.number("step")++;
  const double lr = group.lr / (1 + before * group.option("lr_decay"));
  const bool first = !s.contains("sum");
  const Tensor& sum = s.zeros_like("sum", p);
  if (first) sum.fill_(group.option("initial_accumulator_value"));
  kernels::update_pass(
      p, g,
      [=](auto& x, const auto& slope, auto& squares) {
        using T = kernels::ElementOf<decltype(x)>;
        const auto d = kernels::descent(x, slope, sign, decay);
        squares += d * d;
        x -= d / (squares.sqrt() + T(eps)) * T(lr);
      },
      sum);
}

}  // namespace tarn::optim
