#pragma once

// Optimizers and learning rate schedules.
#include <tarn/optim/constant_lr.h>
#include <tarn/optim/cosine_annealing_lr.h>
#include <tarn/optim/inverse_sqrt_lr.h>
#include <tarn/optim/inverse_time_lr.h>
#include <tarn/optim/lr_scheduler.h>
#include <tarn/optim/make_schedule.h>
#include <tarn/optim/optimizer.h>
#include <tarn/optim/param_group.h>
#include <tarn/optim/sgd.h>
#include <tarn/optim/sgd_function.h>
#include <tarn/optim/state.h>
#include <tarn/optim/step_lr.h>
