#include <tarn/autograd/detail/view_history.h>
#include <tarn/autograd/ops/reductions.h>
#include <tarn/autograd/record.h>
#include <tarn/tensor/factories.h>
#include <tarn/tensor/kernels/alias.h>
#include <tarn/tensor/kernels/cast.h>

// A base and its views share elements but each has its own history. A write to a view is recorded
// as a new history of the base, from which every view takes its own when it is next looked at.
namespace tarn {
namespace {

const Op kAsStrided{"as_strided"};
const Op kCopySlices{"copy_slices"};

// Where a view lies in the memory of its base.
struct ViewWindow {
  ViewWindow(const Tensor& view, const Tensor& base)
      : base_sizes(base.sizes()),
        base_strides(base.strides()),
        sizes(view.sizes()),
        strides(view.strides()),
        offset((view.impl().data() - base.impl().data()) /
               static_cast<std::int64_t>(element_size(base.dtype()))) {}

  Tensor in(const Tensor& base) const { return kernels::alias(base, sizes, strides, offset); }

  // x's values in memory that lies as the base's does.
  Tensor laid_out(const Tensor& x) const {
    Tensor whole = empty_strided(base_sizes, base_strides, {.dtype = x.dtype()});
    kernels::copy_into(whole, x);
    return whole;
  }

  Shape base_sizes;
  Shape base_strides;
  Shape sizes;
  Shape strides;
  std::int64_t offset;
};

Tensor place(const Tensor& x, const ViewWindow& window);

// What the window shows of x.
Tensor take(const Tensor& x, const ViewWindow& window, const Where& where) {
  const Tensor whole = x.strides() == window.base_strides ? x : window.laid_out(x);
  return record(kAsStrided, where, window.in(whole),
                wrt(x, [window](const Tensor& g) { return place(g, window); }));
}

// x where the window is, in zeros: elements that the window shows several times are sums.
Tensor place(const Tensor& x, const ViewWindow& window) {
  const Tensor whole = empty_strided(window.base_sizes, window.base_strides, {.dtype = x.dtype()});
  kernels::fill(whole, 0);
  // An expanded dimension, the only overlap that view ops make, lies in one place.
  Tensor source = x;
  ViewWindow target = window;
  for (int d = 0; d < x.dim(); ++d) {
    if (window.strides[d] != 0 || window.sizes[d] == 1) continue;
    target.sizes[d] = 1;
    source = sum(source, {d}, /*keepdim=*/true);
  }
  kernels::copy_into(target.in(whole), source);
  return record(kAsStrided, Where::current(), whole,
                wrt(x, [window](const Tensor& g) { return take(g, window, Where::current()); }));
}

// x with zeros where the window is.
Tensor cleared(const Tensor& x, const ViewWindow& window) {
  const Tensor whole = window.laid_out(x);
  kernels::fill(window.in(whole), 0);
  return record(kCopySlices, Where::current(), whole,
                wrt(x, [window](const Tensor& g) { return cleared(g, window); }));
}

// A recorded change makes what was recorded before it out of date.
void mark_recorded(TensorImpl& impl) {
  impl.storage()->bump_version();
  impl.storage()->recorded_version = impl.storage()->version();
  impl.history_version = impl.storage()->version();
}

}  // namespace

Tensor make_view(const Tensor& x, const Shape& sizes, const Shape& strides, std::int64_t offset) {
  Tensor view = kernels::alias(x, sizes, strides, offset);
  // Outside recording a view must not keep the base's graph alive.
  if (is_grad_enabled() || !x.requires_grad()) {
    view.impl().base = x.impl().base ? x.impl().base : x.impl_ptr();
  }
  return view;
}

// From the smallest stride up, each dimension must step over all that the ones before it reach.
bool overlaps_itself(const Tensor& x) {
  if (x.is_dense()) return false;
  std::int64_t reach = 0;
  for (unsigned done = 0;;) {
    int next = -1;
    for (int d = 0; d < x.dim(); ++d) {
      if ((done >> d & 1U) != 0 || x.sizes()[d] == 1) continue;
      if (next < 0 || x.strides()[d] < x.strides()[next]) next = d;
    }
    if (next < 0) return false;
    if (x.strides()[next] <= reach) return true;
    reach += (x.sizes()[next] - 1) * x.strides()[next];
    done |= 1U << next;
  }
}

void refresh_history(const Tensor& view) {
  TensorImpl& impl = view.impl();
  if (!impl.base || impl.base->is_stale()) return;
  const Tensor base(impl.base);
  const Where where = base.is_leaf() ? Where() : gradient_node(base)->where();
  const GradModeGuard recording(true);
  const Tensor fresh = take(base, ViewWindow(view, base), where);
  impl.history = fresh.impl().history;
  impl.requires_grad = fresh.impl().requires_grad;
  impl.is_leaf = fresh.impl().is_leaf;
  impl.history_version = impl.storage()->version();
}

void write_recorded(const Tensor& self, const Tensor& result, const Where& where) {
  kernels::copy_into(self, result);
  const Tensor base(self.impl().base);
  if (!base.defined() || overlaps_itself(base)) {
    TensorImpl& impl = self.impl();
    impl.history = result.impl().history;
    impl.requires_grad = result.requires_grad();
    impl.is_leaf = result.is_leaf();
    mark_recorded(impl);
    return;
  }
  const ViewWindow window(self, base);
  record(kCopySlices, where, base,
         wrt(base, [window](const Tensor& g) { return cleared(g, window); }),
         wrt(result, [window](const Tensor& g) { return take(g, window, Where::current()); }));
  mark_recorded(base.impl());
}

Tensor without_base(const Tensor& x) {
  const TensorImpl& impl = x.impl();
  if (impl.is_stale()) refresh_history(x);
  if (!impl.base || (impl.is_leaf && impl.requires_grad)) return x;
  Tensor copy = kernels::alias(x, impl.sizes, impl.strides);
  copy.impl().history = impl.history;
  copy.impl().requires_grad = impl.requires_grad;
  copy.impl().is_leaf = impl.is_leaf;
  copy.impl().history_version = impl.history_version;
  return copy;
}

void Tensor::refresh_history() const { tarn::refresh_history(*this); }

}  // namespace tarn
