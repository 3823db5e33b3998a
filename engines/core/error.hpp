#pragma once
#include <stdexcept>

namespace voxelmark {

/// The user's input is wrong: a name, a number, a file. Programs print its one line and exit with 2.
struct BadInput : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// An image does not fit a device or this machine's memory: a skipped row, not a failure.
struct TooLarge : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// The user pressed Ctrl-C: what was measured so far is kept.
struct Interrupted : std::runtime_error {
  Interrupted() : std::runtime_error("interrupted") {}
};

}  // namespace voxelmark
