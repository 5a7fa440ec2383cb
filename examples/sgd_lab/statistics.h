#pragma once

#include <vector>

/// A mean and how far it is to be trusted.
struct Estimate {
  double mean;
  double error;  ///< its standard error; NaN for a single value
};

Estimate estimate(const std::vector<double>& values);

/// The slope of log y over log x by least squares.
double loglog_slope(const std::vector<double>& x, const std::vector<double>& y);
