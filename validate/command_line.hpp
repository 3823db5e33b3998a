#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "validate/object_measurements.hpp"
#include "validate/pair.hpp"
#include "validate/shared_options.hpp"

namespace voxelmark {

enum class ValidateCommand { pair, measurements, measure };

/// What the user asked for.
struct ValidateOptions {
  ValidateCommand command = ValidateCommand::pair;
  std::string word;  ///< the subcommand, as typed
  std::vector<std::string> files;
  PairSettings settings;
  std::string reference_column, test_column, key_column, unit;
  std::string reference_again, test_again;  ///< columns of second readings
  AgreementOutputs outputs;
  std::uint64_t seed = 1;  ///< of the bootstrap
  FeretPoints feret = FeretPoints::corners;
};

/// Reads the command line. Gives an exit code instead where there is nothing left to do: help,
/// or version, which have been printed by then. Throws BadInput on wrong usage.
std::variant<ValidateOptions, int> parse_validate_command_line(int argc, char** argv);

}  // namespace voxelmark
