#include <cmath>
#include <fstream>
#include <functional>
#include <iterator>
#include <limits>

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <tarn/io/safetensors.h>
#include <tarn/nn/nn.h>
#include <tarn/tarn.h>

#include "../data/temp_folder.h"
#include "../data/thrown_text.h"

namespace tarn::io {
namespace {

using ::operator+;

const std::string kFixtures = TARN_SOURCE_DIR "/tests/fixtures/safetensors/";

std::string contents(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

Bytes with_length(std::uint64_t length, const std::string& header, std::size_t data) {
  Bytes bytes;
  for (int i = 0; i < 8; ++i) bytes.push_back(static_cast<std::uint8_t>(length >> (8 * i)));
  bytes.insert(bytes.end(), header.begin(), header.end());
  bytes.resize(bytes.size() + data);
  return bytes;
}

class Safetensors : public ::testing::Test {
 protected:
  std::string error(const Bytes& bytes) {
    const std::string path = folder_.write("file.safetensors", bytes);
    const std::string text = thrown_text<FormatError>([&] { read_safetensors(path); });
    EXPECT_EQ(thrown_text<FormatError>([&] { read_safetensors(path, {.mmap = false}); }), text);
    return text;
  }
  // Of a file with this header and `data` bytes behind it.
  std::string header_error(const std::string& header, std::size_t data = 0) {
    return error(with_length(header.size(), header, data));
  }
  TempFolder folder_;
};

struct Net : nn::Module {
  nn::Linear& fc1 = add("fc1", nn::Linear(4, 6));
  nn::BatchNorm1d& norm = add("norm", nn::BatchNorm1d(6));
  nn::Linear& fc2 = add("fc2", nn::Linear(6, 3));
  Tensor forward(const Tensor& x) override { return fc2(tanh(norm(fc1(x)))); }
};

TEST_F(Safetensors, LoadAModelThatPyTorchTrained) {
  Net net;
  net.eval();
  net.load_state_dict(read_safetensors(kFixtures + "model.safetensors").tensors);
  const StateDict expected = read_safetensors(kFixtures + "model_io.safetensors").tensors;
  const auto y = net(expected.at("x")).to_vector<double>();
  const auto expected_y = expected.at("y").to_vector<double>();
  ASSERT_EQ(y.size(), expected_y.size());
  for (std::size_t i = 0; i < y.size(); ++i) EXPECT_NEAR(y[i], expected_y[i], 1e-6);
  EXPECT_EQ(net.norm.num_batches_tracked.item<std::int64_t>(), 5);
}

TEST_F(Safetensors, WriteAModelAsPyTorchUsersDo) {
  Net net;
  const SafeTensors file = read_safetensors(kFixtures + "model.safetensors");
  net.load_state_dict(file.tensors);
  write_safetensors(folder_ / "model.safetensors", net.state_dict(), file.metadata);
  EXPECT_EQ(contents(folder_ / "model.safetensors"), contents(kFixtures + "model.safetensors"));
}

TEST_F(Safetensors, ReportWhatDoesNotFitAModel) {
  struct Other : nn::Module {
    nn::Linear& fc1 = add("fc1", nn::Linear(5, 6));
    nn::Linear& head = add("head", nn::Linear(6, 3));
  } other;
  const StateDict state = read_safetensors(kFixtures + "model.safetensors").tensors;
  const std::string text = thrown_text<ValueError>([&] { other.load_state_dict(state); });
  EXPECT_TRUE(contains(text, "missing head.weight, head.bias"));
  EXPECT_TRUE(contains(text, "fc1.weight: file [6, 4], model [6, 5]"));
  EXPECT_TRUE(contains(text, "fc2.weight"));
}

TEST_F(Safetensors, HoldEveryElementType) {
  for (const bool mmap : {true, false}) {
    const SafeTensors file = read_safetensors(kFixtures + "types.safetensors", {.mmap = mmap});
    const auto values = [&](const char* name, DType dtype, const Shape& shape) {
      const Tensor& x = file.tensors.at(name);
      EXPECT_EQ(x.dtype(), dtype) << name;
      EXPECT_EQ(x.sizes(), shape) << name;
      return x.to_vector<double>();
    };
    const double inf = std::numeric_limits<double>::infinity();
    EXPECT_EQ(values("f64", kFloat64, {3}), (std::vector<double>{1.5, -0x1p-1074, 0x1p1023}));
    EXPECT_EQ(values("f32", kFloat32, {2, 2}), (std::vector<double>{1.5, -0x1p-149, inf, 0x1p127}));
    auto half = values("f16", kFloat32, {8});
    EXPECT_TRUE(std::isnan(half.back()));
    half.pop_back();
    EXPECT_EQ(half, (std::vector<double>{0, 1, -2.5, 65504, 0x1p-24, inf, -inf}));
    auto brain = values("bf16", kFloat32, {8});
    EXPECT_TRUE(std::isnan(brain.back()));
    brain.pop_back();
    EXPECT_EQ(brain, (std::vector<double>{0, 1, -2.5, 0x1.c4p127, 0x1p-133, inf, -inf}));
    EXPECT_EQ(file.tensors.at("i64").to_vector<std::int64_t>(),
              (std::vector<std::int64_t>{std::numeric_limits<std::int64_t>::min(),
                                         std::numeric_limits<std::int64_t>::max()}));
    EXPECT_EQ(values("i32", kInt32, {2, 1}), (std::vector<double>{-0x1p31, 0x1p31 - 1}));
    EXPECT_EQ(values("i16", kInt32, {2}), (std::vector<double>{-32768, 32767}));
    EXPECT_EQ(values("i8", kInt32, {2}), (std::vector<double>{-128, 127}));
    EXPECT_EQ(values("u8", kUInt8, {1, 1, 2}), (std::vector<double>{0, 255}));
    EXPECT_EQ(values("bool", kBool, {3}), (std::vector<double>{1, 0, 1}));
    EXPECT_EQ(values("scalar", kFloat32, {}), (std::vector<double>{2.5}));
    EXPECT_EQ(values("empty", kFloat32, {0, 3}), std::vector<double>{});
    EXPECT_EQ(file.metadata, (std::map<std::string, std::string>{{"quote", "a \"b\" \\ c\n"},
                                                                 {"utf-8", "Größe ∇"}}));
  }
}

TEST_F(Safetensors, WriteBackTheBytesThatTheyWereReadFrom) {
  const std::string path = kFixtures + "same_types.safetensors";
  for (const bool mmap : {true, false}) {
    const SafeTensors file = read_safetensors(path, {.mmap = mmap});
    write_safetensors(folder_ / "copy.safetensors", file.tensors, file.metadata);
    EXPECT_EQ(contents(folder_ / "copy.safetensors"), contents(path));
  }
}

TEST_F(Safetensors, KeepRowMajorOrderWhateverLiesInMemory) {
  StateDict state;
  state.set("t", arange(6).reshape({2, 3}).t());
  state.set("expanded", tensor({1.5}).expand({3}));
  write_safetensors(folder_ / "x.safetensors", state);
  const StateDict read = read_safetensors(folder_ / "x.safetensors").tensors;
  EXPECT_EQ(read.at("t").to_vector<int>(), (std::vector<int>{0, 3, 1, 4, 2, 5}));
  EXPECT_EQ(read.at("t").sizes(), Shape({3, 2}));
  EXPECT_EQ(read.at("expanded").to_vector(), (std::vector<double>{1.5, 1.5, 1.5}));
}

TEST_F(Safetensors, MayBeWrittenOverTheFileThatTheyAreMappedFrom) {
  const std::string path = folder_ / "x.safetensors";
  StateDict state;
  state.set("x", arange(100'000));
  write_safetensors(path, state);
  const SafeTensors mapped = read_safetensors(path);
  write_safetensors(path, mapped.tensors);
  EXPECT_EQ(mapped.tensors.at("x").to_vector<std::int64_t>(),
            state.at("x").to_vector<std::int64_t>());
  EXPECT_EQ(read_safetensors(path).tensors.at("x").to_vector<std::int64_t>(),
            state.at("x").to_vector<std::int64_t>());
}

TEST_F(Safetensors, ChangeInMemoryButNotInTheFile) {
  const std::string path = folder_ / "x.safetensors";
  StateDict state;
  state.set("x", ones({3}));
  write_safetensors(path, state);
  Tensor outlives = read_safetensors(path).tensors.at("x");
  outlives.fill_(7);
  EXPECT_EQ(outlives.to_vector(), (std::vector<double>{7, 7, 7}));
  EXPECT_EQ(read_safetensors(path).tensors.at("x").to_vector(), (std::vector<double>{1, 1, 1}));
}

TEST_F(Safetensors, AreReadWhenTheirElementsAreNotAligned) {
  // No blanks behind this header: the elements begin at an odd place.
  const std::string header = R"({"xy":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}})";
  ASSERT_NE((8 + header.size()) % 4, 0U);
  Bytes bytes = with_length(header.size(), header, 8);
  bytes[bytes.size() - 1] = 0x40;
  bytes[bytes.size() - 5] = 0x3f;
  for (const bool mmap : {true, false}) {
    const auto file = read_safetensors(folder_.write("x", bytes), {.mmap = mmap});
    EXPECT_EQ(file.tensors.at("xy").to_vector(), (std::vector<double>{0.5, 2}));
  }
}

TEST_F(Safetensors, AreNoGzipWhateverTheirLength) {
  std::string header = R"({"__metadata__":{"a":")" + std::string(0x8b1f, 'x') + "\"}}";
  header.resize(0x8b1f + 0x10000, ' ');
  const auto path = folder_.write("x", with_length(header.size(), header, 0));
  for (const bool mmap : {true, false})
    EXPECT_EQ(read_safetensors(path, {.mmap = mmap}).metadata.at("a").size(), 0x8b1fU);
}

TEST_F(Safetensors, MayHoldNothing) {
  write_safetensors(folder_ / "x.safetensors", {});
  EXPECT_EQ(contents(folder_ / "x.safetensors").substr(8), "{}      ");
  EXPECT_TRUE(read_safetensors(folder_ / "x.safetensors").tensors.empty());
  EXPECT_TRUE(read_safetensors(folder_.write("x", with_length(2, "{}", 0))).metadata.empty());
}

TEST_F(Safetensors, RefuseAFileCutAnywhereOrWithMoreBehind) {
  const std::string whole = contents(kFixtures + "same_types.safetensors");
  for (std::size_t size = 0; size < whole.size(); ++size)
    error(Bytes(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size)));
  error(Bytes(whole.begin(), whole.end()) + Bytes{0});
}

TEST_F(Safetensors, SurviveAnyBitBeingAnother) {
  const std::string whole = contents(kFixtures + "same_types.safetensors");
  const std::size_t header = 8 + static_cast<std::uint8_t>(whole[0]) +
                             256 * static_cast<std::size_t>(static_cast<std::uint8_t>(whole[1]));
  for (std::size_t i = 0; i < header; ++i) {
    for (const int bit : {0, 1, 5, 7}) {
      Bytes bytes(whole.begin(), whole.end());
      bytes[i] = static_cast<std::uint8_t>(bytes[i] ^ 1 << bit);
      try {
        for (const auto& [name, x] : read_safetensors(folder_.write("x", bytes)).tensors)
          EXPECT_LE(x.numel(), 64);
      } catch (const FormatError&) {
      }
    }
  }
}

TEST_F(Safetensors, RefuseAZipArchiveByName) {
  const std::string text = error({'P', 'K', 3, 4, 0, 0, 8, 8, 0, 0, 0, 0});
  EXPECT_TRUE(contains(text, "is a zip archive, as torch.save and numpy.savez write"));
  EXPECT_TRUE(contains(text, "read_npz()"));
}

TEST_F(Safetensors, RefuseALengthThatCannotBe) {
  EXPECT_TRUE(contains(error({1, 2, 3, 4, 5}), "5 bytes: too short for the 8-byte header length"));
  EXPECT_TRUE(contains(error(with_length(7234289876, "{}", 0)),
                       "header length 7,234,289,876 at offset 0: limit 100,000,000 (file has 10)"));
  EXPECT_TRUE(contains(error(with_length(UINT64_MAX, "{}", 0)), "18,446,744,073,709,551,615"));
  EXPECT_TRUE(contains(error(with_length(UINT64_MAX - 7, "{}", 0)), "header length"));
  EXPECT_TRUE(contains(error(with_length(3, "{}", 0)), "header length 3"));
  error({});
}

TEST_F(Safetensors, RefuseWhatIsNoHeader) {
  const auto no_object = "is no object: expected {...} and then blanks";
  EXPECT_TRUE(contains(header_error(""), no_object));
  EXPECT_TRUE(contains(header_error(" {}"), no_object));
  EXPECT_TRUE(contains(header_error("{}\n"), no_object));
  EXPECT_TRUE(contains(header_error("[]"), no_object));
  EXPECT_TRUE(contains(header_error("\"a\""), no_object));
  EXPECT_TRUE(contains(header_error("{\"a\":}"), "header is no JSON in UTF-8 at offset 14"));
  EXPECT_TRUE(contains(header_error("{} {}"), "no JSON"));
  EXPECT_TRUE(contains(header_error("{\"\xff\":{}}"), "no JSON in UTF-8"));
  std::string deep = "{\"a\":";
  for (int i = 0; i < 100'000; ++i) deep += "[";
  EXPECT_TRUE(contains(header_error(deep + "}"), "\"a\" is an array: expected an object"));
}

TEST_F(Safetensors, RefuseWhatIsNoTensor) {
  const auto tensor_error = [&](const std::string& fields, std::size_t data = 0) {
    return header_error("{\"w\":" + fields + "}", data);
  };
  const auto shape_error = [&](const std::string& shape) {
    return tensor_error(R"({"dtype":"F32","shape":)" + shape + R"(,"data_offsets":[0,8]})", 8);
  };
  EXPECT_TRUE(contains(tensor_error("3"), "\"w\" is 3: expected an object"));
  EXPECT_TRUE(contains(tensor_error("null"), "\"w\" is null: expected an object"));
  EXPECT_TRUE(contains(tensor_error("{}"), "\"w\" lacks dtype"));
  EXPECT_TRUE(contains(tensor_error(R"({"dtype":"F32","shape":[]})"), "lacks data_offsets"));
  EXPECT_TRUE(contains(tensor_error(R"({"dtype":"F32","dtype":"F32"})"), "\"w\" has dtype twice"));
  EXPECT_TRUE(contains(tensor_error(R"({"strides":[1]})"), "unknown field \"strides\""));
  EXPECT_TRUE(contains(tensor_error(R"({"dtype":3})"), "\"w\": dtype is 3: expected a string"));
  EXPECT_TRUE(contains(tensor_error(R"({"shape":"x"})"), "shape is a string: expected an array"));
  EXPECT_TRUE(contains(tensor_error(R"({"shape":[[]]})"), "shape[0] = an array: expected an int"));
  EXPECT_TRUE(contains(tensor_error(R"({"dtype":"F8_E4M3"})"),
                       "\"w\" has dtype F8_E4M3: supported are F64 F32 F16 BF16"));
  EXPECT_TRUE(contains(tensor_error(R"({"data_offsets":[0]})"), "data_offsets of length 1"));
  EXPECT_TRUE(contains(tensor_error(R"({"data_offsets":[0,4,8]})"), "data_offsets[2] = 8"));
  for (const char* number : {"-1", "1.5", "1e3", "9223372036854775808", "18446744073709551616"}) {
    EXPECT_TRUE(contains(shape_error(std::string("[1,") + number + "]"), "shape[1] = ")) << number;
  }
  EXPECT_TRUE(contains(shape_error("[1,1,1,1,1,1,1,1,1]"), "more than 8 dimensions"));
  EXPECT_TRUE(contains(shape_error("[2,9223372036854775807]"), "x F32 overflows"));
  EXPECT_TRUE(contains(shape_error("[0,4294967296,4294967296]"), "x F32 overflows"));
  EXPECT_TRUE(contains(shape_error("[2,3]"), "data_offsets [0, 8] do not hold shape [2, 3] x F32"));
}

TEST_F(Safetensors, RefuseTensorsThatOverlapOrLeaveGaps) {
  const auto two = [&](const std::string& a, const std::string& b, std::size_t data) {
    return header_error(R"({"a":{"dtype":"U8","shape":[8],"data_offsets":)" + a +
                            R"(},"b":{"dtype":"U8","shape":[8],"data_offsets":)" + b + "}}",
                        data);
  };
  EXPECT_TRUE(contains(two("[0,8]", "[4,12]", 12),
                       "\"b\" starts at 4, the previous tensor ends at 8: tensors must follow"));
  EXPECT_TRUE(contains(two("[0,8]", "[0,8]", 8), "\"b\" starts at 0"));
  EXPECT_TRUE(contains(two("[0,8]", "[9,17]", 17), "\"b\" starts at 9"));
  EXPECT_TRUE(contains(two("[1,9]", "[9,17]", 17), "\"a\" starts at 1"));
  EXPECT_TRUE(contains(two("[0,8]", "[8,0]", 8), "do not hold"));
  EXPECT_TRUE(contains(two("[0,8]", "[8,16]", 15), "take 16 bytes, 15 follow the header"));
  EXPECT_TRUE(contains(two("[0,8]", "[8,16]", 17), "take 16 bytes, 17 follow the header"));
  EXPECT_TRUE(contains(header_error(R"({"a":{"dtype":"U8","shape":[0],"data_offsets":[0,0]},)"
                                    R"("a":{"dtype":"U8","shape":[0],"data_offsets":[0,0]}})"),
                       "\"a\" is listed twice"));
}

TEST_F(Safetensors, RefuseMetadataThatAreNoStrings) {
  EXPECT_TRUE(contains(header_error(R"({"__metadata__":{"epoch":3}})"),
                       "__metadata__[\"epoch\"] is 3: the format allows only strings"));
  EXPECT_TRUE(contains(header_error(R"({"__metadata__":{"a":{}}})"), "is an object: the format"));
  EXPECT_TRUE(contains(header_error(R"({"__metadata__":{"a":"1","a":"2"}})"), "is listed twice"));
  EXPECT_TRUE(contains(header_error(R"({"__metadata__":"a"})"), "is a string: expected an object"));
}

TEST_F(Safetensors, RefuseNamesThatTheFormatCannotHold) {
  const std::string path = folder_ / "x.safetensors";
  const auto with = [](const std::string& name, const Tensor& x) {
    StateDict state;
    state.set(name, x);
    return state;
  };
  const auto text = [&](const StateDict& state) {
    return thrown_text<ValueError>([&] { write_safetensors(path, state); });
  };
  EXPECT_TRUE(contains(text(with("a\xff", ones({1}))), "\"a?\" is not UTF-8"));
  EXPECT_TRUE(contains(text(with("a", Tensor())), "\"a\" is undefined"));
  EXPECT_TRUE(contains(text(with("__metadata__", ones({1}))), "is the metadata's name"));
  EXPECT_TRUE(contains(thrown_text<ValueError>([&] {
                         write_safetensors(path, {}, {{"\xff", ""}});
                       }),
                       "is not UTF-8"));
  const std::string odd("a/b \"c\"\n\0d", 11);
  write_safetensors(path, with(odd, ones({1})));
  EXPECT_TRUE(read_safetensors(path).tensors.contains(odd));
}

TEST_F(Safetensors, ManyTensorsAreReadInLinearTime) {
  StateDict state;
  for (int i = 0; i < 50'000; ++i) state.set(str("layer.", i), scalar_tensor(i));
  write_safetensors(folder_ / "x.safetensors", state);
  const StateDict read = read_safetensors(folder_ / "x.safetensors").tensors;
  EXPECT_EQ(read.size(), 50'000U);
  EXPECT_EQ(read.at("layer.4711").item(), 4711);
}

TEST_F(Safetensors, NameAFileThatCannotBeRead) {
  for (const bool mmap : {true, false}) {
    const auto text = [&](const std::string& path) {
      return thrown_text<IoError>([&] { read_safetensors(path, {.mmap = mmap}); });
    };
    EXPECT_TRUE(contains(text(folder_ / "none"), "none: cannot be opened: No such file"));
    EXPECT_TRUE(contains(text(folder_.path()), "directory"));
    const std::string pipe = folder_ / (mmap ? "pipe1" : "pipe2");
    ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
    EXPECT_TRUE(contains(text(pipe), "regular file"));
  }
}

}  // namespace
}  // namespace tarn::io
