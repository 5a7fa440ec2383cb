#pragma once

#include <concepts>
#include <cstdint>
#include <functional>
#include <iosfwd>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <tarn/nn/call_site.h>
#include <tarn/tensor/state_dict.h>
#include <tarn/tensor/tensor.h>

namespace tarn::nn {

/// Tensors with their dotted names: {"fc1.weight", ...}.
using NamedTensors = std::vector<std::pair<std::string, Tensor>>;

/// What load_state_dict() insists on.
struct LoadStateDictOptions {
  bool strict = true;  ///< names that are missing or unexpected are errors
};

/// What load_state_dict() found to differ.
struct IncompatibleKeys {
  std::vector<std::string> missing;     ///< names of the module that the state has no tensor for
  std::vector<std::string> unexpected;  ///< names of the state that the module does not have
};

/// A function with parameters, made of other modules: the base of all layers and models.
///
///   struct MLP : nn::Module {
///     nn::Linear& fc1 = add("fc1", nn::Linear(784, 128));
///     nn::Linear& fc2 = add("fc2", nn::Linear(128, 10));
///     Tensor forward(const Tensor& x) override { return fc2(relu(fc1(x))); }
///   };
///   struct Scale : nn::Module {
///     Tensor& factor = parameter("factor", ones({1}));
///     Tensor forward(const Tensor& x) override { return x * factor; }
///   };
///
/// add(), parameter() and buffer() register and return a reference to what they registered. It lies
/// on the heap: the reference stays valid when the module moves, and assigning a leaf to it
/// (`fc1.weight = other`) replaces the registered tensor. Modules move but do not copy. As with
/// tensors, constness is shallow.
class Module {
 public:
  using Children = std::vector<std::pair<std::string, std::shared_ptr<Module>>>;

  virtual ~Module();
  Module(const Module&) = delete;
  Module& operator=(const Module&) = delete;

  // ---- building -------------------------------------------------------------------------------
  // All throw ValueError for a name that is empty, has a dot or is in use in this module; the
  // module is then as it was.

  /// Takes `module` over as a child.
  template <std::derived_from<Module> M>
  M& add(const std::string& name, M module) {
    static_assert(std::move_constructible<M>, "add: pass a std::unique_ptr to what cannot move");
    return add(name, std::make_unique<M>(std::move(module)));
  }
  /// The same for a module that is already on the heap. A shared one may have other owners, and
  /// parents; one that contains itself is not found out. Throws ValueError for a null pointer.
  template <std::derived_from<Module> M>
  M& add(const std::string& name, std::unique_ptr<M> module) {
    return add(name, std::shared_ptr<M>(std::move(module)));
  }
  template <std::derived_from<Module> M>
  M& add(const std::string& name, std::shared_ptr<M> module) {
    M* const child = module.get();
    add_child(name, std::move(module));
    return *child;
  }

  /// Registers a leaf that is trained: makes it require grad. An undefined tensor stands for "none"
  /// (a layer without bias): it is in no listing until a tensor is assigned.
  /// Throws DTypeError unless it is floating-point, ValueError when it is the result of an op.
  Tensor& parameter(std::string name, Tensor tensor);

  /// Registers a tensor that is saved with the parameters but not trained: a running mean.
  Tensor& buffer(std::string name, Tensor tensor);

  // ---- calling --------------------------------------------------------------------------------

  /// What the module computes; called through operator(). A module with other inputs declares its
  /// own forward() instead: this one throws Error.
  virtual Tensor forward(const Tensor& x);

  /// forward(x); the ops of the library's layers report `where` as their place in the program.
  Tensor operator()(const Tensor& x, Where where = Where::current());

  /// Switches this module and all below to training mode, which Dropout asks for. The initial mode.
  void train(bool on = true);
  /// train(false)
  void eval() { train(false); }
  bool is_training() const { return training_; }

  // ---- what it is made of ---------------------------------------------------------------------
  // In the order of registration, a module's own before its children's. A tensor that is
  // registered twice (tied weights) is listed once, under its first name.

  std::vector<Tensor> parameters() const;
  NamedTensors named_parameters() const;
  NamedTensors named_buffers() const;
  /// The direct children.
  std::vector<Module*> children() const;
  const Children& named_children() const { return children_; }
  /// This module, named "", and all below with their dotted names.
  std::vector<std::pair<std::string, Module*>> named_modules();
  /// Calls f with all modules below and then this one, for instance to give them initial values:
  ///
  ///   model.apply([](nn::Module& m) {
  ///     if (auto* fc = dynamic_cast<nn::Linear*>(&m)) nn::init::xavier_uniform_(fc->weight);
  ///   });
  void apply(const std::function<void(Module&)>& f);
  /// Number of elements of all parameters.
  std::int64_t num_parameters() const;

  // ---- parameters -----------------------------------------------------------------------------

  /// Clears the grad of every parameter, or fills it with zeros.
  void zero_grad(bool set_to_none = true);

  /// Freezes all parameters (false) or trains them again (true).
  void requires_grad_(bool requires_grad = true);

  /// Converts floating-point parameters, their grads and floating-point buffers. Every tensor stays
  /// the same object, so optimizers keep working on it. Throws DTypeError for other types,
  /// AutogradError for a buffer that is the result of a recorded op.
  void to(DType dtype);

  // ---- saving ---------------------------------------------------------------------------------

  /// All parameters and buffers by dotted name, tied ones under each of their names. The tensors
  /// are outside the graph and share their elements with the module.
  StateDict state_dict() const;

  /// Copies values from `state` into the parameters and buffers, converting between float32 and
  /// float64. Each tensor stays the same object with the same memory layout.
  /// Throws one ValueError that lists every name that is missing or unexpected (unless
  /// `.strict = false`) or whose shape or type differs; the module is then as it was.
  IncompatibleKeys load_state_dict(const StateDict& state,
                                   const LoadStateDictOptions& options = {});

  // ---- printing -------------------------------------------------------------------------------

  /// The name of the class without its namespaces: "Linear".
  virtual std::string type_name() const;
  /// What stands between the parentheses when printed: "p=0.5". Empty by default.
  virtual std::string extra() const { return {}; }

 protected:
  Module() = default;
  Module(Module&&) noexcept = default;

 private:
  using Slots = std::vector<std::pair<std::string, std::unique_ptr<Tensor>>>;
  enum class Listing { parameters, buffers, state };

  void check_name(const char* op, const std::string& name) const;
  void add_child(const std::string& name, std::shared_ptr<Module> child);
  /// All tensors of a kind, tied ones under each of their names.
  NamedTensors list(Listing what) const;
  void list(Listing what, const std::string& prefix, NamedTensors& out) const;
  /// The entries without those whose tensor came before.
  static NamedTensors each_once(NamedTensors entries);

  Slots parameters_;
  Slots buffers_;
  Children children_;
  bool training_ = true;
};

/// The tree of modules as PyTorch prints it:
///
///   MLP(
///     (fc1): Linear(in_features=784, out_features=128, bias=True)
///     (fc2): Linear(in_features=128, out_features=10, bias=True)
///   )
std::string to_string(const Module& module);
/// Writes to_string(module).
std::ostream& operator<<(std::ostream& out, const Module& module);

}  // namespace tarn::nn
