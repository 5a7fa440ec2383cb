#pragma once

#include <utility>
#include <vector>

#include <tarn/optim/optimizer.h>

namespace tarn::testing {

/// What a user writes to add momentum: see optim/optimizer.h.
class HeavyBall : public optim::Optimizer {
 public:
  struct Options {
    double lr = 0.01;
    double beta = 0.9;
  };
  HeavyBall(std::vector<Tensor> params, Options o)
      : Optimizer("HeavyBall", std::move(params), o.lr), beta_(o.beta) {}

 protected:
  void update(Tensor& p, const Tensor& g, optim::State& s,
              const optim::ParamGroup& group) override {
    Tensor& v = s.zeros_like("velocity", p);  // made on first use, saved by state_dict
    v.mul_(beta_).add_(g);
    p.sub_(v, group.lr);
  }

 private:
  double beta_;
};

}  // namespace tarn::testing
