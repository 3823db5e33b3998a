#pragma once
#include <string>
#include <vector>

#include "datasets/tiff.hpp"
#include "validate/requirement.hpp"

namespace CLI {
class App;
}

namespace voxelmark {

/// Declares --channel and --frame.
void add_selection(CLI::App& app, TiffSelection& selection);

/// What is demanded of metrics, and where they go: files, "-" for standard output, or nothing.
struct AgreementOutputs {
  std::vector<Requirement> requirements;
  std::string json, csv;

  /// Whether standard output belongs to one of them.
  bool on_stdout() const { return json == "-" || csv == "-"; }
};

/// Declares --require, as in `requirement`, --json and --csv.
void add_agreement_outputs(CLI::App& app, AgreementOutputs& outputs,
                           const std::string& requirement);

/// Tries the outputs before minutes are spent. Throws BadInput where one cannot be written, is one
/// of `inputs`, or where both want standard output.
void require_writable(const AgreementOutputs& outputs, const std::vector<std::string>& inputs);

}  // namespace voxelmark
