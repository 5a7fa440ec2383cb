#include <tarn/autograd/detail/overlap.h>

namespace tarn {

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

}  // namespace tarn
