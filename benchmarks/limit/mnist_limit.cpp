// What a training step on MNIST costs at least: the same networks, loss, update and shuffled data
// as mnist_speed, by hand. No graph, no allocation, one parallel region for the whole run; bias and
// ReLU follow each product at once, softmax and loss are one, and the weight's gradient is never
// written down: w -= lr * x^T dy is one product. One line of JSON; the same weights for any number
// of threads.
//
//   mnist_limit --data data/mnist --model small --batch 64 --threads 2 --epochs 3 --lr 0.1
#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <map>
#include <memory>
#include <numeric>
#include <random>
#include <stdexcept>
#include <string>
#include <vector>

#include <omp.h>

#include "gemm.h"

namespace limit {
namespace {

constexpr int kPixels = 784;
constexpr int kClasses = 10;
constexpr float kScale = 1 / (255 * 0.3081F);
constexpr float kShift = -0.1307F / 0.3081F;

struct Free {
  void operator()(float* block) const { std::free(block); }
};
using Floats = std::unique_ptr<float[], Free>;

Floats zeros(std::size_t count) {
  const std::size_t bytes = (count * sizeof(float) + 127) / 64 * 64;
  auto* const block = static_cast<float*>(std::aligned_alloc(64, bytes));
  if (!block) throw std::bad_alloc();
  std::fill_n(block, bytes / sizeof(float), 0.0F);
  return Floats(block);
}

int round_up(int n, int multiple) { return (n + multiple - 1) / multiple * multiple; }

// The IDX files, as bytes.
struct Digits {
  std::vector<std::uint8_t> images;
  std::vector<std::uint8_t> labels;
  int size() const { return static_cast<int>(labels.size()); }
  const std::uint8_t* image(int i) const {
    return images.data() + static_cast<std::size_t>(i) * kPixels;
  }
};

std::vector<std::uint8_t> read(const std::string& file, int header) {
  std::ifstream in(file, std::ios::binary);
  if (!in) throw std::runtime_error("cannot open " + file);
  std::vector<std::uint8_t> bytes{std::istreambuf_iterator<char>(in), {}};
  bytes.erase(bytes.begin(), bytes.begin() + std::min<std::ptrdiff_t>(header, std::ssize(bytes)));
  return bytes;
}

Digits read_digits(const std::string& folder, const std::string& part) {
  Digits digits{read(folder + "/" + part + "-images-idx3-ubyte", 16),
                read(folder + "/" + part + "-labels-idx1-ubyte", 8)};
  if (digits.images.size() != digits.labels.size() * kPixels || digits.labels.empty())
    throw std::runtime_error(folder + ": images and labels do not match");
  return digits;
}

// One share of [0, n) in multiples of `grain`.
struct Share {
  int begin;
  int end;
  Share(int n, int grain, int thread, int threads) {
    const int parts = (n + grain - 1) / grain;
    begin = std::min(n, parts * thread / threads * grain);
    end = std::min(n, parts * (thread + 1) / threads * grain);
  }
  int size() const { return end - begin; }
};

class Barrier {
 public:
  explicit Barrier(int threads) : threads_(threads) {}
  void wait() {
    if (threads_ == 1) return;
    const int round = round_.load(std::memory_order_acquire);
    if (arrived_.fetch_add(1, std::memory_order_acq_rel) == threads_ - 1) {
      arrived_.store(0, std::memory_order_relaxed);
      round_.store(round + 1, std::memory_order_release);
    } else {
      while (round_.load(std::memory_order_acquire) == round) _mm_pause();
    }
  }

