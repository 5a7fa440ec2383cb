#pragma once

#include <string>

#include <tarn/tarn.h>

/// FNV-1a (Fowler, Noll, Vo 1991), 64 bit, of the bytes of all parameters, row-major and in the
/// order of the module: two runs with the same hash have the same weights, bit for bit. 16
/// hexadecimal digits.
std::string weights_hash(const tarn::nn::Module& model);
