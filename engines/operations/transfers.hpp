#pragma once
#include <string>

#include "engines/core/operation.hpp"

namespace voxelmark {

namespace transfers {

inline Operation transfer(const std::string& family, int dims, const std::string& definition) {
  return {
      .name = operation_name(family, dims),
      .family = family,
      .dims = dims,
      .kind = Kind::pointwise,
      .definition = definition,
      .tolerance_rule = tolerances::exact_rule,
      .takes_non_finite = true,
      .is_transfer = true,
  };
}

inline std::vector<ParameterSpec> host_memory() {
  return {{.name = "memory",
           .default_value = "pageable",
           .choices = {"pageable", "pinned", "staged"},
           .description = "the host's side: ordinary memory that the driver moves, page-locked "
                          "memory that the device reaches by itself, or ordinary memory that the "
                          "engine moves through page-locked buffers"}};
}

}  // namespace transfers

inline Operation push(int dims) {
  Operation operation = transfers::transfer("Push", dims,
                                            "The image moved from the host's memory into the "
                                            "device's, unchanged. An engine that works on "
                                            "host memory copies it there.");
  operation.parameters = transfers::host_memory();
  return operation;
}

inline Operation pull(int dims) {
  Operation operation = transfers::transfer("Pull", dims,
                                            "The image moved from the device's memory into the "
                                            "host's, unchanged. An engine that works on "
                                            "host memory copies it there.");
  operation.parameters = transfers::host_memory();
  return operation;
}

inline Operation copy(int dims) {
  Operation operation =
      transfers::transfer("Copy", dims, "The image copied within the device's memory, unchanged.");
  operation.is_transfer = false;  // a copy reads and writes the device's memory
  return operation;
}

}  // namespace voxelmark