 private:
  int threads_;
  alignas(64) std::atomic<int> arrived_{0};
  alignas(64) std::atomic<int> round_{0};
};

// exp with a relative error of about 2e-7.
__m512 exp(__m512 x) {
  x = _mm512_max_ps(x, _mm512_set1_ps(-87));
  const __m512 n = _mm512_roundscale_ps(_mm512_mul_ps(x, _mm512_set1_ps(1.44269504F)), 0);
  __m512 r = _mm512_fnmadd_ps(n, _mm512_set1_ps(0.693359375F), x);
  r = _mm512_fnmadd_ps(n, _mm512_set1_ps(-2.12194440e-4F), r);
  __m512 p = _mm512_set1_ps(1.9875691500e-4F);
  for (const float c :
       {1.3981999507e-3F, 8.3334519073e-3F, 4.1665795894e-2F, 1.6666665459e-1F, 5.0000001201e-1F})
    p = _mm512_fmadd_ps(p, r, _mm512_set1_ps(c));
  p = _mm512_add_ps(_mm512_fmadd_ps(p, _mm512_mul_ps(r, r), r), _mm512_set1_ps(1));
  return _mm512_scalef_ps(p, n);
}

// slopes = scale * (softmax(logits + bias) - one-hot); returns the loss.
float cross_entropy(const float* logits, const float* bias, int label, float scale, float* slopes) {
  constexpr __mmask16 mask = (1U << kClasses) - 1;
  __m512 z = _mm512_mask_add_ps(_mm512_set1_ps(-1e30F), mask, _mm512_loadu_ps(logits),
                                _mm512_loadu_ps(bias));
  z = _mm512_sub_ps(z, _mm512_set1_ps(_mm512_reduce_max_ps(z)));
  const __m512 e = _mm512_maskz_mov_ps(mask, exp(z));
  const float sum = _mm512_reduce_add_ps(e);
  const auto hot = static_cast<__mmask16>(1U << label);
  __m512 p = _mm512_mul_ps(e, _mm512_set1_ps(1 / sum));
  p = _mm512_mask_sub_ps(p, hot, p, _mm512_set1_ps(1));
  _mm512_storeu_ps(slopes, _mm512_mul_ps(p, _mm512_set1_ps(scale)));
  return std::log(sum) - _mm512_mask_reduce_add_ps(hot, z);
}

struct Layer {
  int in;
  int out;
  int width;      // out, rounded up to whole vectors
  Floats weight;  // [in, width]
  Floats bias;    // [width]
  Floats output;  // [batch, width]
  Floats slope;   // [batch, width]: of the loss in the output before ReLU
  Floats parts;   // [2, width]: of one example, from each half of the inputs

  Matrix outputs() const { return {output.get(), width, 1}; }
  Matrix slopes() const { return {slope.get(), width, 1}; }
  Matrix weights() const { return {weight.get(), width, 1}; }
};

struct Settings {
  std::string data = "data/mnist";
  std::string model = "small";
  int batch = 64;
  int threads = 2;
  int epochs = 3;
  float lr = 0.1F;
};

class Training {
 public:
  Training(const Settings& settings, const Digits& digits)
      : settings_(settings),
        digits_(digits),
        by_columns_(settings.batch <= 32 || (settings.batch <= 128 && settings.model == "small")),
        barrier_(settings.threads) {
    const std::vector<int> sizes = settings.model == "large"
                                       ? std::vector{kPixels, 512, 512, kClasses}
                                       : std::vector{kPixels, 128, kClasses};
    std::mt19937 random(1);
    const auto batch = static_cast<std::size_t>(settings.batch);
    for (std::size_t i = 0; i + 1 < sizes.size(); ++i) {
      const int in = sizes[i];
      const int out = sizes[i + 1];
      const int width = round_up(out, kWidth);
      const auto row = static_cast<std::size_t>(width);
      Layer layer{in,
                  out,
                  width,
                  zeros(static_cast<std::size_t>(in) * row),
                  zeros(row),
                  zeros(batch * row),
                  zeros(batch * row),
                  zeros(2 * row)};
      std::uniform_real_distribution<float> uniform(-1 / std::sqrt(static_cast<float>(in)),
                                                    1 / std::sqrt(static_cast<float>(in)));
      for (int k = 0; k < in; ++k) {
        for (int j = 0; j < out; ++j)
          layer.weight[static_cast<std::size_t>(k * width + j)] = uniform(random);
      }
      for (int j = 0; j < out; ++j) layer.bias[static_cast<std::size_t>(j)] = uniform(random);
      layers_.push_back(std::move(layer));
    }
    // Working on all rows but some columns, every thread gathers the batch for itself.
    for (int t = 0; t < (by_columns_ ? settings.threads : 1); ++t)
      inputs_.push_back(zeros(batch * kPixels));
    order_.resize(static_cast<std::size_t>(digits.size()));
    std::iota(order_.begin(), order_.end(), 0);
  }

