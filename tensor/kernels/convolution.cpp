#include <algorithm>
#include <cstring>

#include <tarn/tensor/factories.h>
#include <tarn/tensor/kernels/cast.h>
#include <tarn/tensor/kernels/convolution.h>
#include <tarn/tensor/kernels/gemm.h>
#include <tarn/tensor/kernels/grain.h>
#include <tarn/tensor/kernels/visit.h>
#include <tarn/tensor/parallel.h>

namespace tarn::kernels {
namespace {

// Unfolded elements at a time: with the operands of the product they stay in the second-level
// cache.
constexpr std::int64_t kBlock = 65536;
// The weight's gradient is summed over parts of the batch side by side: so many multiply-adds make
// a part worth its memory, of which there is a limit, in elements.
constexpr std::int64_t kPartWork = 4'000'000;
constexpr std::int64_t kMostParts = 16;
constexpr std::int64_t kPartsMemory = std::int64_t{1} << 22;

// Calls f(offset in the image, offset in the columns, begin, end) for each line of the columns
// [channels * taps, rows * x.out] that belong to the output rows first..last-1: line elements
// begin..end-1 are every stride-th element of the image from that offset on, the others padding.
template <class F>
void for_each_line(const Window& w, std::int64_t channels, std::int64_t first, std::int64_t last,
                   F f) {
  std::int64_t column = 0;
  for (std::int64_t c = 0; c < channels; ++c) {
    for (std::int64_t ky = 0; ky < w.y.kernel; ++ky) {
      for (std::int64_t kx = 0; kx < w.x.kernel; ++kx) {
        const std::int64_t begin = w.x.first(kx);
        const std::int64_t end = w.x.last(kx);
        for (std::int64_t o = first; o < last; ++o, column += w.x.out) {
          const std::int64_t y = w.y.input(o, ky);
          const bool inside = y >= 0 && y < w.y.in;
          f((c * w.y.in + y) * w.x.in + w.x.input(begin, kx), column, begin, inside ? end : begin);
        }
      }
    }
  }
}

// Lines are short: a call to memmove for each would take longer than the copy.
template <class T>
void copy_line(const T* from, std::int64_t count, T* to) {
  constexpr std::int64_t step = 32 / sizeof(T);
  if (count < step) {
    for (std::int64_t i = 0; i < count; ++i) to[i] = from[i];
    return;
  }
  for (std::int64_t i = 0; i + step < count; i += step) std::memcpy(to + i, from + i, 32);
  std::memcpy(to + count - step, from + count - step, 32);
}

template <class T>
void unfold(const Window& w, std::int64_t channels, std::int64_t first, std::int64_t last,
            const T* image, T* columns) {
  const auto line = [&](std::int64_t from, std::int64_t column, std::int64_t begin,
                        std::int64_t end) {
    T* const to = columns + column;
    std::fill_n(to, begin, T(0));
    if (w.x.stride == 1) {
      copy_line(image + from, end - begin, to + begin);
    } else {
      for (std::int64_t i = begin; i < end; ++i) to[i] = image[from + (i - begin) * w.x.stride];
    }
    std::fill(to + end, to + w.x.out, T(0));
  };
  for_each_line(w, channels, first, last, line);
}

// The transpose of unfold: adds each element of the columns to the one it would be copied from.
template <class T>
void fold(const Window& w, std::int64_t channels, std::int64_t first, std::int64_t last,
          const T* columns, T* image) {
  const auto line = [&](std::int64_t to, std::int64_t column, std::int64_t begin,
                        std::int64_t end) {
    const T* const from = columns + column;
    if (w.x.stride == 1) {
      for (std::int64_t i = begin; i < end; ++i) image[to + i - begin] += from[i];
    } else {
      for (std::int64_t i = begin; i < end; ++i) image[to + (i - begin) * w.x.stride] += from[i];
    }
  };
  for_each_line(w, channels, first, last, line);
}

// A convolution cut into blocks: some output rows of one group of one image.
template <class T>
class Blocks {
 public:
  // `channels` and `filters` of one group
  Blocks(const Convolution& c, std::int64_t images, std::int64_t channels, std::int64_t filters)
      : window_(c.window),
        groups_(c.groups),
        images_(images),
        channels_(channels),
        filters_(filters),
        depth_(channels * c.window.taps()),
        rows_(std::clamp<std::int64_t>(kBlock / std::max<std::int64_t>(1, depth_ * c.window.x.out),
                                       1, std::max<std::int64_t>(1, c.window.y.out))),
        direct_(c.window.y.is_identity() && c.window.x.is_identity()) {}

