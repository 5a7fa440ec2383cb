#include <string>
#include <utility>

#include <tarn/autograd/ops/arithmetic.h>
#include <tarn/optim/detail/check_number.h>
#include <tarn/optim/detail/descent.h>
#include <tarn/optim/kernels/sgd_pass.h>
#include <tarn/optim/sgd.h>
#include <tarn/tensor/error.h>
#include <tarn/tensor/str.h>

namespace tarn::optim {

namespace {

constexpr const char* kBuffer = "momentum_buffer";

Options named(const SGDOptions& o) {
  return {{"momentum", o.momentum},
          {"dampening", o.dampening},
          {"weight_decay", o.weight_decay},
          {"nesterov", o.nesterov},
          {"maximize", o.maximize}};
}

SGDOptions options_of(const ParamGroup& group) {
  return {.lr = group.lr,
          .momentum = group.option("momentum"),
          .dampening = group.option("dampening"),
          .weight_decay = group.option("weight_decay"),
          .nesterov = group.option("nesterov") != 0,
          .maximize = group.option("maximize") != 0};
}

// The elements lie in the same order in memory and are of one type.
bool alike(const TensorImpl& a, const TensorImpl& b) {
  return a.strides == b.strides && a.sizes == b.sizes && a.dtype == b.dtype;
}

template <class T>
T* elements(const TensorImpl& impl) {
  return reinterpret_cast<T*>(impl.data);
}

// One step of p, in one pass; false, and nothing done, where p, g and the buffer are not arrays
// that lie alike.
bool pass_over_memory(const Tensor& p, const TensorImpl& g, State& s, const SGDOptions& o) {
  const TensorImpl& x = p.impl();
  if (!alike(x, g) || !p.is_dense()) return false;
  const Tensor* buffer = o.momentum != 0 ? s.find(kBuffer) : nullptr;
  const bool first = o.momentum != 0 && !buffer;
  if (first) buffer = &s.zeros_like(kBuffer, p);
  const TensorImpl* v = buffer ? &buffer->impl() : nullptr;
  if (v && !alike(x, *v)) return false;
  if (v) v->storage->bump_version();
  x.storage->bump_version();
  const kernels::SGDPass pass{.lr = o.lr,
                              .momentum = o.momentum,
                              .keep = first ? 1 : 1 - o.dampening,
                              .weight_decay = o.weight_decay,
                              .nesterov = o.nesterov,
                              .maximize = o.maximize};
  if (x.dtype == kFloat32) {
    kernels::sgd_pass(elements<float>(x), elements<const float>(g),
                      v ? elements<float>(*v) : nullptr, x.numel, pass);
  } else {
    kernels::sgd_pass(elements<double>(x), elements<const double>(g),
                      v ? elements<double>(*v) : nullptr, x.numel, pass);
  }
  return true;
}

}  // namespace

SGD::SGD(std::vector<Tensor> params, const SGDOptions& options)
    : Optimizer("SGD", std::move(params), options.lr, named(options)) {
  for (const ParamGroup& group : param_groups()) SGD::check_group(group);
}

SGD::SGD(std::vector<ParamGroup> groups, const SGDOptions& options)
    : Optimizer("SGD", std::move(groups), options.lr, named(options)) {
  for (const ParamGroup& group : param_groups()) SGD::check_group(group);
}

void SGD::check_group(const ParamGroup& group) const {
  Optimizer::check_group(group);
  detail::check_non_negative(name(), "momentum", group.option("momentum"));
  detail::check_non_negative(name(), "weight_decay", group.option("weight_decay"));
  for (const char* option : {"nesterov", "maximize"}) {
    detail::check_switch(name(), option, group.option(option));
  }
  const SGDOptions o = options_of(group);
  if (o.nesterov && (o.momentum == 0 || o.dampening != 0)) {
    throw ValueError(str(name(), ": nesterov with momentum = ", o.momentum, " and dampening = ",
                         o.dampening, ": expected momentum > 0 and dampening = 0"));
  }
}

void SGD::update(Tensor& p, const Tensor& g, State& s, const ParamGroup& group) {
  const SGDOptions o = options_of(group);
  Tensor d = detail::descent(p, g, o.weight_decay, o.maximize);
  if (o.momentum != 0) {
    const bool first = !s.contains(kBuffer);
    const Tensor& v = s.zeros_like(kBuffer, p);
    v.mul_(o.momentum).add_(d, first ? 1.0 : 1 - o.dampening);
    d = o.nesterov ? add(d, v, o.momentum) : v;
  }
  p.sub_(d, o.lr);
}

// The same in one pass over the memory of each parameter.
void SGD::update_group(ParamGroup& group, std::span<State> states) {
  const SGDOptions o = options_of(group);
  for (std::size_t i = 0; i < states.size(); ++i) {
    Tensor& p = group.params[i];
    const TensorImpl* g = p.impl().grad.get();
    if (g && !pass_over_memory(p, *g, states[i], o)) update(p, p.grad(), states[i], group);
  }
}

}  // namespace tarn::optim
