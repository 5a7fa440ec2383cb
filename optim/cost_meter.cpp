#include <array>
#include <chrono>

#include <tarn/autograd/graph_flops.h>
#include <tarn/optim/cost_meter.h>
#include <tarn/optim/detail/check_number.h>
#include <tarn/optim/detail/state_reader.h>
#include <tarn/tensor/detail/number_text.h>
#include <tarn/tensor/str.h>

namespace tarn::optim {

namespace {

constexpr const char* kCostMeter = "CostMeter";

// "36.6 G" for 3.66e10.
std::string with_prefix(double value) {
  constexpr std::array<const char*, 6> prefixes{"", "k", "M", "G", "T", "P"};
  std::size_t i = 0;
  for (; value >= 1000 && i + 1 < prefixes.size(); ++i) value /= 1000;
  return str(number_text(value, 4), " ", prefixes[i]);
}

double now() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

}  // namespace

CostMeter::CostMeter(const Optimizer& optimizer)
    : optimizer_(optimizer), first_step_(optimizer.step_count()), started_(now()) {}

void CostMeter::add(const Tensor& loss, std::int64_t examples) {
  add(graph_flops(loss).total(), examples);
}

void CostMeter::add(double flops, std::int64_t examples) {
  detail::check(kCostMeter, "flops", flops, Allowed::non_negative);
  detail::check_at_least(kCostMeter, "examples", examples, 0);
  flops_ += flops;
  example_gradients_ += examples;
}

void CostMeter::pause() {
  seconds_ = seconds();
  running_ = false;
}

void CostMeter::resume() {
  if (running_) return;
  started_ = now();
  running_ = true;
}

double CostMeter::seconds() const { return seconds_ + (running_ ? now() - started_ : 0); }

StateDict CostMeter::state_dict() const {
  StateDict dict;
  dict.set("updates", detail::integer_entry(updates()));
  dict.set("example_gradients", detail::integer_entry(example_gradients_));
  dict.set("flops", detail::number_entry(flops_));
  dict.set("seconds", detail::number_entry(seconds()));
  return dict;
}

void CostMeter::load_state_dict(const StateDict& dict) {
  const detail::StateReader reader(kCostMeter, dict);
  const std::int64_t updates = reader.count("updates");
  const std::int64_t example_gradients = reader.count("example_gradients");
  const double flops = reader.number("flops");
  const double seconds = reader.number("seconds");
  detail::check(kCostMeter, "flops", flops, Allowed::non_negative);
  detail::check(kCostMeter, "seconds", seconds, Allowed::non_negative);
  first_step_ = optimizer_.step_count() - updates;
  example_gradients_ = example_gradients;
  flops_ = flops;
  seconds_ = seconds;
  started_ = now();
}

std::string to_string(const CostMeter& meter) {
  return str(meter.updates(), " updates, ", meter.example_gradients(), " example gradients, ",
             with_prefix(meter.flops()), "FLOP, ", number_text(meter.seconds(), 4), " s");
}

}  // namespace tarn::optim
