#pragma once
#include <sys/types.h>

#include <stdexcept>
#include <string>
#include <vector>

namespace voxelmark {

/// A program that speaks the protocol of docs/external-engines.md.
struct AdapterProgram {
  std::vector<std::string> command;
  std::string folder{};       ///< to start in; empty: this process's
  std::string python_path{};  ///< where Python finds voxelmark_adapter
  double time_limit = 300;    ///< seconds for one answer
};

/// An adapter ended, hung or said what is no answer; with its last words.
struct AdapterFailed : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// At most `longest` bytes of a text that somebody else wrote, in one line.
std::string one_line(std::string text, std::size_t longest);

/// An adapter's process: one line out, one line back. It and all that it started in its process
/// group end with this object.
class AdapterProcess {
 public:
  /// `threads` 0: all CPUs.
  AdapterProcess(const AdapterProgram& program, int threads);
  ~AdapterProcess();
  AdapterProcess(const AdapterProcess&) = delete;
  AdapterProcess& operator=(const AdapterProcess&) = delete;

  /// The line that answers `line`, both without their ends. Throws AdapterFailed, after which the
  /// process is no more, and Interrupted.
  std::string ask(const std::string& line);
  bool alive() const { return pid_ > 0; }
  /// Ends the process, since what it says can no longer be told apart, and throws AdapterFailed.
  [[noreturn]] void fail(const std::string& what);

 private:
  void send(const std::string& line);
  std::string receive();
  /// Of the error stream.
  std::string last_words() const;
  /// What waitpid gives after at most `grace_seconds` and then a kill.
  int end(double grace_seconds);

  double time_limit_;
  pid_t pid_ = -1;
  int to_ = -1, from_ = -1, errors_ = -1;
  std::string received_;
};

}  // namespace voxelmark
