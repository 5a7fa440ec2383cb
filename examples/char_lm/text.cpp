#include "text.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <unordered_set>

#include <tarn/tarn.h>

namespace {

std::string read_file(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) throw std::runtime_error("cannot read " + path.string());
  return {std::istreambuf_iterator<char>(file), {}};
}

// What makes two paragraphs the same: all but the white space.
std::string without_spaces(std::string text) {
  std::erase_if(text, [](unsigned char c) { return std::isspace(c) != 0; });
  return text;
}

std::vector<std::string> different_paragraphs(const std::string& text) {
  std::vector<std::string> paragraphs;
  std::unordered_set<std::string> seen;
  for (std::size_t start = 0; start < text.size();) {
    const std::size_t end = std::min(text.find("\n\n", start), text.size());
    const std::string paragraph = text.substr(start, end - start) + "\n\n";
    if (seen.insert(without_spaces(paragraph)).second) paragraphs.push_back(paragraph);
    start = std::min(text.find_first_not_of('\n', end), text.size());
  }
  return paragraphs;
}

tarn::Tensor encode(const std::string& text, const std::string& alphabet) {
  std::vector<std::int64_t> numbers;
  for (const char c : text) numbers.push_back(static_cast<std::int64_t>(alphabet.find(c)));
  return tarn::from_vector(numbers, {static_cast<std::int64_t>(numbers.size())});
}

}  // namespace

std::string read_text(const std::string& path) {
  if (!std::filesystem::is_directory(path)) return read_file(path);
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(path)) {
    if (entry.is_regular_file() && !entry.is_symlink()) files.push_back(entry.path());
  }
  std::ranges::sort(files);
  std::string text;
  for (const auto& file : files) text += read_file(file) + "\n\n";
  return text;
}

Text prepare(const std::string& text) {
  std::string training;
  std::string validation;
  std::string test;
  std::size_t number = 0;
  for (const std::string& paragraph : different_paragraphs(text)) {
    const std::size_t place = number++ % 10;
    (place == 8 ? validation : place == 9 ? test : training) += paragraph;
  }
  if (training.size() < 1500 || validation.size() < 150 || test.size() < 150) {
    throw std::runtime_error(
        "the text is too short: expected several thousand characters in at "
        "least ten paragraphs");
  }
  std::string alphabet = training + validation + test;
  std::ranges::sort(alphabet);
  alphabet.erase(std::unique(alphabet.begin(), alphabet.end()), alphabet.end());
  return {alphabet, encode(training, alphabet), encode(validation, alphabet),
          encode(test, alphabet)};
}

std::string decode(const Text& text, const std::vector<std::int64_t>& characters) {
  std::string result;
  for (const std::int64_t c : characters) result += text.alphabet[static_cast<std::size_t>(c)];
  return result;
}
