#include "engines/external/adapter_process.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <system_error>
#include <thread>

#include "engines/core/child_process.hpp"
#include "engines/core/clock.hpp"
#include "engines/core/error.hpp"
#include "engines/core/interrupt.hpp"
#include "engines/core/text.hpp"

namespace voxelmark {

namespace {

constexpr std::size_t longest_line = std::size_t{1} << 20;
constexpr off_t most_kept_of_errors = off_t{1} << 20;

int checked(int result, const char* what) {
  if (result < 0) throw std::system_error(errno, std::generic_category(), what);
  return result;
}

}  // namespace

std::string one_line(std::string text, std::size_t longest) {
  if (text.size() > longest) text = text.substr(0, longest) + "...";
  for (char& c : text)
    if (static_cast<unsigned char>(c) < ' ' || c == '\x7f') c = ' ';
  return text;
}

AdapterProcess::AdapterProcess(const AdapterProgram& program, int threads)
    : time_limit_(program.time_limit) {
  // A socket can be written to without a signal where the other side is gone. Errors go to memory
  // that nobody has to empty: an adapter that talks much never waits for us.
  int input[2], output[2];
  checked(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, input), "socketpair");
  checked(pipe2(output, O_CLOEXEC), "pipe");
  to_ = input[0];
  from_ = output[0];
  errors_ = checked(memfd_create("errors", MFD_CLOEXEC), "memfd_create");
  checked(fcntl(errors_, F_SETFL, O_APPEND), "fcntl");
  ChildStart start{.command = program.command,
                   .folder = program.folder,
                   .input = input[1],
                   .output = output[1],
                   .errors = errors_,
                   .threads = threads};
  if (!program.python_path.empty()) {
    const char* before = std::getenv("PYTHONPATH");
    start.environment.emplace_back(
        "PYTHONPATH",
        program.python_path + (before && *before ? ":" + std::string(before) : std::string()));
  }
  pid_ = start_child(start);
  close(input[1]);
  close(output[1]);
}

AdapterProcess::~AdapterProcess() {
  // The end of its input asks it to go.
  constexpr double grace_seconds = 1;
  end(grace_seconds);
  for (const int fd : {from_, errors_}) close(fd);
}

int AdapterProcess::end(double grace_seconds) {
  if (to_ >= 0) close(to_);
  to_ = -1;
  if (pid_ < 0) return 0;
  int status = 0;
  pid_t ended = 0;
  for (const auto start = Clock::now();
       (ended = waitpid(pid_, &status, WNOHANG)) == 0 && seconds_since(start) < grace_seconds;)
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  // Its own children may outlive it.
  kill(-pid_, SIGKILL);
  if (ended == 0) waitpid(pid_, &status, 0);
  pid_ = -1;
  return status;
}

std::string AdapterProcess::last_words() const {
  struct stat about {};
  fstat(errors_, &about);
  constexpr off_t most = 2000;
  std::string text(static_cast<std::size_t>(std::min(about.st_size, most)), '\0');
  const auto read =
      pread(errors_, text.data(), text.size(), about.st_size - static_cast<off_t>(text.size()));
  text.resize(static_cast<std::size_t>(std::max<ssize_t>(read, 0)));
  const auto lines = split(text, '\n');
  const auto last = std::find_if(lines.rbegin(), lines.rend(), [](const std::string& line) {
    return line.find_first_not_of(" \r\t") != std::string::npos;
  });
  return last == lines.rend() ? "" : "; its last words: " + one_line(*last, 300);
}

void AdapterProcess::fail(const std::string& what) {
  end(0);
  throw AdapterFailed(what + last_words());
}

void AdapterProcess::send(const std::string& line) {
  const std::string text = line + "\n";
  const auto sent = ::send(to_, text.data(), text.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
  if (sent < 0 && errno == EAGAIN) fail("the adapter does not read what is sent to it");
  // Where it has ended, receive() sees that too, and says how.
}

std::string AdapterProcess::receive() {
  const auto start = Clock::now();
  constexpr int look_around_ms = 200;
  for (;;) {
    if (const auto line_end = received_.find('\n'); line_end != std::string::npos) {
      if (line_end + 1 < received_.size())
        fail("the adapter answered with more than one line: " + one_line(received_, 200));
      std::string line = received_.substr(0, line_end);
      received_.clear();
      return line;
    }
    if (received_.size() > longest_line) fail("the adapter's answer does not end");
    if (interrupt_requested) {
      end(0);
      throw Interrupted();
    }
    if (seconds_since(start) > time_limit_)
      fail("the adapter did not answer within " + shortest(time_limit_) + " s");
    struct stat about {};
    if (fstat(errors_, &about) == 0 && about.st_size > most_kept_of_errors)
      (void)!ftruncate(errors_, 0);
    pollfd ready{from_, POLLIN, 0};
    if (poll(&ready, 1, look_around_ms) <= 0) continue;
    char buffer[4096];
    const auto count = read(from_, buffer, sizeof buffer);
    if (count > 0) received_.append(buffer, static_cast<std::size_t>(count));
    if (count == 0) {
      constexpr double grace_seconds = 2;
      const int status = end(grace_seconds);
      throw AdapterFailed("the adapter ended with " + ended_with(status) + " before it answered" +
                          last_words());
    }
  }
}

std::string AdapterProcess::ask(const std::string& line) {
  if (!alive()) throw AdapterFailed("the adapter has ended");
  if (!received_.empty())
    fail("the adapter wrote without being asked: " + one_line(received_, 200));
  send(line);
  return receive();
}

}  // namespace voxelmark
