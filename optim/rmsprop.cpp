#include <utility>

#include <tarn/optim/kernels/update_pass.h>
#include <tarn/optim/rmsprop.h>

namespace tarn::optim {

RMSprop::RMSprop(std::vector<Tensor> params, const RMSpropOptions& options)
    : RMSprop({{.params = std::move(params)}}, options) {}

RMSprop::RMSprop(std::vector<ParamGroup> groups, const RMSpropOptions& o)
    : Optimizer("RMSprop", std::move(groups), o.lr,
                {{"alpha", o.alpha, Allowed::zero_to_one},
                 {"eps", o.eps, Allowed::non_negative},
                 {"weight_decay", o.weight_decay, Allowed::non_negative},
                 {"momentum", o.momentum, Allowed::non_negative},
                 {"centered", o.centered, Allowed::flag},
                 {"maximize", o.maximize, Allowed::flag}}) {}

void RMSprop::update(Tensor& p, const Tensor& g, State& s, const ParamGroup& group) {
  const double alpha = group.option("alpha");
  const double eps = group.option("eps");
  const double decay = group.option("weight_decay");
  const double sign = group.option("maximize") != 0 ? -1 : 1;
  const double momentum = group.option("momentum");
  const double lr = group.lr;
  // The gradient over its root mean square, or over its deviation where there is an average.
  const auto scaled = [=](const auto& x, const auto& slope, auto& squares, auto*... average) {
    using L = std::decay_t<decltype(x)>;
    using T = kernels::ElementOf<L>;
    const L d = kernels::descent(x, slope, sign, decay);
    squares = squares * T(alpha) + d * d * T(1 - alpha);
    L variance = squares;
    if constexpr (sizeof...(average) > 0) {
      L& a = (*average, ...);
      a = a * T(alpha) + d * T(1 - alpha);
      // Rounding takes the variance of equal gradients below 0, and its root would be NaN.
      const auto positive = [](T v) { return v < T(0) ? T(0) : v; };
      variance = kernels::each(positive, L(squares - a * a));
    }
    return L(d / (variance.sqrt() + T(eps)));
  };
  const auto move = [=](auto& x, const auto& d) { x -= d * kernels::ElementOf<decltype(x)>(lr); };
  const auto push = [=](auto& x, const auto& d, auto& buffer) {
    buffer = buffer * kernels::ElementOf<decltype(x)>(momentum) + d;
    move(x, buffer);
  };
  const Tensor& v = s.zeros_like("square_avg", p);
  const Tensor a = group.option("centered") != 0 ? s.zeros_like("grad_avg", p) : Tensor();
  const Tensor b = momentum > 0 ? s.zeros_like("momentum_buffer", p) : Tensor();
  if (a.defined() && b.defined()) {
    kernels::update_pass(
        p, g,
        [=](auto& x, const auto& slope, auto& squares, auto& average, auto& buffer) {
          push(x, scaled(x, slope, squares, &average), buffer);
        },
        v, a, b);
  } else if (a.defined()) {
    kernels::update_pass(
        p, g,
        [=](auto& x, const auto& slope, auto& squares, auto& average) {
          move(x, scaled(x, slope, squares, &average));
        },
        v, a);
  } else if (b.defined()) {
    kernels::update_pass(
        p, g,
        [=](auto& x, const auto& slope, auto& squares, auto& buffer) {
          push(x, scaled(x, slope, squares), buffer);
        },
        v, b);
  } else {
    kernels::update_pass(
        p, g,
        [=](auto& x, const auto& slope, auto& squares) { move(x, scaled(x, slope, squares)); }, v);
  }
}

}  // namespace tarn::optim
