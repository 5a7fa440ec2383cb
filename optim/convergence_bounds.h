#pragma once

#include <cstdint>

#include <tarn/optim/robbins_monro.h>

// What theory promises of SGD after T updates, to be put beside what is measured. D is the distance
// |theta_0 - theta*| of the start from a minimum (for a projection, the diameter of the set), and G
// bounds the norms of all stochastic gradients. All throw ValueError for arguments that are
// negative or not finite, and for no steps.
namespace tarn::optim {

/// A convex loss, any rates, no projection: the average of the iterates theta_0 .. theta_(T-1)
/// weighted by their rates has an expected gap of at most
///
///   (D^2 + G^2 sum eta_t^2) / (2 sum eta_t)                (Nemirovski et al. 2009, eq. 2.18)
///
/// With eta_t = D / (G sqrt(T)) for all t it is D G / sqrt(T), its least value, and the average is
/// the plain one. With eta_t ~ 1/sqrt(t) it carries a factor log T. Weighted averages:
/// AveragedModel::update(lr).
double convex_bound(double distance, double gradient_bound, const LRSums& sums);

/// A convex loss on a set of diameter D that every update is projected on, with the rates
/// eta_t = D / (G sqrt(t)), t = 1 .. T: the plain average of the iterates has an expected gap of at
/// most 1.5 D G / sqrt(T) (Zinkevich 2003, theorem 1).
double projected_convex_bound(double distance, double gradient_bound, std::int64_t steps);

/// A loss with gradients that are lr_bound-Lipschitz ("smoothness" L), no convexity: with a
/// constant rate eta <= 1 / L, the mean of |grad L(theta_t)|^2 over t = 0 .. T-1 is in expectation
/// at most
///
///   2 gap / (eta T) + eta L variance                       (Ghadimi and Lan 2013, theorem 2.1)
///
/// gap       L(theta_0) - min L
/// variance  E |g - grad L|^2 of the stochastic gradients: GradientVariance::shuffled(B)
/// It bounds the mean, and so the best and a random iterate; it says nothing about the last one,
/// and does not go to 0 for a constant rate. Throws ValueError also for eta > 1 / L.
double nonconvex_bound(double gap, double lr, double smoothness, double variance,
                       std::int64_t steps);

}  // namespace tarn::optim
