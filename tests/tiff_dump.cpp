// Shows how a TIFF file was read, for comparison with another reader:
//   tiff_dump FILE [CHANNEL FRAME]
// writes "x y z dtype sx sy sz\n" and the raw pixels;
//   tiff_dump --copy FILE COPY
// reads one and writes the other. Exits with 2 where a file is refused.
#include <cstdlib>
#include <iostream>
#include <string_view>

#include "datasets/tiff.hpp"
#include "engines/core/error.hpp"
#include "engines/core/text.hpp"

int main(int argc, char** argv) {
  using namespace voxelmark;
  if (argc != 2 && argc != 4) {
    std::cerr << "usage: tiff_dump FILE [CHANNEL FRAME] | --copy FILE COPY\n";
    return 2;
  }
  try {
    if (argc == 4 && std::string_view(argv[1]) == "--copy") {
      write_tiff(argv[3], read_tiff(argv[2]));
      return 0;
    }
    TiffSelection selection;
    if (argc == 4) selection = {std::atoi(argv[2]), std::atoi(argv[3])};
    const Image image = read_tiff(argv[1], selection);
    const Shape& shape = image.shape();
    std::cout << shape.x << ' ' << shape.y << ' ' << shape.z << ' ' << to_string(image.dtype())
              << ' ' << shortest(image.spacing().x) << ' ' << shortest(image.spacing().y) << ' '
              << shortest(image.spacing().z) << '\n';
    std::cout.write(reinterpret_cast<const char*>(image.data()),
                    static_cast<std::streamsize>(image.bytes()));
    return std::cout.flush() ? 0 : 1;
  } catch (const BadInput& error) {
    std::cerr << error.what() << '\n';
  } catch (const TooLarge& error) {
    std::cerr << error.what() << '\n';
  }
  return 2;
}
