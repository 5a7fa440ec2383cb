#pragma once

#include <string>
#include <vector>

#include <torch/nn/module_holder.h>
#include <torch/optim.h>

#include <tarn/io/safetensors.h>

namespace torch {

// Saving and loading. The files are safetensors whatever they are called, not PyTorch's archives;
// Python reads them with safetensors.torch.load_file(). Throw as tarn::io::write_safetensors(),
// read_safetensors() and load_state_dict(); what is loaded into is then as before.

inline void save(const Tensor& one, const std::string& path) {
  tarn::StateDict state;
  state.set("tensor", one);
  tarn::io::write_safetensors(path, state);
}
inline void save(const std::vector<Tensor>& tensors, const std::string& path) {
  tarn::StateDict state;
  for (std::size_t i = 0; i < tensors.size(); ++i) state.set(std::to_string(i), tensors[i]);
  tarn::io::write_safetensors(path, state);
}
inline void save(const nn::Module& module, const std::string& path) {
  tarn::io::write_safetensors(path, module.core().state_dict());
}
template <std::derived_from<nn::Module> M>
void save(const std::shared_ptr<M>& module, const std::string& path) {
  save(*module, path);
}
template <nn::detail::Holder H>
void save(const H& holder, const std::string& path) {
  save(*holder, path);
}
inline void save(const optim::Optimizer& optimizer, const std::string& path) {
  tarn::io::write_safetensors(path, optimizer.core().state_dict());
}

inline void load(Tensor& one, const std::string& path) {
  one = tarn::io::read_safetensors(path).tensors.at("tensor").clone();
}
inline void load(std::vector<Tensor>& tensors, const std::string& path) {
  const tarn::StateDict state = tarn::io::read_safetensors(path).tensors;
  std::vector<Tensor> loaded;
  for (std::size_t i = 0; i < state.size(); ++i)
    loaded.push_back(state.at(std::to_string(i)).clone());
  tensors = std::move(loaded);
}
inline void load(nn::Module& module, const std::string& path) {
  module.core().load_state_dict(tarn::io::read_safetensors(path).tensors);
}
template <std::derived_from<nn::Module> M>
void load(const std::shared_ptr<M>& module, const std::string& path) {
  load(*module, path);
}
template <nn::detail::Holder H>
void load(const H& holder, const std::string& path) {
  load(*holder, path);
}
/// The groups' options are those of the file from then on.
inline void load(optim::Optimizer& optimizer, const std::string& path) {
  optimizer.load_state_dict(tarn::io::read_safetensors(path).tensors);
}

}  // namespace torch
