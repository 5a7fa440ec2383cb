#include <cmath>
#include <numbers>

#include <tarn/data/transforms/random_affine.h>
#include <tarn/tensor/error.h>
#include <tarn/tensor/str.h>

namespace tarn::data {
namespace {

constexpr double kMaxDegrees = 1e6;
constexpr double kMaxTranslate = 1e6;
constexpr double kMinScale = 1e-6;
constexpr double kMaxScale = 1e6;
constexpr double kMaxShear = 89;

void check(const char* option, const Range& range, double least, double most) {
  if (least <= range.low && range.low <= range.high && range.high <= most) return;
  throw ValueError(str("RandomAffine: ", option, " = ", range.low, "..", range.high,
                       ": expected a range within ", least, "..", most));
}

double draw(Draws& draws, const Range& range) { return draws.uniform(range.low, range.high); }

double radians(double degrees) { return degrees * std::numbers::pi / 180; }

}  // namespace

RandomAffine::RandomAffine(RandomAffineOptions options)
    : Warp("RandomAffine", options.fill), options_(options) {
  check("degrees", options.degrees, -kMaxDegrees, kMaxDegrees);
  check("translate", options.translate, -kMaxTranslate, kMaxTranslate);
  check("scale", options.scale, kMinScale, kMaxScale);
  check("shear", options.shear, -kMaxShear, kMaxShear);
}

// An image's point p goes to scale R S (p - centre) + centre + shift, with the rotation R and the
// shear S = [1 -tan; 0 1]; the field needs the way back, S^-1 R^-1 / scale.
void RandomAffine::bend(WarpField& field, Draws& draws) const {
  const double angle = radians(draw(draws, options_.degrees));
  const double right = draw(draws, options_.translate) * static_cast<double>(field.width);
  const double down = draw(draws, options_.translate) * static_cast<double>(field.height);
  const double scale = draw(draws, options_.scale);
  const double lean = std::tan(radians(draw(draws, options_.shear)));
  const double cos = std::cos(angle) / scale;
  const double sin = std::sin(angle) / scale;
  const auto xx = static_cast<float>(cos - lean * sin);
  const auto xy = static_cast<float>(sin + lean * cos);
  const auto yx = static_cast<float>(-sin);
  const auto yy = static_cast<float>(cos);
  const double centre_x = 0.5 * static_cast<double>(field.width - 1);
  const double centre_y = 0.5 * static_cast<double>(field.height - 1);
  const auto from_x = static_cast<float>(centre_x + right);
  const auto from_y = static_cast<float>(centre_y + down);
  const auto to_x = static_cast<float>(centre_x);
  const auto to_y = static_cast<float>(centre_y);
  float* const places_x = field.x.data();
  float* const places_y = field.y.data();
  for (std::size_t p = 0; p < field.x.size(); ++p) {
    const float x = places_x[p] - from_x;
    const float y = places_y[p] - from_y;
    places_x[p] = xx * x + xy * y + to_x;
    places_y[p] = yx * x + yy * y + to_y;
  }
}

}  // namespace tarn::data
