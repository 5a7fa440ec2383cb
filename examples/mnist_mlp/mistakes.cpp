#include "mistakes.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <string_view>

#include <unistd.h>

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wmissing-field-initializers"
#pragma GCC diagnostic ignored "-Wshadow"
#pragma GCC diagnostic ignored "-Wunused-function"
#define STB_IMAGE_WRITE_IMPLEMENTATION
#define STB_IMAGE_WRITE_STATIC
#include <stb/stb_image_write.h>
#pragma GCC diagnostic pop

namespace {

constexpr int kSide = 28;     // of an MNIST image
constexpr int kZoom = 3;      // image pixels to PNG pixels
constexpr int kColumns = 8;   // images in a row
constexpr int kMargin = 6;    // around a cell
constexpr int kCaption = 22;  // height of the text under an image
constexpr int kCellWidth = kSide * kZoom + 2 * kMargin;
constexpr int kCellHeight = kSide * kZoom + kCaption + 2 * kMargin;

using Color = std::array<unsigned char, 3>;
constexpr Color kWhite{255, 255, 255};
constexpr Color kGrey{120, 120, 120};
constexpr Color kGreen{0, 130, 0};
constexpr Color kRed{200, 0, 0};

class Canvas {
 public:
  Canvas(int width, int height)
      : width_(width),
        height_(height),
        bytes_(static_cast<std::size_t>(width * height * 3), kWhite[0]) {}

  void fill_square(int x, int y, int side, const Color& color) {
    for (int row = y; row < y + side; ++row) {
      for (int column = x; column < x + side; ++column) {
        std::copy(color.begin(), color.end(), bytes_.begin() + (row * width_ + column) * 3);
      }
    }
  }

  /// The file's bytes.
  std::string png() const {
    std::string file;
    auto append = [](void* context, void* data, int size) {
      static_cast<std::string*>(context)->append(static_cast<const char*>(data),
                                                 static_cast<std::size_t>(size));
    };
    if (!stbi_write_png_to_func(append, &file, width_, height_, 3, bytes_.data(), width_ * 3)) {
      throw tarn::OutOfMemory("mistakes: not enough memory for the PNG", bytes_.size());
    }
    return file;
  }

 private:
  int width_;
  int height_;
  std::vector<unsigned char> bytes_;
};

// Five rows of three pixels for each of 0..9 and an arrow head.
constexpr std::array<std::string_view, 11> kFont = {
    "### #.# #.# #.# ###", ".#. ##. .#. .#. ###", "### ..# ### #.. ###", "### ..# ### ..# ###",
    "#.# #.# ### ..# ..#", "### #.. ### ..# ###", "### #.. ### #.# ###", "### ..# ..# ..# ..#",
    "### #.# ### #.# ###", "### #.# ### ..# ###", "#.. .#. ..# .#. #.."};
constexpr std::size_t kArrow = 10;

void draw_glyph(Canvas& canvas, int x, int y, std::size_t glyph, const Color& color) {
  for (int row = 0; row < 5; ++row) {
    for (int column = 0; column < 3; ++column) {
      if (kFont.at(glyph).at(4 * row + column) != '#') continue;
      canvas.fill_square(x + column * kZoom, y + row * kZoom, kZoom, color);
    }
  }
}

void draw_caption(Canvas& canvas, int x, int y, const Prediction& p) {
  const int step = 5 * kZoom;
  const int left = x + (kSide * kZoom - 2 * step - 3 * kZoom) / 2;
  draw_glyph(canvas, left, y, static_cast<std::size_t>(p.target), kGreen);
  draw_glyph(canvas, left + step, y, kArrow, kGrey);
  draw_glyph(canvas, left + 2 * step, y, static_cast<std::size_t>(p.predicted), kRed);
}

/// Black on white.
void draw_image(Canvas& canvas, int x, int y, const std::vector<std::uint8_t>& pixels) {
  for (int i = 0; i < kSide * kSide; ++i) {
    const auto grey = static_cast<unsigned char>(255 - pixels.at(static_cast<std::size_t>(i)));
    canvas.fill_square(x + i % kSide * kZoom, y + i / kSide * kZoom, kZoom, {grey, grey, grey});
  }
}

[[noreturn]] void fail(const std::string& path, int error) {
  throw tarn::IoError("mistakes: " + path + ": cannot write: " + std::strerror(error), path, error);
}

}  // namespace

std::vector<Prediction> find_mistakes(std::vector<Prediction> predictions) {
  std::erase_if(predictions, [](const Prediction& p) { return p.is_right(); });
  std::stable_sort(predictions.begin(), predictions.end(),
                   [](const Prediction& a, const Prediction& b) { return a.loss > b.loss; });
  return predictions;
}

void check_writable(const std::string& path) {
  const std::filesystem::path folder = std::filesystem::path(path).parent_path();
  if (std::filesystem::is_directory(path)) fail(path, EISDIR);
  const bool exists = std::filesystem::exists(path);
  if (access(exists ? path.c_str() : folder.empty() ? "." : folder.c_str(), W_OK) != 0)
    fail(path, errno);
}

void write_mistakes(const std::string& path, const tarn::Tensor& images,
                    const std::vector<Prediction>& mistakes) {
  const int count = static_cast<int>(mistakes.size());
  const int rows = (count + kColumns - 1) / kColumns;
  Canvas canvas(std::min(count, kColumns) * kCellWidth, rows * kCellHeight);
  for (int i = 0; i < count; ++i) {
    const Prediction& p = mistakes[static_cast<std::size_t>(i)];
    const int x = i % kColumns * kCellWidth + kMargin;
    const int y = i / kColumns * kCellHeight + kMargin;
    draw_image(canvas, x, y, images[p.index].to_vector<std::uint8_t>());
    draw_caption(canvas, x, y + kSide * kZoom + kMargin, p);
  }
  const std::string png = canvas.png();
  std::FILE* file = std::fopen(path.c_str(), "wb");
  if (!file) fail(path, errno);
  const bool written = std::fwrite(png.data(), 1, png.size(), file) == png.size();
  const int error = errno;
  if (std::fclose(file) != 0 || !written) fail(path, written ? errno : error);
}