  struct Block {
    std::int64_t group;
    std::int64_t first;  // output row
    std::int64_t last;
    std::int64_t width;   // output elements of one channel
    std::int64_t image;   // offset of the group's input channels
    std::int64_t result;  // offset of the block in the group's output channels
    std::int64_t weight;  // offset of the group's filters
    T* columns;           // room for [depth, width]
  };

  // Calls f(block) for all blocks of the images begin..end-1, in order.
  template <class F>
  void for_each(std::int64_t begin, std::int64_t end, F f) const {
    const Tensor buffer =
        empty({direct_ ? 0 : depth_ * rows_ * window_.x.out}, {.dtype = dtype_of<T>});
    for (std::int64_t i = begin * groups_; i < end * groups_; ++i) {
      const std::int64_t group = i % groups_;
      for (std::int64_t row = 0; row < window_.y.out; row += rows_) {
        const std::int64_t last = std::min(row + rows_, window_.y.out);
        f(Block{group, row, last, (last - row) * window_.x.out, i * channels_ * window_.inputs(),
                i * filters_ * window_.outputs() + row * window_.x.out, group * filters_ * depth_,
                buffer.template data_ptr<T>()});
      }
    }
  }

  // The same on several threads, an image on one.
  template <class F>
  void parallel_for_each(F f) const {
    parallel_for(0, images_, std::max<std::int64_t>(1, kSerialWork / work_per_image()),
                 [&](std::int64_t begin, std::int64_t end) { for_each(begin, end, f); });
  }

  std::int64_t depth() const { return depth_; }

  std::int64_t work_per_image() const {
    return std::max<std::int64_t>(1, groups_ * filters_ * depth_ * window_.outputs());
  }

  // Images that share one sum of the weight's gradient.
  std::int64_t images_per_part() const {
    const std::int64_t most =
        std::min(kMostParts, kPartsMemory / std::max<std::int64_t>(1, groups_ * filters_ * depth_));
    const std::int64_t parts = std::clamp<std::int64_t>(images_ * work_per_image() / kPartWork, 1,
                                                        std::max<std::int64_t>(most, 1));
    return std::max<std::int64_t>(1, (images_ + parts - 1) / parts);
  }

  // The inputs that each output of the block sees, [depth, width].
  Matrix<const T> columns_of(const T* x, const Block& block) const {
    if (direct_) {
      return {x + block.image + block.first * window_.x.out, depth_, block.width, window_.outputs(),
              1};
    }
    unfold(window_, channels_, block.first, block.last, x + block.image, block.columns);
    return {block.columns, depth_, block.width, block.width, 1};
  }

  // Adds a product [depth, width] to the inputs that the outputs of the block see.
  void add_product(Matrix<const T> a, Matrix<const T> b, const Block& block, T* x) const {
    if (direct_) {
      return gemm<T>(a, b,
                     {x + block.image + block.first * window_.x.out, depth_, block.width,
                      window_.outputs(), 1},
                     nullptr, /*accumulate=*/true);
    }
    gemm<T>(a, b, {block.columns, depth_, block.width, block.width, 1});
    fold(window_, channels_, block.first, block.last, block.columns, x + block.image);
  }

  // The outputs of the block, [filters, width].
  template <class U>
  Matrix<U> outputs_of(U* y, const Block& block) const {
    return {y + block.result, filters_, block.width, window_.outputs(), 1};
  }

  // The weight of the block's group, [filters, depth].
  Matrix<const T> weight_of(const T* weight, const Block& block) const {
    return {weight + block.weight, filters_, depth_, depth_, 1};
  }

 private:
  Window window_;
  std::int64_t groups_;
  std::int64_t images_;
  std::int64_t channels_;
  std::int64_t filters_;

