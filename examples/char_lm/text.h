#pragma once

#include <string>
#include <vector>

#include <tarn/tensor/tensor.h>

/// A text as numbers: character i of the alphabet is i.
struct Text {
  std::string alphabet;     ///< the bytes that occur, sorted
  tarn::Tensor training;    ///< int64: eight paragraphs of ten
  tarn::Tensor validation;  ///< int64: one of ten, to choose settings by
  tarn::Tensor test;        ///< int64: one of ten, to report on
};

/// The regular files of a folder in the order of their names, without links; a file is itself.
std::string read_text(const std::string& path);

/// Leaves out paragraphs that came before; of the others, every ninth and tenth of ten are held
/// out. Neighbours, and paragraphs that differ in a few words, are on all sides. Throws
/// std::runtime_error for a text that is too short.
Text prepare(const std::string& text);

std::string decode(const Text& text, const std::vector<std::int64_t>& characters);
