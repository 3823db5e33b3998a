#include "bench/axis_options.hpp"

#include "engines/core/text.hpp"

namespace voxelmark {

void add_axis_options(CLI::App& app, Options& options, AxisTexts& texts) {
  app.add_option("--filter", options.filter,
                 "Run the cases whose name this regular expression finds")
      ->type_name("REGEX");
  app.add_option("--size", options.sizes, "Image sizes, as 2048x2048,1024x1024x32")
      ->delimiter(',')
      ->type_name("SIZE,...");
  app.add_option("--dtype", options.dtypes, "Pixel types: u8, u16, f32 (default f32)")
      ->delimiter(',')
      ->type_name("TYPE,...");
  app.add_option("--engine", options.engines,
                 "Engines: reference, tbb, opencv, opencv-umat, opencl (default all)")
      ->delimiter(',')
      ->type_name("NAME,...");
  app.add_option("--device", options.devices,
                 "OpenCL devices whose name has this part (default all)")
      ->delimiter(',')
      ->type_name("PART,...");
  app.add_option("--threads", options.threads,
                 "CPU threads, for every CPU engine and device (default all)")
      ->delimiter(',')
      ->type_name("N,...")
      ->check(CLI::Range(1, 4096));
  app.add_option("--param", options.params,
                 "A parameter's values, as sigma=2,5 or radius=2x2x0; repeatable")
      ->type_name("NAME=VALUE,...");
  app.add_option("--sigma", texts.sigmas, "Short for --param sigma=...")->type_name("VALUE,...");
  app.add_option("--radius", texts.radii, "Short for --param radius=...")->type_name("VALUE,...");
  app.add_option("--input", options.inputs, "A TIFF file to work on; repeatable")
      ->type_name("FILE.tif");
  app.add_option(
         "--second", options.second,
         "A TIFF file for the second input of operations that take two: an image, labels or "
         "a mask (default: --input mirrored, or generated)")
      ->type_name("FILE.tif");
  app.add_option("--channel", options.channel, "Channel of a hyperstack, from 0")
      ->check(CLI::Range(0, 1 << 20));
  app.add_option("--frame", options.frame, "Frame of a hyperstack, from 0")
      ->check(CLI::Range(0, 1 << 20));
  app.add_option("--dataset", options.datasets,
                 "Generated images: noise, nuclei, blobs, spiral, constant (default noise)")
      ->delimiter(',')
      ->type_name("NAME,...");
  app.add_option("--seed", texts.seeds, "Seeds of generated images (default 1)")
      ->delimiter(',')
      ->type_name("N,...")
      ->check([](const std::string& text) {
        return parse_number<std::uint64_t>(text) ? std::string()
                                                 : "needs whole numbers from 0 to 2^64 - 1";
      });
}

void take_axes(const AxisTexts& texts, Options& options) {
  for (const auto& text : texts.seeds) options.seeds.push_back(*parse_number<std::uint64_t>(text));
  for (const auto& text : texts.sigmas) options.params.push_back("sigma=" + text);
  for (const auto& text : texts.radii) options.params.push_back("radius=" + text);
}

}  // namespace voxelmark