  std::int64_t depth_;  // inputs that an output sees
  std::int64_t rows_;   // of a block
  bool direct_;         // each output sees one input, the one in its place
};

// [N, channels, height, width] with all elements of a channel equal to its bias, or 0.
Tensor planes_of(const Tensor& bias, const Shape& sizes, DType dtype) {
  if (!bias.defined()) return zeros(sizes, {.dtype = dtype});
  Tensor out = empty(sizes, {.dtype = dtype});
  copy_into(out, bias.detach().reshape({1, sizes[1], 1, 1}));
  return out;
}

}  // namespace

Tensor convolution(const Tensor& x, const Tensor& weight, const Tensor& bias,
                   const Convolution& c) {
  const Tensor image = cast(x, x.dtype(), /*contiguous=*/true);
  const Tensor filters = cast(weight, x.dtype(), /*contiguous=*/true);
  Tensor out =
      planes_of(bias, {x.sizes()[0], weight.sizes()[0], c.window.y.out, c.window.x.out}, x.dtype());
  if (out.numel() == 0) return out;
  visit_floating("conv2d", x.dtype(), [&]<class T>() {
    const Blocks<T> blocks(c, x.sizes()[0], weight.sizes()[1], weight.sizes()[0] / c.groups);
    blocks.parallel_for_each([&](const auto& block) {
      gemm<T>(blocks.weight_of(filters.data_ptr<T>(), block),
              blocks.columns_of(image.data_ptr<T>(), block),
              blocks.outputs_of(out.data_ptr<T>(), block), nullptr, /*accumulate=*/true);
    });
  });
  return out;
}

Tensor convolution_transposed(const Tensor& g, const Tensor& weight, const Tensor& bias,
                              const Convolution& c) {
  const Tensor gradient = cast(g, g.dtype(), /*contiguous=*/true);
  const Tensor filters = cast(weight, g.dtype(), /*contiguous=*/true);
  Tensor out = planes_of(
      bias, {g.sizes()[0], weight.sizes()[1] * c.groups, c.window.y.in, c.window.x.in}, g.dtype());
  if (out.numel() == 0 || g.numel() == 0) return out;
  visit_floating("conv_transpose2d", g.dtype(), [&]<class T>() {
    const Blocks<T> blocks(c, g.sizes()[0], weight.sizes()[1], weight.sizes()[0] / c.groups);
    blocks.parallel_for_each([&](const auto& block) {
      blocks.add_product(blocks.weight_of(filters.data_ptr<T>(), block).transposed(),
                         blocks.template outputs_of<const T>(gradient.data_ptr<T>(), block), block,
                         out.data_ptr<T>());
    });
  });
  return out;
}

Tensor convolution_weight_gradient(const Tensor& x, const Tensor& g, const Convolution& c) {
  const Tensor image = cast(x, x.dtype(), /*contiguous=*/true);
  const Tensor gradient = cast(g, x.dtype(), /*contiguous=*/true);
  const std::int64_t images = x.sizes()[0];
  const std::int64_t channels = x.sizes()[1] / c.groups;
  const std::int64_t filters = g.sizes()[1] / c.groups;
  Tensor out =
      zeros({g.sizes()[1], channels, c.window.y.kernel, c.window.x.kernel}, {.dtype = x.dtype()});
  if (images == 0 || out.numel() == 0) return out;
  visit_floating("conv2d", x.dtype(), [&]<class T>() {
    const Blocks<T> blocks(c, images, channels, filters);
    const std::int64_t per_part = blocks.images_per_part();
    const std::int64_t parts = (images + per_part - 1) / per_part;
    // [parts, groups, depth, filters]: transposed, so that the smaller operand is the one to pack.
    const Tensor sums = zeros({parts, out.numel()}, {.dtype = x.dtype()});
    T* const sum = sums.data_ptr<T>();
    parallel_for(0, parts, 1, [&](std::int64_t part, std::int64_t) {
      blocks.for_each(
          part * per_part, std::min((part + 1) * per_part, images), [&](const auto& block) {
            const Matrix<const T> outputs =
                blocks.template outputs_of<const T>(gradient.data_ptr<T>(), block);
            gemm<T>(blocks.columns_of(image.data_ptr<T>(), block), outputs.transposed(),
                    {sum + part * out.numel() + block.weight, blocks.depth(), filters, filters, 1},
                    nullptr, /*accumulate=*/true);
          });
    });
    for (std::int64_t part = 1; part < parts; ++part) {
      for (std::int64_t i = 0; i < out.numel(); ++i) sum[i] += sum[part * out.numel() + i];
    }
    T* const result = out.data_ptr<T>();
    for (std::int64_t i = 0; i < out.numel(); ++i) {
      const std::int64_t filter = i / blocks.depth();
      result[i] = sum[(filter / filters * blocks.depth() + i % blocks.depth()) * filters +
                      filter % filters];
    }
  });
  return out;
}

}  // namespace tarn::kernels
