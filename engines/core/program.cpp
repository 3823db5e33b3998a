#include "engines/core/program.hpp"

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <iostream>
#include <new>

#include "engines/core/error.hpp"
#include "engines/core/files.hpp"
#include "engines/core/interrupt.hpp"

namespace voxelmark {

namespace {

void on_signal(int signal) {
  interrupt_requested = true;
  std::signal(signal, SIG_DFL);
}

/// One line, whatever the user's text brought along.
int complain(const std::string& name, std::string message, int code) {
  std::replace(message.begin(), message.end(), '\n', ' ');
  std::cerr << name << ": " << message << "\n";
  return code;
}

int run(const std::string& name, const std::function<int()>& body) {
  try {
    return body();
  } catch (const Interrupted&) {
    return exit_code::interrupted;
  } catch (const BadInput& error) {
    return complain(name, error.what(), exit_code::unusable);
  } catch (const NotMeasurable& error) {
    return complain(name, error.what(), exit_code::unusable);
  } catch (const std::filesystem::filesystem_error& error) {
    return complain(name, error.path1().string() + ": " + error.code().message(),
                    exit_code::unusable);
  } catch (const std::bad_alloc&) {
    return complain(name, "this machine's memory does not suffice; take smaller images",
                    exit_code::unusable);
  } catch (const std::exception& error) {
    return complain(name, error.what(), exit_code::failed);
  }
}

}  // namespace

int run_program(const std::string& name, const std::function<int()>& body) {
  const int code = run(name, body);
  std::cout.flush();
  return std::cout ? code : complain(name, "cannot write to standard output", exit_code::unusable);
}

void heed_interrupts() {
  std::signal(SIGINT, on_signal);
  std::signal(SIGTERM, on_signal);
  // A terminal that closes; nohup has it ignored.
  if (std::signal(SIGHUP, on_signal) == SIG_IGN) std::signal(SIGHUP, SIG_IGN);
}

void write_output(const std::string& file, const std::string& text) {
  if (file == "-")
    std::cout << text << std::flush;
  else if (!file.empty())
    write_text(file, text);
}

}  // namespace voxelmark
