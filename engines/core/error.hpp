#pragma once
#include <stdexcept>

namespace voxelmark {

/// The user's input is wrong: a name, a number, a file. Programs print its one line and exit
/// with 2.
struct BadInput : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// A case that cannot be measured, for a reason that is nobody's fault: a skipped row, not a
/// failure.
struct NotMeasurable : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// An image does not fit a device or this machine's memory.
struct TooLarge : NotMeasurable {
  using NotMeasurable::NotMeasurable;
};

/// The user pressed Ctrl-C: what was measured so far is kept.
struct Interrupted : std::runtime_error {
  Interrupted() : std::runtime_error("interrupted") {}
};

}  // namespace voxelmark