  // Seconds of each epoch; a first one of 50 steps is not counted.
  std::vector<double> run() {
    std::vector<double> times;
    std::mt19937 random(2);
    double start = 0;
#pragma omp parallel num_threads(settings_.threads)
    {
      const int thread = omp_get_thread_num();
      for (int epoch = 0; epoch <= settings_.epochs; ++epoch) {
#pragma omp barrier
        if (thread == 0) {
          start = omp_get_wtime();
          std::shuffle(order_.begin(), order_.end(), random);
        }
#pragma omp barrier
        const int n = epoch == 0 ? std::min(digits_.size(), 50 * settings_.batch) : digits_.size();
        for (int i = 0; i < n; i += settings_.batch) {
          const int count = std::min(settings_.batch, n - i);
          if (settings_.batch == 1) {
            step_one(order_[static_cast<std::size_t>(i)], thread);
          } else {
            step(order_.data() + i, count, std::min(settings_.batch, n - i - count), thread);
          }
        }
#pragma omp barrier
        if (thread == 0 && epoch > 0) times.push_back(omp_get_wtime() - start);
      }
    }
    return times;
  }

  double accuracy(const Digits& test) const {
    int right = 0;
    std::vector<float> in;
    std::vector<float> out;
    for (int i = 0; i < test.size(); ++i) {
      in.assign(kPixels, 0);
      for (int k = 0; k < kPixels; ++k)
        in[static_cast<std::size_t>(k)] = static_cast<float>(test.image(i)[k]) * kScale + kShift;
      for (const Layer& layer : layers_) {
        out.assign(layer.bias.get(), layer.bias.get() + layer.out);
        for (int k = 0; k < layer.in; ++k) {
          for (int j = 0; j < layer.out; ++j)
            out[static_cast<std::size_t>(j)] +=
                in[static_cast<std::size_t>(k)] *
                layer.weight[static_cast<std::size_t>(k * layer.width + j)];
        }
        if (&layer != &layers_.back())
          for (float& value : out) value = std::max(value, 0.0F);
        in = out;
      }
      right += std::max_element(in.begin(), in.end()) - in.begin() ==
               test.labels[static_cast<std::size_t>(i)];
    }
    return static_cast<double>(right) / test.size();
  }

  std::uint64_t fingerprint() const {
    std::uint64_t hash = 0xcbf29ce484222325;  // FNV-1a
    for (const Layer& layer : layers_) {
      const auto* const bytes = reinterpret_cast<const unsigned char*>(layer.weight.get());
      for (int i = 0; i < layer.in * layer.width * 4; ++i) hash = (hash ^ bytes[i]) * 0x100000001b3;
    }
    return hash;
  }

 private:
  void gather(float* to, const int* examples, int begin, int end) const {
    for (int i = begin; i < end; ++i) {
      const std::uint8_t* const image = digits_.image(examples[i]);
      float* const row = to + static_cast<std::size_t>(i) * kPixels;
      for (int k = 0; k < kPixels; k += kWidth) {
        const __m512i pixels =
            _mm512_cvtepu8_epi32(_mm_loadu_si128(reinterpret_cast<const __m128i*>(image + k)));
        _mm512_store_ps(row + k, _mm512_fmadd_ps(_mm512_cvtepi32_ps(pixels), _mm512_set1_ps(kScale),
                                                 _mm512_set1_ps(kShift)));
      }
    }
  }

  void prefetch(const int* examples, int begin, int end) const {
    if (settings_.batch > 64) return;
    for (int i = begin; i < end; ++i) {
      for (int k = 0; k < kPixels; k += 64)
        _mm_prefetch(digits_.image(examples[i]) + k, _MM_HINT_T1);
    }
  }

