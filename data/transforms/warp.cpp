#include <algorithm>
#include <cmath>
#include <type_traits>

#include <tarn/data/detail/window.h>
#include <tarn/data/transforms/warp.h>
#include <tarn/tensor/error.h>
#include <tarn/tensor/factories.h>
#include <tarn/tensor/kernels/visit.h>
#include <tarn/tensor/parallel.h>
#include <tarn/tensor/str.h>

namespace tarn::data {
namespace {

// Pixels that one thread warps at a time, about 20 us: less does not pay for waking another one.
constexpr std::int64_t kGrainPixels = 8192;

struct Size {
  std::int64_t height;
  std::int64_t width;
  std::int64_t pixels() const { return height * width; }
};

// Interpolates one channel. It is copied into a frame of `fill` first, so that every pixel has all
// four neighbours.
template <class T>
class Bilinear {
 public:
  Bilinear(Size size, T fill)
      : size_(size),
        stride_(size.width + 3),
        frame_(static_cast<std::size_t>((size.height + 3) * stride_), fill) {}

  void run(const T* from, const WarpField& field, T* to) {
    for (std::int64_t row = 0; row < size_.height; ++row) {
      std::copy_n(from + row * size_.width, size_.width, frame_.data() + (row + 1) * stride_ + 1);
    }
    const auto bottom = static_cast<float>(size_.height + 1);
    const auto right = static_cast<float>(size_.width + 1);
    for (std::int64_t p = 0; p < size_.pixels(); ++p) {
      const auto i = static_cast<std::size_t>(p);
      const float y = std::clamp(field.y[i] + 1, 0.0F, bottom);
      const float x = std::clamp(field.x[i] + 1, 0.0F, right);
      const auto row = static_cast<std::int32_t>(y);
      const auto column = static_cast<std::int32_t>(x);
      const T* const corner = frame_.data() + row * stride_ + column;
      const auto below = static_cast<Real>(y - static_cast<float>(row));
      const auto beside = static_cast<Real>(x - static_cast<float>(column));
      to[p] = rounded(between(between(corner[0], corner[1], beside),
                              between(corner[stride_], corner[stride_ + 1], beside), below));
    }
  }

 private:
  using Real = std::conditional_t<sizeof(T) == 1 || std::is_same_v<T, float>, float, double>;

  static Real between(Real a, Real b, Real weight) { return (1 - weight) * a + weight * b; }
  static T rounded(Real value) {
    if constexpr (std::is_integral_v<T>) {
      return static_cast<T>(std::nearbyint(value));
    } else {
      return value;
    }
  }

  Size size_;
  std::int64_t stride_;
  std::vector<T> frame_;
};

// Warps images that lie one after the other; f(i) gives the random numbers of image i.
template <class T, class F>
void warp_images(const Warp& warp, const Tensor& from, const Tensor& to, std::int64_t count,
                 F&& draws_of) {
  const Size size{from.size(-2), from.size(-1)};
  const std::int64_t image = from.numel() / count;
  const std::int64_t grain = std::max<std::int64_t>(kGrainPixels / image, 1);
  parallel_for(0, count, grain, [&](std::int64_t begin, std::int64_t end) {
    const auto pixels = static_cast<std::size_t>(size.pixels());
    std::vector<float> places(2 * pixels);
    WarpField field{size.height, size.width, std::span(places).first(pixels),
                    std::span(places).last(pixels)};
    Bilinear<T> sampler(size, static_cast<T>(warp.fill()));
    for (std::int64_t i = begin; i < end; ++i) {
      for (std::size_t p = 0; p < pixels; ++p) {
        field.y[p] = static_cast<float>(p / static_cast<std::size_t>(size.width));
        field.x[p] = static_cast<float>(p % static_cast<std::size_t>(size.width));
      }
      Draws draws = draws_of(i);
      warp.bend(field, draws);
      for (std::int64_t offset = i * image; offset < (i + 1) * image; offset += size.pixels()) {
        sampler.run(from.data_ptr<T>() + offset, field, to.data_ptr<T>() + offset);
      }
    }
  });
}

template <class F>
Tensor warped(const Warp& warp, const std::string& name, const Tensor& x, std::int64_t count,
              F&& draws_of) {
  const Tensor from = x.detach().contiguous();
  Tensor to = empty(x.sizes(), {.dtype = x.dtype()});
  kernels::visit_numeric(name.c_str(), x.dtype(), [&]<class T>() {
    const double fill = warp.fill();
    if (std::is_integral_v<T> && static_cast<double>(static_cast<T>(fill)) != fill) {
      throw ValueError(str(name, ": fill = ", fill, " is no ", x.dtype()));
    }
    if (x.numel() > 0) warp_images<T>(warp, from, to, count, draws_of);
  });
  return to;
}

}  // namespace

Warp::Warp(std::string name, double fill) : name_(std::move(name)), fill_(fill) {
  if (!std::isfinite(fill))
    throw ValueError(str(name_, ": fill = ", fill, ": expected a finite number"));
}

Tensor Warp::operator()(const Tensor& x) const {
  detail::check_image(name_.c_str(), x);
  const Draws draws(default_generator());
  return warped(*this, name_, x, 1, [&](std::int64_t) { return draws; });
}

Tensor Warp::apply_rows(const Tensor& x, const RowRandom& random) const {
  detail::check_image(name_.c_str(), x.select(0, 0));
  return warped(*this, name_, x, x.size(0), [&](std::int64_t i) {
    return Draws(random.seed(static_cast<std::size_t>(i)), random.stream());
  });
}

CombinedWarp::CombinedWarp(std::vector<std::shared_ptr<const Warp>> warps)
    : Warp("combine", warps.empty() || !warps[0] ? 0 : warps[0]->fill()), warps_(std::move(warps)) {
  if (warps_.empty()) throw ValueError("combine: no warps: expected at least one");
  for (const auto& warp : warps_) {
    if (!warp) throw ValueError("combine: a warp is null: expected one");
    if (warp->fill() != fill()) {
      throw ValueError(str("combine: fill = ", warp->fill(), " after fill = ", fill(),
                           ": expected the same for all"));
    }
  }
}

// The last warp says where in the image before it a pixel comes from, and so on back.
void CombinedWarp::bend(WarpField& field, Draws& draws) const {
  for (auto warp = warps_.rbegin(); warp != warps_.rend(); ++warp) (*warp)->bend(field, draws);
}

}  // namespace tarn::data
