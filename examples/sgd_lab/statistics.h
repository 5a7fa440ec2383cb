#pragma once

#include <vector>

#include <tarn/optim/estimate.h>

/// The mean, and its standard error.
tarn::optim::Estimate estimate(const std::vector<double>& values);

/// The slope of log y over log x by least squares.
double loglog_slope(const std::vector<double>& x, const std::vector<double>& y);
