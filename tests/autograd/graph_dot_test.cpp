#include <string>

#include <gtest/gtest.h>

#include <tarn/autograd/graph_dot.h>
#include <tarn/autograd/ops.h>
#include <tarn/tensor/error.h>
#include <tarn/tensor/factories.h>

#include "../tensor/expect_error.h"

namespace tarn {
namespace {

using testing::fails_with;

TEST(GraphDot, DrawsOpsAndNamedLeavesInTheDirectionOfTheComputation) {
  const Tensor w = ones({3, 2}, {.requires_grad = true});
  const Tensor x = ones({2, 3});
  const Tensor loss = sum(square(matmul(x, w)));
  EXPECT_EQ(graph_dot(loss, {{"fc.\"w\"", w}, {"unused", x}, {"none", Tensor()}}),
            "digraph graph_of_output {\n"
            "  n0 [label=\"fc.\\\"w\\\"\\n[3, 2]\", shape=ellipse];\n"
            "  n1 [label=\"matmul\\n[2, 2]\", shape=box];\n"
            "  n2 [label=\"square\\n[2, 2]\", shape=box];\n"
            "  n3 [label=\"sum\\n[]\", shape=box];\n"
            "  n0 -> n1;\n"
            "  n1 -> n2;\n"
            "  n2 -> n3;\n"
            "}\n");
}

TEST(GraphDot, DrawsWhatIsSharedOnce) {
  const Tensor a = ones({2}, {.requires_grad = true});
  const Tensor b = exp(a);
  EXPECT_EQ(graph_dot(mul(b, add(b, b))),
            "digraph graph_of_output {\n"
            "  n0 [label=\"leaf\\n[2]\", shape=ellipse];\n"
            "  n1 [label=\"exp\\n[2]\", shape=box];\n"
            "  n2 [label=\"add\\n[2]\", shape=box];\n"
            "  n3 [label=\"mul\\n[2]\", shape=box];\n"
            "  n0 -> n1;\n"
            "  n1 -> n2;\n"
            "  n1 -> n2;\n"
            "  n1 -> n3;\n"
            "  n2 -> n3;\n"
            "}\n");
}

TEST(GraphDot, LeavesTheGraphReadyForBackward) {
  const Tensor a = ones({2}, {.requires_grad = true});
  const Tensor loss = sum(mul(a, 3));
  graph_dot(loss);
  loss.backward();
  EXPECT_EQ(a.grad().to_vector<int>(), (std::vector<int>{3, 3}));
}

TEST(GraphDot, RefusesATensorWithoutAGraph) {
  EXPECT_TRUE(fails_with<AutogradError>(
      [] {
        graph_dot(ones({2, 3}));
      },
      "graph_dot: the tensor (shape [2, 3])"));
  EXPECT_THROW(graph_dot(Tensor()), ValueError);
}

}  // namespace
}  // namespace tarn