  // output = relu(output + bias)
  static void activate(Layer& layer, const Share& rows, const Share& columns) {
    for (int i = rows.begin; i < rows.end; ++i) {
      for (int j = columns.begin; j < columns.end; j += kWidth) {
        float* const h = layer.output.get() + i * layer.width + j;
        _mm512_store_ps(h, _mm512_max_ps(_mm512_setzero_ps(),
                                         _mm512_add_ps(_mm512_load_ps(h),
                                                       _mm512_load_ps(layer.bias.get() + j))));
      }
    }
  }

  // slope = 0 where the output is
  static void deactivate(Layer& layer, const Share& rows, const Share& columns) {
    for (int i = rows.begin; i < rows.end; ++i) {
      for (int j = columns.begin; j < columns.end; j += kWidth) {
        float* const d = layer.slope.get() + i * layer.width + j;
        const __mmask16 active =
            _mm512_cmp_ps_mask(_mm512_load_ps(layer.output.get() + i * layer.width + j),
                               _mm512_setzero_ps(), _CMP_GT_OQ);
        _mm512_store_ps(d, _mm512_maskz_mov_ps(active, _mm512_load_ps(d)));
      }
    }
  }

  void update_bias(Layer& layer, int batch, const Share& columns) const {
    for (int j = columns.begin; j < columns.end; j += kWidth) {
      __m512 sum = _mm512_setzero_ps();
      for (int i = 0; i < batch; ++i)
        sum = _mm512_add_ps(sum, _mm512_load_ps(layer.slope.get() + i * layer.width + j));
      float* const b = layer.bias.get() + j;
      _mm512_store_ps(b, _mm512_fnmadd_ps(_mm512_set1_ps(settings_.lr), sum, _mm512_load_ps(b)));
    }
  }

  // weight[rows, columns] -= lr * x^T slope
  void update_weight(Layer& layer, Matrix x, int batch, const Share& rows,
                     const Share& columns) const {
    const Matrix transposed{x.data + rows.begin * x.column_stride, x.column_stride, x.row_stride};
    const Matrix slopes{layer.slope.get() + columns.begin, layer.width, 1};
    gemm(rows.size(), columns.size(), batch, -settings_.lr, transposed, slopes,
         layer.weight.get() + rows.begin * layer.width + columns.begin, layer.width, true);
  }

