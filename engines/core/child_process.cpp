#include "engines/core/child_process.hpp"

#include <sched.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <stdexcept>

namespace voxelmark {

namespace {

/// The environment of this process before runtimes changed it: PoCL sets HWLOC_PLUGINS_PATH, and a
/// loader that cuts OCL_ICD_FILENAMES in pieces in place hides devices from our children.
const std::vector<std::string> started_with = [] {
  std::vector<std::string> variables;
  for (char** variable = environ; *variable; ++variable) variables.emplace_back(*variable);
  return variables;
}();

std::vector<char*> pointers_to(std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  for (std::string& text : texts) pointers.push_back(text.data());
  pointers.push_back(nullptr);
  return pointers;
}

std::vector<std::string> environment_of(const ChildStart& start) {
  std::vector<std::string> variables = started_with;
  for (const auto& [name, value] : start.environment) {
    std::erase_if(variables, [&](const auto& text) { return text.starts_with(name + "="); });
    variables.push_back(name + "=" + value);
  }
  return variables;
}

/// The first `threads` of the CPUs that this process may use.
cpu_set_t cpus(int threads) {
  cpu_set_t allowed, chosen;
  CPU_ZERO(&chosen);
  sched_getaffinity(0, sizeof allowed, &allowed);
  for (int i = 0; i < CPU_SETSIZE && CPU_COUNT(&chosen) < threads; ++i)
    if (CPU_ISSET(i, &allowed)) CPU_SET(i, &chosen);
  return chosen;
}

void complain(const char* what, const char* name) {
  const char* const reason = std::strerror(errno);
  for (const char* part : {"cannot ", what, " ", name, ": ", reason, "\n"})
    (void)!write(STDERR_FILENO, part, std::strlen(part));
}

}  // namespace

pid_t start_child(const ChildStart& start) {
  auto command = start.command, environment = environment_of(start);
  const auto arguments = pointers_to(command), variables = pointers_to(environment);
  const cpu_set_t chosen = cpus(start.threads);
  const pid_t child = fork();
  if (child < 0)
    throw std::runtime_error(std::string("cannot start a process: ") + std::strerror(errno));
  if (child > 0) {
    setpgid(child, child);  // whoever of both comes first
    return child;
  }
  setpgid(0, 0);
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (start.threads > 0) sched_setaffinity(0, sizeof chosen, &chosen);
  for (const auto& [from, to] : {std::pair{start.input, STDIN_FILENO},
                                 {start.output, STDOUT_FILENO},
                                 {start.errors, STDERR_FILENO}})
    if (from >= 0) dup2(from, to);
  if (!start.folder.empty() && chdir(start.folder.c_str()) != 0)
    complain("enter the folder", start.folder.c_str());
  else {
    execvpe(arguments[0], arguments.data(), variables.data());
    complain("start", arguments[0]);
  }
  _exit(127);
}

std::string ended_with(int status) {
  if (WIFEXITED(status)) return "exit code " + std::to_string(WEXITSTATUS(status));
  const int signal = WTERMSIG(status);
  return "signal " + std::to_string(signal) + " (" + strsignal(signal) + ")";
}

}  // namespace voxelmark
