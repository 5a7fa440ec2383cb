#pragma once

#include <vector>

#include <tarn/nn/module.h>
#include <tarn/tensor/error.h>
#include <tarn/tensor/str.h>

namespace tarn::nn {

/// Modules of one type M, named "0", "1", ..., which the module that holds the list calls as it
/// likes:
///
///   nn::ModuleList<Block>& blocks = add("blocks", nn::ModuleList<Block>());
///   ...
///   for (int i = 0; i < 4; ++i) blocks.append(Block(64));
///   for (Block& block : blocks) x = block(x);
///
/// With M = Module it holds any modules.
template <std::derived_from<Module> M = Module>
class ModuleList : public Module {
 public:
  ModuleList() = default;
  ModuleList(ModuleList&&) noexcept = default;

  /// Appends a module; the reference stays valid.
  template <std::derived_from<M> Child>
  Child& append(Child module) {
    return append(std::make_unique<Child>(std::move(module)));
  }
  template <std::derived_from<M> Child>
  Child& append(std::unique_ptr<Child> module) {
    Child& child = add(std::to_string(size()), std::move(module));
    modules_.push_back(&child);
    return child;
  }

  std::int64_t size() const { return static_cast<std::int64_t>(modules_.size()); }

  /// The module at `index`, which may count from the end. Throws IndexError.
  M& operator[](std::int64_t index) const {
    const std::int64_t position = index < 0 ? index + size() : index;
    if (position < 0 || position >= size()) {
      throw IndexError(
          str("ModuleList: index ", index, " is out of range for ", size(), " modules"));
    }
    return *modules_[static_cast<std::size_t>(position)];
  }

  /// Over references to the modules.
  class Iterator {
   public:
    explicit Iterator(M* const* at) : at_(at) {}
    M& operator*() const { return **at_; }
    Iterator& operator++() {
      ++at_;
      return *this;
    }
    bool operator==(const Iterator&) const = default;

   private:
    M* const* at_;
  };
  Iterator begin() const { return Iterator(modules_.data()); }
  Iterator end() const { return Iterator(modules_.data() + modules_.size()); }

  std::string type_name() const override { return "ModuleList"; }

 private:
  using Module::add;  // append() keeps the names in order
  std::vector<M*> modules_;
};

}  // namespace tarn::nn
