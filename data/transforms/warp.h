#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include <tarn/data/transforms/draws.h>
#include <tarn/data/transforms/transform.h>

namespace tarn::data {

/// Where in an image each pixel of a warped one comes from, in pixels from its top left one; row by
/// row.
struct WarpField {
  std::int64_t height = 0;
  std::int64_t width = 0;
  std::span<float> y{};
  std::span<float> x{};
};

/// Base of the transforms that move the pixels of images [H, W] or [C, H, W] by fractions of a
/// pixel, all channels alike. A derived class says where they come from. The result has the image's
/// size and dtype; it is interpolated bilinearly, integers are rounded, and outside the image lies
/// `fill`.
class Warp : public Transform {
 public:
  /// `name` opens the messages. Throws ValueError unless `fill` is finite.
  Warp(std::string name, double fill);

  /// Throws ShapeError for other numbers of dimensions, DTypeError for bool.
  Tensor operator()(const Tensor& x) const final;
  Tensor apply_rows(const Tensor& x, const RowRandom& random) const final;

  /// Moves the places in `field`, which begin as each pixel's own.
  virtual void bend(WarpField& field, Draws& draws) const = 0;
  double fill() const { return fill_; }

 private:
  std::string name_;
  double fill_;
};

/// Several warps as one: the image is interpolated once, which is faster and blurs less. Made by
/// combine().
class CombinedWarp : public Warp {
 public:
  /// Throws ValueError for no warps, a null one, or fills that differ.
  explicit CombinedWarp(std::vector<std::shared_ptr<const Warp>> warps);
  void bend(WarpField& field, Draws& draws) const override;

 private:
  std::vector<std::shared_ptr<const Warp>> warps_;
};

/// What the warps do one after the other, in one step:
///
///   auto bent = data::map(train, data::combine(data::RandomAffine({.degrees = 10}),
///                                              data::ElasticTransform({.alpha = 34, .sigma =
///                                              4})));
///
/// Warps that displace pixel by pixel belong at the end: they take the place in the result for the
/// place in the image.
template <class... Warps>
requires(std::is_base_of_v<Warp, Warps>&&...) CombinedWarp combine(Warps... warps) {
  return CombinedWarp({std::make_shared<const Warps>(std::move(warps))...});
}

/// Numbers from `low` to `high`; from one number x: from -x to x.
struct Range {
  Range(double most) : low(-most), high(most) {}  // NOLINT(google-explicit-constructor)
  Range(double lowest, double highest) : low(lowest), high(highest) {}
  double low;
  double high;
};

}  // namespace tarn::data
