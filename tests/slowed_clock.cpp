// Linked into bench_slowed with -Wl,--wrap: a program whose monotonic clock runs 1.1 times as fast,
// so that every wall time that it measures is 10 % longer. gate_trial.py must find that.
#include <chrono>

using Clock = std::chrono::steady_clock;

extern "C" {

Clock::time_point __real__ZNSt6chrono3_V212steady_clock3nowEv();

Clock::time_point __wrap__ZNSt6chrono3_V212steady_clock3nowEv() {
  return Clock::time_point(__real__ZNSt6chrono3_V212steady_clock3nowEv().time_since_epoch() * 11 /
                           10);
}
}
