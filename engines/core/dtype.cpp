#include "engines/core/dtype.hpp"

#include "engines/core/error.hpp"

namespace voxelmark {

std::string to_string(DType type) {
  switch (type) {
    case DType::u8:
      return "u8";
    case DType::u16:
      return "u16";
    case DType::u32:
      return "u32";
    case DType::f32:
      return "f32";
    case DType::f64:
      return "f64";
  }
  throw std::logic_error("no such DType");
}

DType parse_dtype(std::string_view text) {
  for (const DType type : {DType::u8, DType::u16, DType::u32, DType::f32})
    if (text == to_string(type)) return type;
  throw BadInput("data type '" + std::string(text) + "' is unknown; use u8, u16, u32 or f32");
}

}  // namespace voxelmark
