#include <tarn/data/detail/row_stack.h>
#include <tarn/data/transforms/transform.h>

namespace tarn::data {

Transform::~Transform() = default;

Tensor Transform::apply_rows(const Tensor& x, const RowRandom& random) const {
  detail::RowStack rows("data", random.size(), random.indices());
  for (std::size_t i = 0; i < random.size(); ++i) {
    random.enter(i);
    Generator generator(random.seed(i), random.stream());
    const GeneratorGuard guard(generator);
    rows.push((*this)(x.select(0, static_cast<std::int64_t>(i))));
  }
  return rows.take();
}

}  // namespace tarn::data
