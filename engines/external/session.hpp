#pragma once
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "engines/core/error.hpp"
#include "engines/external/adapter_process.hpp"

namespace voxelmark {

/// An adapter says that it lacks something, and why.
struct AdapterDeclines : NotMeasurable {
  using NotMeasurable::NotMeasurable;
};

/// One of the devices that an adapter offers.
struct AdapterDevice {
  std::string name, id, type, driver;
  bool transfers = false;
};

/// What an adapter says of itself.
struct Hello {
  std::string name, version;
  std::vector<AdapterDevice> devices;
  std::vector<std::string> operations;
};

/// A conversation with one adapter's process.
class Session {
 public:
  Session(const AdapterProgram& program, int threads) : process_(program, threads) {}

  /// Throws AdapterFailed where the answer is wrong, AdapterDeclines.
  Hello hello();
  /// Sends {"do": what, ...message} and gives the answer. Throws AdapterFailed, with the adapter's
  /// own words where it reports an error; AdapterDeclines; Interrupted.
  nlohmann::json ask(const std::string& what, nlohmann::json message = nlohmann::json::object());
  bool alive() const { return process_.alive(); }
  int next_id() { return ++last_id_; }

 private:
  AdapterProcess process_;
  int last_id_ = 0;
};

/// Of 1 to 40 letters a-z, digits and '-'.
bool is_engine_name(const std::string& name);

}  // namespace voxelmark
