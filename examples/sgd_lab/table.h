#pragma once

#include <concepts>
#include <string>
#include <variant>
#include <vector>

/// Numbers and words in rows, for the page and as CSV.
///
///   Table table({"batch size", "variance"});
///   table.row(8, 0.125);
class Table {
 public:
  /// A number is shown with 4 digits and kept with all of them in the CSV.
  class Cell {
   public:
    template <class T>
    requires std::integral<T> || std::floating_point<T> Cell(T number)  // NOLINT
        : value_(static_cast<double>(number)) {}
    Cell(std::string text) : value_(std::move(text)) {}          // NOLINT
    Cell(const char* text) : value_(std::string(text)) {}        // NOLINT
    Cell(bool yes) : value_(std::string(yes ? "yes" : "no")) {}  // NOLINT

    bool is_number() const { return std::holds_alternative<double>(value_); }
    std::string shown() const;
    std::string exact() const;

   private:
    std::variant<double, std::string> value_;
  };

  explicit Table(std::vector<std::string> columns) : columns_(std::move(columns)) {}

  template <class... T>
  void row(const T&... cells) {
    add_row({Cell(cells)...});
  }
  /// Throws tarn::ValueError unless there is a cell for each column.
  void add_row(std::vector<Cell> cells);

  std::string html() const;
  std::string csv() const;

 private:
  std::vector<std::string> columns_;
  std::vector<std::vector<Cell>> rows_;
};

/// A number as people read it: 4 significant digits, whole numbers whole.
std::string shown(double number);
