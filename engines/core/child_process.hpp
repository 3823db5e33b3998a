#pragma once
#include <sys/types.h>

#include <string>
#include <utility>
#include <vector>

namespace voxelmark {

/// A program to start as a child of this one.
struct ChildStart {
  std::vector<std::string> command;          ///< the program, found in PATH, and its arguments
  std::string folder{};                      ///< to start in; empty: this one's
  int input = -1, output = -1, errors = -1;  ///< what become its standard streams; -1: ours
  std::vector<std::pair<std::string, std::string>> environment{};  ///< added to what bench had
  int threads = 0;  ///< CPUs that it may use; 0: all of ours
};

/// Starts it with the environment that this process was started with, in a process group of its
/// own, so that a terminal's Ctrl-C reaches it through us alone. It ends when this process does.
/// Where the program cannot be started, the child says so on its error stream and exits with 127.
/// Throws std::runtime_error where there can be no further process.
pid_t start_child(const ChildStart& start);

/// "exit code 3", "signal 11 (Segmentation fault)", of what waitpid gave.
std::string ended_with(int status);

}  // namespace voxelmark
