#include <cstddef>
#include <span>

#include <tarn/io/detail/input_file.h>
#include <tarn/io/detail/npy_array.h>
#include <tarn/io/detail/output_file.h>
#include <tarn/io/npy.h>
#include <tarn/tensor/error.h>
#include <tarn/tensor/str.h>

namespace tarn::io {

Tensor read_npy(const std::string& path) {
  detail::InputFile file("npy", path);
  return detail::read_npy_array(file);
}

void write_npy(const std::string& path, const Tensor& x) {
  if (!x.defined()) throw ValueError(str("npy: ", path, ": the tensor is undefined"));
  const Tensor values = x.detach().contiguous();
  detail::OutputFile file("npy", path);
  file.write(detail::npy_start(values));
  file.write({values.impl().data(),
              static_cast<std::size_t>(values.numel()) * element_size(values.dtype())});
  file.commit();
}

}  // namespace tarn::io
