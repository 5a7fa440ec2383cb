#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

/// What the command line can set; --help explains each.
struct Settings {
  std::string dataset = "mnist";
  std::string data{};  // empty: "data/" + dataset
  std::string augment = "none";
  std::vector<std::int64_t> widths{128};

  std::int64_t epochs = 10;
  std::int64_t batch_size = 32;
  std::int64_t micro_batch = 0;
  std::string loss_reduction = "mean";

  double lr = 0.2;
  double momentum = 0;
  std::string schedule = "cosine";
  double alpha = 0.01;
  std::int64_t step_size = 3;
  double gamma = 0.5;
  double clip_norm = 0;
  double clip_value = 0;
  std::string scale_lr = "none";
  std::int64_t warmup = 1;

  std::uint64_t seed = 0;
  int threads = 0;
  int num_workers = 0;

  std::string checkpoint{};  // empty: none
  std::int64_t checkpoint_every = 0;
  bool resume = false;

  std::int64_t log_every = 0;
  std::string mistakes = "mistakes.png";
};

/// Reads the command line. After --help, and after an error, which is one line on stderr, it ends
/// the program: with 0 or 2.
Settings parse_settings(int argc, char** argv);

/// The flags that decide what a run computes, as texts: a resumed run must have the same.
std::map<std::string, std::string> run_settings(const Settings& settings);