  void step(const int* examples, int batch, int next_batch, int thread) {
    const int threads = settings_.threads;
    const Share all(batch, batch, 0, 1);
    const Share rows(batch, 4, thread, threads);
    Layer& last = layers_.back();
    Layer& hidden = layers_[layers_.size() - 2];
    float* const input = inputs_[by_columns_ ? static_cast<std::size_t>(thread) : 0].get();
    const Share gathered = by_columns_ ? all : rows;
    gather(input, examples, gathered.begin, gathered.end);
    const Share next(next_batch, by_columns_ ? std::max(1, next_batch) : 4,
                     by_columns_ ? 0 : thread, by_columns_ ? 1 : threads);
    prefetch(examples + batch, next.begin, next.end);

    Matrix x{input, kPixels, 1};
    for (Layer& layer : layers_) {
      if (by_columns_ && &layer != &last) {
        const Share columns(layer.width, kWidth, thread, threads);
        if (columns.size() > 0) {
          gemm(batch, columns.size(), layer.in, 1, x,
               {layer.weight.get() + columns.begin, layer.width, 1},
               layer.output.get() + columns.begin, layer.width, false);
        }
        activate(layer, all, columns);
        barrier_.wait();
      } else if (rows.size() > 0) {
        gemm(rows.size(), layer.width, layer.in, 1, {x.at(rows.begin, 0), x.row_stride, 1},
             layer.weights(), layer.output.get() + rows.begin * layer.width, layer.width, false);
        if (&layer != &last) activate(layer, rows, Share(layer.width, layer.width, 0, 1));
      }
      x = layer.outputs();
    }
    for (int i = rows.begin; i < rows.end; ++i) {
      cross_entropy(last.output.get() + i * last.width, last.bias.get(),
                    digits_.labels[static_cast<std::size_t>(examples[i])],
                    1.0F / static_cast<float>(batch), last.slope.get() + i * last.width);
    }
    if (rows.size() > 0) {
      gemm(rows.size(), hidden.width, last.out, 1, {last.slopes().at(rows.begin, 0), last.width, 1},
           {last.weight.get(), 1, last.width}, hidden.slope.get() + rows.begin * hidden.width,
           hidden.width, false);
      deactivate(hidden, rows, Share(hidden.width, hidden.width, 0, 1));
    }
    barrier_.wait();
    for (std::size_t l = layers_.size(); l-- > 0;) {
      Layer& layer = layers_[l];
      const Share inputs(layer.in, kWidth, thread, threads);
      const Share columns(layer.width, kWidth, thread, threads);
      if (l > 0 && l + 1 < layers_.size()) {
        Layer& below = layers_[l - 1];
        gemm(batch, inputs.size(), layer.out, 1, layer.slopes(),
             {layer.weight.get() + inputs.begin * layer.width, 1, layer.width},
             below.slope.get() + inputs.begin, below.width, false);
        deactivate(below, all, inputs);
      }
      const Matrix source = l > 0 ? layers_[l - 1].outputs() : Matrix{input, kPixels, 1};
      // A thread that wrote some columns of the slopes needs no barrier to use just those.
      const bool own_columns = l == 0 && (by_columns_ || layers_.size() > 2);
      if (own_columns) {
        if (columns.size() > 0)
          update_weight(layer, source, batch, Share(layer.in, layer.in, 0, 1), columns);
      } else if (inputs.size() > 0) {
        update_weight(layer, source, batch, inputs, Share(layer.width, layer.width, 0, 1));
      }
      update_bias(layer, batch, columns);
    }
    barrier_.wait();
  }

  // One example: a thread owns half of the rows of each weight, and reads them twice.
  void step_one(int example, int thread) {
    const int threads = settings_.threads;
    alignas(64) float pixels[kPixels];
    alignas(64) float logits[kWidth];
    alignas(64) float top[kWidth];
    const auto half = [](const Layer& layer, int part) {
      const int middle = round_up(layer.in / 2, kWidth);
      return part == 0 ? std::pair{0, middle} : std::pair{middle, layer.in};
    };
    for (std::size_t l = 0; l < layers_.size(); ++l) {
      Layer& layer = layers_[l];
      for (int part = thread; part < 2; part += threads) {
        const auto [begin, end] = half(layer, part);
        const float* in = pixels + begin;
        if (l == 0) {
          for (int k = begin; k < end; ++k)
            pixels[k] = static_cast<float>(digits_.image(example)[k]) * kScale + kShift;
        } else {
          Layer& below = layers_[l - 1];
          for (int k = begin; k < end; k += kWidth) {
            const __m512 sum = _mm512_add_ps(_mm512_load_ps(below.parts.get() + k),
                                             _mm512_load_ps(below.parts.get() + below.width + k));
            _mm512_store_ps(
                below.output.get() + k,
                _mm512_max_ps(_mm512_setzero_ps(),
                              _mm512_add_ps(_mm512_load_ps(below.bias.get() + k), sum)));
          }
          in = below.output.get() + begin;
        }
        gemv(layer.width, end - begin, in, layer.weight.get() + begin * layer.width, layer.width,
             layer.parts.get() + part * layer.width);
      }
      barrier_.wait();
    }
    Layer& last = layers_.back();
    _mm512_store_ps(logits, _mm512_add_ps(_mm512_load_ps(last.parts.get()),
                                          _mm512_load_ps(last.parts.get() + last.width)));
    cross_entropy(logits, last.bias.get(), digits_.labels[static_cast<std::size_t>(example)], 1,
                  top);
    for (std::size_t l = layers_.size(); l-- > 0;) {
      Layer& layer = layers_[l];
      const float* const slope = &layer == &last ? top : layer.slope.get();
      for (int part = thread; part < 2; part += threads) {
        const auto [begin, end] = half(layer, part);
        const float* const in = l > 0 ? layers_[l - 1].output.get() : pixels;
        for (int i = begin; i < end; ++i) {
          float* const row = layer.weight.get() + i * layer.width;
          const __m512 factor = _mm512_set1_ps(-settings_.lr * in[i]);
          __m512 sum = _mm512_setzero_ps();
          for (int j = 0; j < layer.width; j += kWidth) {
            const __m512 d = _mm512_load_ps(slope + j);
            const __m512 w = _mm512_load_ps(row + j);
            if (l > 0) sum = _mm512_fmadd_ps(w, d, sum);
            _mm512_store_ps(row + j, _mm512_fmadd_ps(factor, d, w));
          }
          if (l > 0)
            layers_[l - 1].slope[static_cast<std::size_t>(i)] =
                in[i] > 0 ? _mm512_reduce_add_ps(sum) : 0;
        }
      }
      if (l > 0) barrier_.wait();
    }
    for (std::size_t l = 0; l < layers_.size(); ++l) {
      Layer& layer = layers_[l];
      const float* const slope = &layer == &last ? top : layer.slope.get();
      const Share columns(layer.width, kWidth, thread, threads);
      for (int j = columns.begin; j < columns.end; j += kWidth) {
        float* const b = layer.bias.get() + j;
        _mm512_store_ps(b, _mm512_fnmadd_ps(_mm512_set1_ps(settings_.lr), _mm512_load_ps(slope + j),
                                            _mm512_load_ps(b)));
      }
    }
    barrier_.wait();
  }

