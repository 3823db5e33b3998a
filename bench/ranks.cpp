#include "bench/ranks.hpp"

#ifdef VOXELMARK_MPI
#include <mpi.h>
#endif

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <iostream>
#include <thread>

#include "engines/core/error.hpp"
#include "engines/core/program.hpp"

namespace voxelmark {

namespace {

struct Nowhere final : std::streambuf {
  int overflow(int c) override { return traits_type::not_eof(c); }
};

int code_of(const std::exception_ptr& error) {
  if (!error) return exit_code::good;
  try {
    std::rethrow_exception(error);
  } catch (const Interrupted&) {
    return exit_code::interrupted;
  } catch (const BadInput&) {
    return exit_code::unusable;
  } catch (const NotMeasurable&) {
    return exit_code::unusable;
  } catch (const EndedByOtherRank& end) {
    return end.code;
  } catch (...) {
    return exit_code::failed;
  }
}

}  // namespace

int Ranks::launched() {
  // Open MPI's mpirun; MPICH's; srun, which sets the last one in scripts too, where there is no
  // PMIX_RANK.
  for (const char* name : {"OMPI_COMM_WORLD_SIZE", "PMI_SIZE"})
    if (const char* text = std::getenv(name)) return std::atoi(text);
  if (const char* tasks = std::getenv("SLURM_STEP_NUM_TASKS"); tasks && std::getenv("PMIX_RANK"))
    return std::atoi(tasks);
  return 1;
}

void Ranks::attempt(const std::function<void()>& step, std::exception_ptr& error) {
  try {
    step();
  } catch (...) {
    error = std::current_exception();
  }
}

int Ranks::run(const std::string& name, const std::function<int()>& body) {
  int code = run_program(name, [&] {
    try {
      const int mine = body();
      agreed_ = true;
      return mine;
    } catch (const EndedByOtherRank& end) {
      return end.code;
    }
  });
#ifdef VOXELMARK_MPI
  if (started_ && !agreed_) MPI_Abort(MPI_COMM_WORLD, code);
  if (started_) {
    wait();
    MPI_Allreduce(MPI_IN_PLACE, &code, 1, MPI_INT, MPI_MAX, MPI_COMM_WORLD);
  }
#endif
  return code;
}

#ifndef VOXELMARK_MPI

bool Ranks::has_mpi() { return false; }
Ranks::Ranks() = default;
Ranks::~Ranks() = default;
void Ranks::wait() {}
void Ranks::agree(const std::exception_ptr& error) {
  if (error) std::rethrow_exception(error);
}
std::vector<std::string> Ranks::gather(const std::string& text) { return {text}; }
std::vector<std::string> Ranks::share(const std::string& text) { return {text}; }
std::string Ranks::broadcast(const std::string& text) { return text; }
std::vector<double> Ranks::sum(std::vector<double> values) { return values; }
std::vector<double> Ranks::least(std::vector<double> values) { return values; }
std::vector<double> Ranks::greatest(std::vector<double> values) { return values; }
std::vector<std::uint64_t> Ranks::sum(std::vector<std::uint64_t> counts) { return counts; }

#else

bool Ranks::has_mpi() { return true; }

Ranks::Ranks() {
  if (launched() <= 1) return;
  int given = 0;
  // Lanes are threads; the one that called this is the only one that talks to other ranks.
  MPI_Init_thread(nullptr, nullptr, MPI_THREAD_FUNNELED, &given);
  started_ = true;
  MPI_Comm_rank(MPI_COMM_WORLD, &rank_);
  MPI_Comm_size(MPI_COMM_WORLD, &size_);
  MPI_Comm host = MPI_COMM_NULL;
  MPI_Comm_split_type(MPI_COMM_WORLD, MPI_COMM_TYPE_SHARED, 0, MPI_INFO_NULL, &host);
  MPI_Comm_size(host, &on_this_host_);
  MPI_Comm_free(&host);
  if (first()) return;
  nowhere_ = std::make_unique<Nowhere>();
  output_ = std::cout.rdbuf(nowhere_.get());
}

Ranks::~Ranks() {
  if (output_) std::cout.rdbuf(output_);
  if (started_) MPI_Finalize();
}

void Ranks::wait() {
  if (!started_) return;
  MPI_Request all = MPI_REQUEST_NULL;
  MPI_Ibarrier(MPI_COMM_WORLD, &all);
  for (int there = 0; MPI_Test(&all, &there, MPI_STATUS_IGNORE), !there;)
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
}

void Ranks::agree(const std::exception_ptr& error) {
  if (started_) {
    wait();
    const int mine = code_of(error);
    std::vector<int> codes(static_cast<std::size_t>(size_));
    MPI_Allgather(&mine, 1, MPI_INT, codes.data(), 1, MPI_INT, MPI_COMM_WORLD);
    for (std::size_t i = 0; i < codes.size(); ++i)
      if (codes[i] != exit_code::good) {
        agreed_ = true;
        if (static_cast<int>(i) != rank_) throw EndedByOtherRank{codes[i]};
        break;
      }
  }
  if (error) std::rethrow_exception(error);
}

namespace {

/// Lengths are of 32 bits in MPI: longer texts go in pieces.
void in_pieces(std::uint64_t all, const std::function<void(std::uint64_t, int)>& use) {
  constexpr std::uint64_t largest = 1 << 30;
  for (std::uint64_t from = 0; from < all; from += largest)
    use(from, static_cast<int>(std::min(largest, all - from)));
}

}  // namespace

std::vector<std::string> Ranks::gather(const std::string& text) {
  if (!started_) return {text};
  wait();
  const std::uint64_t length = text.size();
  std::vector<std::uint64_t> lengths(static_cast<std::size_t>(size_));
  MPI_Gather(&length, 1, MPI_UINT64_T, lengths.data(), 1, MPI_UINT64_T, 0, MPI_COMM_WORLD);
  if (!first()) {
    in_pieces(length, [&](std::uint64_t from, int count) {
      MPI_Send(text.data() + from, count, MPI_CHAR, 0, 0, MPI_COMM_WORLD);
    });
    return {};
  }
  std::vector<std::string> texts{text};
  for (int other = 1; other < size_; ++other) {
    std::string& got = texts.emplace_back(lengths[static_cast<std::size_t>(other)], '\0');
    in_pieces(got.size(), [&](std::uint64_t from, int count) {
      MPI_Recv(got.data() + from, count, MPI_CHAR, other, 0, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
    });
  }
  return texts;
}

std::string Ranks::broadcast(const std::string& text) {
  if (!started_) return text;
  wait();
  std::uint64_t length = text.size();
  MPI_Bcast(&length, 1, MPI_UINT64_T, 0, MPI_COMM_WORLD);
  std::string told = first() ? text : std::string(length, '\0');
  in_pieces(length, [&](std::uint64_t from, int count) {
    MPI_Bcast(told.data() + from, count, MPI_CHAR, 0, MPI_COMM_WORLD);
  });
  return told;
}

std::vector<std::string> Ranks::share(const std::string& text) {
  std::vector<std::string> texts = gather(text);
  texts.resize(static_cast<std::size_t>(size_));
  for (std::string& one : texts) one = broadcast(one);
  return texts;
}

namespace {

template <class T>
std::vector<T> reduced(std::vector<T> values, bool started, MPI_Datatype type, MPI_Op op) {
  if (started)
    MPI_Allreduce(MPI_IN_PLACE, values.data(), static_cast<int>(values.size()), type, op,
                  MPI_COMM_WORLD);
  return values;
}

}  // namespace

std::vector<double> Ranks::sum(std::vector<double> values) {
  wait();
  return reduced(std::move(values), started_, MPI_DOUBLE, MPI_SUM);
}

std::vector<double> Ranks::least(std::vector<double> values) {
  wait();
  return reduced(std::move(values), started_, MPI_DOUBLE, MPI_MIN);
}

std::vector<double> Ranks::greatest(std::vector<double> values) {
  wait();
  return reduced(std::move(values), started_, MPI_DOUBLE, MPI_MAX);
}

std::vector<std::uint64_t> Ranks::sum(std::vector<std::uint64_t> counts) {
  wait();
  return reduced(std::move(counts), started_, MPI_UINT64_T, MPI_SUM);
}

#endif

}  // namespace voxelmark
