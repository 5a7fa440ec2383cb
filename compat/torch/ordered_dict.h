#pragma once

#include <string>
#include <utility>
#include <vector>

#include <tarn/tensor/error.h>
#include <tarn/tensor/str.h>

namespace torch {

/// Values with unique keys, in the order in which they were inserted.
template <class Key, class Value>
class OrderedDict {
 public:
  class Item {
   public:
    Item(Key key, Value value) : pair_(std::move(key), std::move(value)) {}

    const Key& key() const { return pair_.first; }
    Value& value() { return pair_.second; }
    const Value& value() const { return pair_.second; }
    Value& operator*() { return pair_.second; }
    const Value& operator*() const { return pair_.second; }
    Value* operator->() { return &pair_.second; }
    const Value* operator->() const { return &pair_.second; }
    const std::pair<Key, Value>& pair() const { return pair_; }

   private:
    std::pair<Key, Value> pair_;
  };

  OrderedDict() = default;

  /// Throws ValueError when there is a value of that key.
  Value& insert(Key key, Value value) {
    if (contains(key)) throw tarn::ValueError(tarn::str("OrderedDict: \"", key, "\" exists"));
    items_.emplace_back(std::move(key), std::move(value));
    return items_.back().value();
  }

  /// Null when there is no such key.
  Value* find(const Key& key) {
    for (Item& item : items_) {
      if (item.key() == key) return &item.value();
    }
    return nullptr;
  }
  const Value* find(const Key& key) const { return const_cast<OrderedDict*>(this)->find(key); }
  bool contains(const Key& key) const { return find(key) != nullptr; }

  /// Throws IndexError when there is no such key.
  Value& operator[](const Key& key) {
    if (Value* const found = find(key)) return *found;
    throw tarn::IndexError(tarn::str("OrderedDict: no \"", key, "\""));
  }
  const Value& operator[](const Key& key) const { return const_cast<OrderedDict&>(*this)[key]; }

  std::size_t size() const { return items_.size(); }
  bool is_empty() const { return items_.empty(); }
  Item& operator[](std::size_t i) { return items_.at(i); }
  const Item& operator[](std::size_t i) const { return items_.at(i); }
  auto begin() { return items_.begin(); }
  auto begin() const { return items_.begin(); }
  auto end() { return items_.end(); }
  auto end() const { return items_.end(); }
  const std::vector<Item>& items() const { return items_; }

  std::vector<Key> keys() const {
    std::vector<Key> keys;
    for (const Item& item : items_) keys.push_back(item.key());
    return keys;
  }
  std::vector<Value> values() const {
    std::vector<Value> values;
    for (const Item& item : items_) values.push_back(item.value());
    return values;
  }

 private:
  std::vector<Item> items_;
};

}  // namespace torch
