#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include <tarn/tensor/str.h>

#include "../examples/program.h"

#ifndef TARN_MPIEXEC
#define TARN_MPIEXEC ""
#endif

/// For tests of several processes, where tarn was built without MPI.
#define SKIP_WITHOUT_MPI() \
  if (std::string(TARN_MPIEXEC).empty()) GTEST_SKIP() << "there is no MPI"

/// mpirun's exit code for a program that has not ended in time.
constexpr int kHung = 110;

/// Runs `program` on `ranks` processes of one thread.
inline Outcome mpirun(int ranks, const std::string& program, std::vector<std::string> arguments,
                      const std::string& folder, RunOptions options = {}) {
  std::vector<std::string> all{"--oversubscribe", "--bind-to", "none", "--timeout", "100", "-n",
                               tarn::str(ranks),  program};
  all.insert(all.end(), arguments.begin(), arguments.end());
  for (const char* variable :
       {"OMPI_ALLOW_RUN_AS_ROOT=1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1",
        "OMPI_MCA_btl_vader_single_copy_mechanism=none", "OMP_NUM_THREADS=1"}) {
    options.environment.emplace_back(variable);
  }
  return run_program(TARN_MPIEXEC, all, folder, options);
}
