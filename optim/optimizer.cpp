#include <utility>

#include <tarn/autograd/detail/profile_scope.h>
#include <tarn/autograd/detail/unowned_leaves.h>
#include <tarn/autograd/grad_mode.h>
#include <tarn/optim/detail/check_number.h>
#include <tarn/optim/optimizer.h>
#include <tarn/tensor/error.h>
#include <tarn/tensor/log.h>
#include <tarn/tensor/str.h>

namespace tarn::optim {

namespace {

std::vector<ParamGroup> one_group(std::vector<Tensor> params) {
  std::vector<ParamGroup> groups(1);
  groups[0].params = std::move(params);
  return groups;
}

// "SGD: parameter 2 of group 0"
std::string place(const std::string& optimizer, std::size_t param, std::size_t group) {
  return str(optimizer, ": parameter ", param, " of group ", group);
}

// A parameter that was never registered trains nothing, and nobody would notice.
void warn_of_unowned_leaves(const std::string& optimizer) {
  const UnownedLeaves leaves = unowned_leaves();
  if (leaves.count == 0) return;
  warn_once("optim.unowned_leaves",
            str(optimizer, ": the last backward() gave a gradient to ", leaves.count,
                " leaves that no optimizer updates, the first of shape ", leaves.first,
                ": expected every parameter in a group; register it with parameter() or add(), or "
                "call requires_grad_(false) if it is not to be trained"));
}

// Two slips in a class of one's own would go unnoticed: `p = p - g` gives the optimizer another
// tensor than the model's, and `g.mul_(2)` changes what others read after the step.
[[noreturn]] void fail_update(const std::string& where, const Tensor& p, bool assigned) {
  throw Error(str(where, " (shape ", p.shape(), "): update() ",
                  assigned ? "assigned another tensor to it: expected a change in place, which the "
                             "model sees; use sub_() or copy_()"
                           : "changed the gradient in place: expected it as it was; make a new "
                             "tensor, g * 2 instead of g.mul_(2)"));
}

}  // namespace

Optimizer::Optimizer(std::string name, std::vector<Tensor> params, double lr,
                     std::vector<Option> options)
    : Optimizer(std::move(name), one_group(std::move(params)), lr, std::move(options)) {}

Optimizer::Optimizer(std::string name, std::vector<ParamGroup> groups, double lr,
                     std::vector<Option> options)
    : name_(std::move(name)), default_lr_(lr), options_(std::move(options)) {
  std::size_t count = 0;
  bool any_to_train = false;
  for (const ParamGroup& group : groups) {
    count += group.params.size();
    for (const Tensor& p : group.params) any_to_train |= !p.defined() || p.requires_grad();
  }
  if (count == 0) {
    throw ValueError(
        str(name_, ": there are no parameters: expected at least one tensor to train"));
  }
  if (!any_to_train) {
    throw ValueError(str(name_, ": none of the ", count,
                         " parameters requires grad: expected at least one to train; call "
                         "requires_grad_()"));
  }
  for (std::size_t i = 0; i < options_.size(); ++i) {
    for (std::size_t j = 0; j < i; ++j) {
      if (options_[i].name != options_[j].name) continue;
      throw ValueError(str(name_, ": options ", j, " and ", i, " are both called \"",
                           options_[i].name, "\": expected each name once"));
    }
  }
  detail::check(name_, "lr", lr, Allowed::non_negative);
  for (ParamGroup& group : groups) add_param_group(std::move(group));
}

void Optimizer::add_param_group(ParamGroup group) {
  group = complete(std::move(group));
  check_group(group);
  check_params(group);
  std::vector<State> states(group.params.begin(), group.params.end());
  // Reserved so that nothing can throw half-way.
  groups_.reserve(groups_.size() + 1);
  states_.reserve(states_.size() + 1);
  for (const Tensor& p : group.params) p.impl().has_optimizer = true;
  forget_unowned_leaves();
  groups_.push_back(std::move(group));
  states_.push_back(std::move(states));
}

ParamGroup Optimizer::complete(ParamGroup group) const {
  if (is_inherited(group.lr)) group.lr = default_lr_;
  Options options;
  for (const Option& option : options_) {
    const double* own = detail::find(group.options, option.name);
    options.emplace_back(option.name, own ? *own : option.value);
  }
  for (const auto& [name, value] : group.options) {
    if (detail::find(options, name)) continue;
    throw ValueError(str(name_, ": group ", groups_.size(), " has an unknown option \"", name,
                         "\": expected one of ", detail::names(options)));
  }
  group.options = std::move(options);
  return group;
}

void Optimizer::check_params(const ParamGroup& group) const {
  for (std::size_t i = 0; i < group.params.size(); ++i) {
    const Tensor& p = group.params[i];
    const std::string where = place(name_, i, groups_.size());
    if (!p.defined()) {
      throw ValueError(str(where, " is an undefined tensor: expected a leaf"));
    }
    if (!p.is_leaf()) {
      throw ValueError(str(where, " (shape ", p.shape(), ") is the result of \"", p.grad_fn_name(),
                           "\": expected a leaf; give the tensor it was computed from, or make one "
                           "with detach().requires_grad_()"));
    }
    check_first(group, i);
  }
}

// Parameter i of the new group is neither in an older group nor earlier in this one.
void Optimizer::check_first(const ParamGroup& group, std::size_t i) const {
  const Tensor& p = group.params[i];
  for (std::size_t k = 0; k <= groups_.size(); ++k) {
    const bool older = k < groups_.size();
    const std::vector<Tensor>& params = older ? groups_[k].params : group.params;
    const std::size_t count = older ? params.size() : i;
    for (std::size_t j = 0; j < count; ++j) {
      if (!params[j].is_same(p)) continue;
      throw ValueError(str(place(name_, i, groups_.size()), " (shape ", p.shape(),
                           ") is also parameter ", j, " of group ", k, ": expected each once"));
    }
  }
}

void Optimizer::check_group(const ParamGroup& group) const {
  detail::check(name_, "lr", group.lr, Allowed::non_negative);
  for (const Option& option : options_)
    detail::check(name_, option.name, group.option(option.name), option.allowed);
}

void Optimizer::set_lr(double lr) {
  detail::check(name_, "lr", lr, Allowed::non_negative);
  for (ParamGroup& group : groups_) group.lr = lr;
}

void Optimizer::zero_grad(bool set_to_none) {
  const NoGradGuard no_grad;
  for (const ParamGroup& group : groups_) {
    for (const Tensor& p : group.params) {
      if (set_to_none) {
        p.set_grad({});
      } else if (p.impl().grad) {
        p.grad().zero_();
        p.impl().grad_was_stepped = false;
      }
    }
  }
}

void Optimizer::step() {
  const tarn::detail::ProfileScope profile([this] { return name_ + "::step"; });
  skip_ = false;
  for (const Hook& hook : pre_hooks_) hook(*this);
  for (const ParamGroup& group : groups_) check_group(group);
  check_exchanged();
  if (!find_gradients()) return;
  if (step_count_ == 0) warn_of_unowned_leaves(name_);
  update_all(!skip_);
  ++(skip_ ? skipped_count_ : step_count_);
  if (skip_) return;
  for (const Hook& hook : post_hooks_) hook(*this);
}

// A gradient has been used also when it was skipped: it must not become part of the next one.
void Optimizer::update_all(bool moves) {
  const NoGradGuard no_grad;
  for (std::size_t g = 0; g < groups_.size(); ++g) {
    for (std::size_t i = 0; i < states_[g].size(); ++i) {
      Tensor& p = groups_[g].params[i];
      const Tensor grad = p.grad();
      if (moves && grad.defined()) {
        const Tensor same = p;
        // A pending gradient has no elements yet, and asking for its version would make them.
        const bool watched = !grad.impl().pending() && grad.impl().storage() != p.impl().storage();
        const std::uint32_t version = watched ? grad.version() : 0;
        update(p, grad, states_[g][i], groups_[g]);
        const bool assigned = !p.is_same(same);
        if (assigned || (watched && grad.version() != version)) {
          p = same;
          fail_update(place(name_, i, g), p, assigned);
        }
      }
      p.impl().grad_was_stepped = grad.defined();
    }
  }
}

// Whether there is something to do; warns when that is odd.
bool Optimizer::find_gradients() const {
  bool any = false;
  bool fresh = false;
  std::size_t count = 0;
  for (const ParamGroup& group : groups_) {
    for (const Tensor& p : group.params) {
      const TensorImpl& impl = p.impl();
      any |= static_cast<bool>(impl.grad);
      fresh |= impl.grad && !impl.grad_was_stepped;
      ++count;
    }
  }
  if (!any) {
    warn_once("optim.step_without_gradient",
              str(name_, ": step() found no gradient on any of ", count,
                  " parameters and changes nothing: expected a backward() before it"));
  } else if (!fresh) {
    warn_once("optim.step_with_used_gradients",
              str(name_,
                  ": step() found only gradients that an earlier step() has used, alone or with "
                  "new ones added: call zero_grad() before backward(), and backward() before "
                  "step()"));
  }
  return any;
}

// The states would silently belong to other parameters.
void Optimizer::check_exchanged() const {
  for (std::size_t g = 0; g < groups_.size(); ++g) {
    const std::vector<Tensor>& params = groups_[g].params;
    if (params.size() != states_[g].size()) {
      throw ValueError(str(name_, ": group ", g, " has ", params.size(), " parameters but had ",
                           states_[g].size(), ": expected the same; use add_param_group()"));
    }
    for (std::size_t i = 0; i < params.size(); ++i) {
      const Tensor& known = states_[g][i].parameter();
      if (params[i].is_same(known)) continue;
      throw ValueError(str(place(name_, i, g), " was exchanged (shape ",
                           params[i].defined() ? to_string(params[i].shape()) : "undefined",
                           ", was ", known.shape(),
                           "): expected the same tensor; make a new optimizer"));
    }
  }
}

std::string to_string(const Optimizer& optimizer) {
  std::string text = optimizer.name();
  const std::span<const ParamGroup> groups = optimizer.param_groups();
  for (std::size_t g = 0; g < groups.size(); ++g) {
    text += str("\n  group ", g, ": ", to_string(groups[g]));
  }
  return text;
}

}  // namespace tarn::optim
