#pragma once

#include <cstddef>
#include <vector>

#include <tarn/optim/estimate.h>

/// The mean, and its standard error.
tarn::optim::Estimate estimate(const std::vector<double>& values);

/// By how many standard errors of the difference a exceeds b.
double distance(const tarn::optim::Estimate& a, const tarn::optim::Estimate& b);

/// The root mean square of `count` independent distances in standard errors that chance exceeds as
/// rarely as it puts one of them beyond 3: in 27 of 10,000 cases. From the quantile of chi-square
/// (Wilson and Hilferty 1931); 3 for one, 1.64 for ten.
double largest_rms_distance(std::size_t count);

/// The slope of log y over log x by least squares.
double loglog_slope(const std::vector<double>& x, const std::vector<double>& y);