  Settings settings_;
  const Digits& digits_;
  bool by_columns_;
  Barrier barrier_;
  std::vector<Layer> layers_;
  std::vector<Floats> inputs_;
  std::vector<int> order_;
};

Settings parse(int argc, char** argv) {
  std::map<std::string, std::string> given;
  for (int i = 1; i + 1 < argc; i += 2) given[argv[i]] = argv[i + 1];
  Settings settings;
  const auto take = [&](const char* name, auto set) {
    if (const auto it = given.find(name); it != given.end()) set(it->second), given.erase(it);
  };
  take("--data", [&](const std::string& v) { settings.data = v; });
  take("--model", [&](const std::string& v) { settings.model = v; });
  take("--batch", [&](const std::string& v) { settings.batch = std::stoi(v); });
  take("--threads", [&](const std::string& v) { settings.threads = std::stoi(v); });
  take("--epochs", [&](const std::string& v) { settings.epochs = std::stoi(v); });
  take("--lr", [&](const std::string& v) { settings.lr = std::stof(v); });
  if (argc % 2 == 0 || !given.empty() || settings.batch < 1 || settings.threads < 1 ||
      settings.threads > 2 || settings.epochs < 1 ||
      (settings.model != "small" && settings.model != "large"))
    throw std::invalid_argument(
        "usage: mnist_limit --data FOLDER --model small|large --batch N --threads 1|2 --epochs N "
        "--lr X");
  return settings;
}

}  // namespace
}  // namespace limit

int main(int argc, char** argv) {
  try {
    const limit::Settings settings = limit::parse(argc, argv);
    const limit::Digits train = limit::read_digits(settings.data, "train");
    const limit::Digits test = limit::read_digits(settings.data, "t10k");
    limit::Training training(settings, train);
    std::vector<double> times = training.run();
    std::sort(times.begin(), times.end());
    const double median = times[times.size() / 2];
    std::printf(
        "{\"model\":\"%s\",\"batch\":%d,\"threads\":%d,\"sec_per_epoch\":%.4f,\"min\":%.4f,"
        "\"samples_per_s\":%.0f,"
        "\"test_acc\":%.4f,\"weights\":\"%016llx\"}\n",
        settings.model.c_str(), settings.batch, settings.threads, median, times.front(),
        train.size() / median, training.accuracy(test),
        static_cast<unsigned long long>(training.fingerprint()));
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
}
