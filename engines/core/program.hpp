#pragma once
#include <functional>
#include <string>

namespace voxelmark {

/// What programs end with.
namespace exit_code {
inline constexpr int good = 0;      ///< all was done, and is as it should be
inline constexpr int failed = 1;    ///< something failed, disagrees, or is not as required
inline constexpr int unusable = 2;  ///< wrong usage or input: there is no result
inline constexpr int interrupted = 130;
}  // namespace exit_code

/// Runs a program's body, which gives its exit code. What it throws becomes one line on standard
/// error under the program's name, and `unusable`, or `failed` where nobody but us is to blame; so
/// does a standard output that could not be written.
int run_program(const std::string& name, const std::function<int()>& body);

/// From now on the first Ctrl-C, or SIGTERM, sets interrupt_requested; the second one ends the
/// program.
void heed_interrupts();

/// Writes a text to a file, or to standard output where that is "-"; does nothing without a name.
/// Throws BadInput, naming the file.
void write_output(const std::string& file, const std::string& text);

}  // namespace voxelmark
