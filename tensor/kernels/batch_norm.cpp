#include <algorithm>
#include <array>
#include <utility>

#include <tarn/tensor/factories.h>
#include <tarn/tensor/kernels/batch_norm.h>
#include <tarn/tensor/kernels/cast.h>
#include <tarn/tensor/kernels/grain.h>
#include <tarn/tensor/kernels/visit.h>
#include <tarn/tensor/parallel.h>

namespace tarn::kernels {
namespace {

constexpr int kChannelLanes = 16;

// x [N, C, *] as `images` rows of `size` elements for each of `channels`.
struct Channels {
  explicit Channels(const Tensor& x) : images(x.sizes()[0]), channels(x.sizes()[1]) {
    for (int d = 2; d < x.dim(); ++d) size *= x.sizes()[d];
  }
  std::int64_t count() const { return images * size; }
  std::int64_t offset(std::int64_t image, std::int64_t channel) const {
    return (image * channels + channel) * size;
  }
  // Calls f(channel) for all channels, on several threads.
  template <class F>
  void for_each(F f) const {
    parallel_for(0, channels,
                 std::max<std::int64_t>(1, kGrain / std::max<std::int64_t>(1, count())),
                 [&](std::int64_t begin, std::int64_t end) {
                   for (std::int64_t channel = begin; channel < end; ++channel) f(channel);
                 });
  }
  // Sum of f(i) over the offsets i of a channel's elements, element k of a row in lane k %
  // kChannelLanes.
  template <class F>
  double sum(std::int64_t channel, F f) const {
    std::array<double, kChannelLanes> lanes{};
    for (std::int64_t image = 0; image < images; ++image) {
      const std::int64_t first = offset(image, channel);
      std::int64_t i = 0;
      for (; i + kChannelLanes <= size; i += kChannelLanes) {
        for (std::size_t lane = 0; lane < kChannelLanes; ++lane)
          lanes[lane] += f(first + i + static_cast<std::int64_t>(lane));
      }
      for (std::size_t lane = 0; i < size; ++i, ++lane) lanes[lane] += f(first + i);
    }
    double total = 0;
    for (const double lane : lanes) total += lane;
    return total;
  }

  std::int64_t images;
  std::int64_t channels;
  std::int64_t size = 1;
};

// sum of g and sum of g (x - center) factor over a channel
template <class T>
std::pair<double, double> products(const Channels& c, const T* g, const T* x, std::int64_t channel,
                                   double center, double factor) {
  const double sum = c.sum(channel, [=](std::int64_t i) { return static_cast<double>(g[i]); });
  const double product = c.sum(channel, [=](std::int64_t i) {
    return static_cast<double>(g[i]) * (static_cast<double>(x[i]) - center);
  });
  return {sum, factor * product};
}

Tensor per_channel(const Tensor& x) { return empty({x.sizes()[1]}, {.dtype = kFloat64}); }

Tensor dense(const Tensor& x) { return cast(x, x.dtype(), /*contiguous=*/true); }

}  // namespace

ChannelMoments channel_moments(const Tensor& input) {
  const Tensor x = dense(input);
  const Channels c(x);
  ChannelMoments result{per_channel(x), per_channel(x)};
  visit_floating("batch_norm", x.dtype(), [&]<class T>() {
    const T* const values = x.data_ptr<T>();
    const auto count = static_cast<double>(std::max<std::int64_t>(1, c.count()));
    c.for_each([&](std::int64_t channel) {
      const double mean =
          c.sum(channel, [=](std::int64_t i) { return static_cast<double>(values[i]); }) / count;
      const double squares = c.sum(channel, [=](std::int64_t i) {
        const double distance = static_cast<double>(values[i]) - mean;
        return distance * distance;
      });
      result.mean.data_ptr<double>()[channel] = mean;
      result.variance.data_ptr<double>()[channel] = squares / count;
    });
  });
  return result;
}

Tensor normalize_channels(const Tensor& input, const Tensor& mean, const Tensor& scale,
                          const Tensor& shift) {
  const Tensor x = dense(input);
  const Channels c(x);
  Tensor out = empty(x.sizes(), {.dtype = x.dtype()});
  visit_floating("batch_norm", x.dtype(), [&]<class T>() {
    const T* const values = x.data_ptr<T>();
    T* const result = out.data_ptr<T>();
    c.for_each([&](std::int64_t channel) {
      const double center = mean.data_ptr<double>()[channel];
      const double factor = scale.data_ptr<double>()[channel];
      const double offset = shift.defined() ? shift.data_ptr<double>()[channel] : 0;
      for (std::int64_t image = 0; image < c.images; ++image) {
        const std::int64_t first = c.offset(image, channel);
        for (std::int64_t i = first; i < first + c.size; ++i)
          result[i] = static_cast<T>((static_cast<double>(values[i]) - center) * factor + offset);
      }
    });
  });
  return out;
}

ChannelProducts channel_products(const Tensor& gradient, const Tensor& input, const Tensor& mean,
                                 const Tensor& inverse_std) {
  const Tensor g = dense(gradient);
  const Tensor x = dense(input);
  const Channels c(x);
  ChannelProducts result{per_channel(x), per_channel(x)};
  visit_floating("batch_norm", x.dtype(), [&]<class T>() {
    const T* const values = x.data_ptr<T>();
    const T* const weights = g.data_ptr<T>();
    c.for_each([&](std::int64_t channel) {
      const double center = mean.data_ptr<double>()[channel];
      const double factor = inverse_std.data_ptr<double>()[channel];
      const auto [sum, product] = products(c, weights, values, channel, center, factor);
      result.sum.data_ptr<double>()[channel] = sum;
      result.product.data_ptr<double>()[channel] = product;
    });
  });
  return result;
}

Tensor batch_norm_gradient(const Tensor& gradient, const Tensor& input, const Tensor& mean,
                           const Tensor& inverse_std, const Tensor& scale) {
  const Tensor g = dense(gradient);
  const Tensor x = dense(input);
  const Channels c(x);
  Tensor out = empty(x.sizes(), {.dtype = x.dtype()});
  visit_floating("batch_norm", x.dtype(), [&]<class T>() {
    const T* const values = x.data_ptr<T>();
    const T* const weights = g.data_ptr<T>();
    T* const result = out.data_ptr<T>();
    const auto count = static_cast<double>(c.count());
    c.for_each([&](std::int64_t channel) {
      const double center = mean.data_ptr<double>()[channel];
      const double factor = scale.data_ptr<double>()[channel];
      const double inverse = inverse_std.data_ptr<double>()[channel];
      const auto [sum, product] = products(c, weights, values, channel, center, inverse);
      const double mean_g = sum / count;
      const double slope = product / count * inverse;
      for (std::int64_t image = 0; image < c.images; ++image) {
        const std::int64_t first = c.offset(image, channel);
        for (std::int64_t i = first; i < first + c.size; ++i)
          result[i] = static_cast<T>(factor * (static_cast<double>(weights[i]) - mean_g -
                                               (static_cast<double>(values[i]) - center) * slope));
      }
    });
  });
  return out;
}

}  // namespace tarn::kernels
