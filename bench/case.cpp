#include "bench/case.hpp"

namespace voxelmark {

std::string Task::suffix() const {
  std::string text = to_string(shape, operation->dims) + "/" + to_string(dtype);
  for (const auto& part : {parameters.text(operation->dims), source.label})
    if (!part.empty()) text += "/" + part;
  return text;
}

std::string Case::name() const {
  std::string text = task->operation->name + "/" + entry.device.id + "/" + task->suffix();
  if (threads > 0) text += "/threads:" + std::to_string(threads);
  return text;
}

std::string to_string(Check check) {
  switch (check) {
    case Check::full:
      return "full";
    case Check::sample:
      return "sample";
    case Check::none:
      return "none";
  }
  throw std::logic_error("no such Check");
}

}  // namespace voxelmark
