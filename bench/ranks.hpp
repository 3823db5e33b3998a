#pragma once
#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <streambuf>
#include <string>
#include <type_traits>
#include <vector>

namespace voxelmark {

/// Another rank failed, and has said why: this one ends without a word.
struct EndedByOtherRank {
  int code;  ///< an exit code
};

/// The processes that mpirun, or srun, started to work on one thing: this one among them. A process
/// that was started by itself, or by a bench without MPI, is the only rank of one, and all that
/// ranks do together costs it nothing.
///
/// Whatever ranks do together, each does as often and in the same order. A rank that waits for the
/// others sleeps: it does not disturb what they measure.
class Ranks {
 public:
  /// Joins the others where there are any. Ranks other than 0 are silenced on standard output.
  Ranks();
  ~Ranks();
  Ranks(const Ranks&) = delete;
  Ranks& operator=(const Ranks&) = delete;

  static bool has_mpi();  ///< whether this program was built with MPI
  static int launched();  ///< how many processes the launcher says that it started; or 1
  int rank() const { return rank_; }
  int size() const { return size_; }
  int on_this_host() const { return on_this_host_; }
  bool first() const { return rank_ == 0; }

  /// Does `step`, in which ranks are by themselves, and waits until all have done theirs. Where
  /// some fail, the lowest of them throws what it threw, and the others EndedByOtherRank.
  template <class Step>
  auto together(const Step& step) {
    std::exception_ptr error;
    using Result = std::invoke_result_t<Step>;
    if constexpr (std::is_void_v<Result>) {
      attempt([&] { step(); }, error);
      agree(error);
    } else {
      std::unique_ptr<Result> result;
      attempt([&] { result = std::make_unique<Result>(step()); }, error);
      agree(error);
      return std::move(*result);
    }
  }

  /// Texts of all ranks, in their order, on rank 0; nothing elsewhere.
  std::vector<std::string> gather(const std::string& text);
  /// The same on every rank.
  std::vector<std::string> share(const std::string& text);
  /// Rank 0's text.
  std::string broadcast(const std::string& text);
  /// Element by element over ranks, of as many on each.
  std::vector<double> sum(std::vector<double> values);
  std::vector<double> least(std::vector<double> values);
  std::vector<double> greatest(std::vector<double> values);
  std::vector<std::uint64_t> sum(std::vector<std::uint64_t> counts);

  /// Runs a program's body, as in run_program, and gives the exit code, which is the same on all
  /// ranks. Where a rank failed by itself all are ended.
  int run(const std::string& name, const std::function<int()>& body);

 private:
  static void attempt(const std::function<void()>& step, std::exception_ptr& error);
  void agree(const std::exception_ptr& error);
  void wait();

  int rank_ = 0, size_ = 1, on_this_host_ = 1;
  bool started_ = false, agreed_ = false;
  std::unique_ptr<std::streambuf> nowhere_;
  std::streambuf* output_ = nullptr;
};

}  // namespace voxelmark
