#pragma once

#include <cstdint>
#include <string>

/// "101,770"
std::string with_commas(std::int64_t number);
/// "0.0612"
std::string format_loss(double loss);
/// "0.1951", "4.9e-05"
std::string format_lr(double lr);
/// "98.21%"
std::string format_percent(double share);
/// "4.6 s"
std::string format_seconds(double seconds);
