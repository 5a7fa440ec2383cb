#include <charconv>
#include <string_view>
#include <utility>

#include <tarn/optim/detail/state_reader.h>
#include <tarn/optim/optimizer.h>
#include <tarn/tensor/error.h>
#include <tarn/tensor/str.h>

namespace tarn::optim {

namespace {

std::string group_prefix(std::size_t group) { return str("group.", group, "."); }

std::string state_prefix(std::size_t group) { return str("state.", group, "."); }

// The integer before the first dot of `text`, which is cut off with it; -1 when there is none.
std::int64_t take_index(std::string_view& text) {
  std::int64_t index = -1;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), index);
  if (error != std::errc() || end == text.data() + text.size() || *end != '.') return -1;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()) + 1);
  return index;
}

bool is_below(std::int64_t index, std::size_t size) {
  return index >= 0 && static_cast<std::size_t>(index) < size;
}

}  // namespace

StateDict Optimizer::state_dict() const {
  StateDict dict;
  dict.set("class", detail::text_entry(name_));
  dict.set("groups", detail::integer_entry(static_cast<std::int64_t>(groups_.size())));
  dict.set("step_count", detail::integer_entry(step_count_));
  for (std::size_t g = 0; g < groups_.size(); ++g) {
    const ParamGroup& group = groups_[g];
    const std::string prefix = group_prefix(g);
    dict.set(prefix + "params",
             detail::integer_entry(static_cast<std::int64_t>(group.params.size())));
    dict.set(prefix + "lr", detail::number_entry(group.lr));
    for (const auto& [name, value] : group.options) {
      dict.set(prefix + name, detail::number_entry(value));
    }
  }
  for (std::size_t g = 0; g < groups_.size(); ++g) {
    for (std::size_t i = 0; i < states_[g].size(); ++i) {
      for (const auto& [name, value] : states_[g][i]) {
        dict.set(str(state_prefix(g), i, ".", name), value);
      }
    }
  }
  return dict;
}

void Optimizer::load_state_dict(const StateDict& dict) {
  check_loadable(dict);
  const std::int64_t steps = detail::StateReader(name_, dict).count("step_count");
  std::vector<ParamGroup> groups;
  std::vector<std::vector<State>> states;
  for (std::size_t g = 0; g < groups_.size(); ++g) {
    groups.push_back(group_from(dict, g));
    states.push_back(states_from(dict, g));
  }
  groups_.swap(groups);
  states_.swap(states);
  step_count_ = steps;
}

void Optimizer::check_loadable(const StateDict& dict) const {
  const detail::StateReader reader(name_, dict);
  reader.check_writer(groups_.size());
  const StateDict own = state_dict();
  for (const auto& [name, value] : dict) {
    std::string_view rest = name;
    if (rest.starts_with("state.")) {
      rest.remove_prefix(std::string_view("state.").size());
      const std::int64_t g = take_index(rest);
      const std::int64_t i = take_index(rest);
      const bool known = is_below(g, states_.size()) && !rest.empty() &&
                         is_below(i, states_[static_cast<std::size_t>(g)].size());
      if (known && name == str("state.", g, ".", i, ".", rest)) continue;
    } else if (own.contains(name)) {
      continue;
    }
    throw ValueError(str(name_, ": load_state_dict: there is no place for \"", name,
                         "\": expected what state_dict() of a ", name_, " gives"));
  }
}

ParamGroup Optimizer::group_from(const StateDict& dict, std::size_t g) const {
  const detail::StateReader reader(name_, dict);
  const std::string prefix = group_prefix(g);
  ParamGroup group = groups_[g];
  const std::int64_t params = reader.count(prefix + "params");
  if (params != static_cast<std::int64_t>(group.params.size())) {
    throw ValueError(str(name_, ": load_state_dict: group ", g, " has ", params,
                         " parameters in the checkpoint and ", group.params.size(),
                         " here: expected the same"));
  }
  group.lr = reader.number(prefix + "lr");
  for (auto& [name, value] : group.options) value = reader.number(prefix + name);
  check_group(group);
  return group;
}

std::vector<State> Optimizer::states_from(const StateDict& dict, std::size_t g) const {
  const std::vector<Tensor>& params = groups_[g].params;
  std::vector<State> states(params.begin(), params.end());
  for (const auto& [name, value] : dict.sub(state_prefix(g))) {
    std::string_view rest = name;
    State& state = states[static_cast<std::size_t>(take_index(rest))];
    try {
      state.restore(rest, value);
    } catch (const ShapeError& error) {
      throw ShapeError(
          str(name_, ": load_state_dict: ", state_prefix(g), name, ": ", error.what()));
    } catch (const DTypeError& error) {
      throw DTypeError(
          str(name_, ": load_state_dict: ", state_prefix(g), name, ": ", error.what()));
    }
  }
  return states;
}

}  // namespace tarn::optim
