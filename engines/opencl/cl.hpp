#pragma once
// The C++ bindings, as the whole engine uses them. OpenCL C 1.2 runs on every vendor's driver.
#define CL_HPP_ENABLE_EXCEPTIONS
#define CL_HPP_TARGET_OPENCL_VERSION 120
#define CL_HPP_MINIMUM_OPENCL_VERSION 120
#define CL_TARGET_OPENCL_VERSION 120
#include <CL/opencl.hpp>
#include <string>
#include <utility>

namespace voxelmark::opencl {

/// "CL_OUT_OF_RESOURCES (-5)".
std::string error_name(cl_int code);

/// Runs `work`; an OpenCL error leaves it as std::runtime_error with the call, the code by name and
/// `context`, the operation and its sizes.
template <class F>
decltype(auto) with_context(const std::string& context, F&& work) {
  try {
    return std::forward<F>(work)();
  } catch (const cl::Error& error) {
    throw std::runtime_error(context + ": " + error.what() + " gave " + error_name(error.err()));
  }
}

}  // namespace voxelmark::opencl
