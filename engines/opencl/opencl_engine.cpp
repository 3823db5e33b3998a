#include "engines/opencl/opencl_engine.hpp"

#include <map>
#include <utility>

#include "engines/core/text.hpp"
#include "engines/opencl/plan_builder.hpp"

namespace voxelmark {

namespace opencl {

Prepared OpenClEngine::prepare(const Request& request) {
  static const std::vector<std::pair<std::string, Make>> table{
      {"AbsoluteDifference", absolute_difference},
      {"AddImagesWeighted", add_images_weighted},
      {"AddScalar", add_scalar},
      {"AffineTransform", affine_transform},
      {"AutoThreshold", auto_threshold},
      {"BinaryAnd", binary_and},
      {"BottomHat", bottom_hat},
      {"Centroids", centroids},
      {"ConnectedComponents", connected_components},
      {"Convert", convert},
      {"Copy", copy},
      {"CountLabels", count_labels},
      {"Crop", crop},
      {"DetectMaxima", detect_maxima},
      {"DifferenceOfGaussian", difference_of_gaussian},
      {"Dilate", dilate},
      {"DivideByGaussianBackground", divide_by_gaussian_background},
      {"Erode", erode},
      {"ErodedOtsuLabeling", eroded_otsu_labeling},
      {"ExcludeLabelsOnEdges", exclude_labels_on_edges},
      {"ExcludeLabelsOutsideMeanRange", exclude_labels_outside_mean_range},
      {"ExcludeLabelsOutsideSizeRange", exclude_labels_outside_size_range},
      {"FindMaxima", find_maxima},
      {"FixedThreshold", fixed_threshold},
      {"Flip", flip},
      {"GaussianBlur", gaussian_blur},
      {"GaussOtsuLabeling", gauss_otsu_labeling},
      {"Histogram", histogram},
      {"LabelStatistics", label_statistics},
      {"Maximum", maximum},
      {"MaximumOfAllPixels", maximum_of_all_pixels},
      {"MaximumXProjection", maximum_x_projection},
      {"MaximumYProjection", maximum_y_projection},
      {"MaximumZProjection", maximum_z_projection},
      {"Mean", mean},
      {"MeanOfAllPixels", mean_of_all_pixels},
      {"MeanZProjection", mean_z_projection},
      {"Median", median},
      {"Minimum", minimum},
      {"MinimumOfAllPixels", minimum_of_all_pixels},
      {"MinimumZProjection", minimum_z_projection},
      {"MultiplyScalar", multiply_scalar},
      {"NeighborMesh", neighbor_mesh},
      {"Pull", pull},
      {"Push", push},
      {"RadialReslice", radial_reslice},
      {"Resample", resample},
      {"Reslice", reslice},
      {"Rotate", rotate},
      {"RotateAngle", rotate_angle},
      {"Scale", scale},
      {"SquaredDifference", squared_difference},
      {"StandardDeviationOfAllPixels", standard_deviation_of_all_pixels},
      {"SubtractGaussianBackground", subtract_gaussian_background},
      {"SumOfAllPixels", sum_of_all_pixels},
      {"SumZProjection", sum_z_projection},
      {"TopHat", top_hat},
      {"Translate", translate},
      {"Voronoi", voronoi},
      {"VoronoiOtsuLabeling", voronoi_otsu_labeling},
  };
  for (const auto& [family, make] : table)
    if (family == request.operation.family)
      return with_context("preparing " + request.operation.name + " on " +
                              to_string(request.inputs[0]->shape(), request.operation.dims) + " " +
                              to_string(request.inputs[0]->dtype()),
                          [&] {
                            PlanBuilder plan(*this, request);
                            return make(plan);
                          });
  return Skip{"the OpenCL engine has no " + request.operation.family};
}

namespace {

Device describe(const cl::Platform& platform, const cl::Device& cl_device) {
  Device device;
  device.engine = "opencl";
  device.name = cl_device.getInfo<CL_DEVICE_NAME>();
  const auto type = cl_device.getInfo<CL_DEVICE_TYPE>();
  device.type = type & CL_DEVICE_TYPE_GPU   ? "GPU"
                : type & CL_DEVICE_TYPE_CPU ? "CPU"
                                            : "accelerator";
  device.platform =
      platform.getInfo<CL_PLATFORM_NAME>() + " " + platform.getInfo<CL_PLATFORM_VERSION>();
  device.driver = cl_device.getInfo<CL_DRIVER_VERSION>();
  device.memory = cl_device.getInfo<CL_DEVICE_GLOBAL_MEM_SIZE>();
  device.largest_allocation = cl_device.getInfo<CL_DEVICE_MAX_MEM_ALLOC_SIZE>();
  device.local_memory = cl_device.getInfo<CL_DEVICE_LOCAL_MEM_SIZE>();
  device.compute_units = cl_device.getInfo<CL_DEVICE_MAX_COMPUTE_UNITS>();
  return device;
}

std::variant<std::unique_ptr<Engine>, Skip> open(Device device, cl::Device cl_device, int threads) {
  return with_context(
      "opening " + device.name, [&]() -> std::variant<std::unique_ptr<Engine>, Skip> {
        const auto units = static_cast<int>(device.compute_units);
        if (device.is_cpu() && threads > 0 && threads != units) {
          if (threads > units)
            return Skip{device.name + " has " + std::to_string(units) + " compute units, not " +
                        std::to_string(threads)};
          const cl_device_partition_property by_counts[]{CL_DEVICE_PARTITION_BY_COUNTS, threads,
                                                         CL_DEVICE_PARTITION_BY_COUNTS_LIST_END, 0};
          std::vector<cl::Device> parts;
          cl_device.createSubDevices(by_counts, &parts);
          cl_device = parts.at(0);
          device.compute_units = static_cast<unsigned>(threads);
        }
        return std::make_unique<OpenClEngine>(device, cl_device);
      });
}

std::vector<EngineEntry> devices() {
  std::vector<EngineEntry> entries;
  std::vector<cl::Platform> platforms;
  cl::Platform::get(&platforms);
  std::map<std::string, int> seen;
  for (const auto& platform : platforms) {
    std::vector<cl::Device> cl_devices;
    try {
      platform.getDevices(CL_DEVICE_TYPE_ALL, &cl_devices);
    } catch (const cl::Error& error) {
      if (error.err() != CL_DEVICE_NOT_FOUND) throw;
    }
    for (const auto& cl_device : cl_devices) {
      Device device = describe(platform, cl_device);
      const int number = seen[device.name]++;
      device.id =
          "opencl:" + identifier(device.name) + (number ? "#" + std::to_string(number) : "");
      entries.push_back(
          {device, [device, cl_device](int threads) { return open(device, cl_device, threads); }});
    }
  }
  return entries;
}

}  // namespace

}  // namespace opencl

EngineKind opencl_engine() {
  return {"opencl", []() -> std::variant<std::vector<EngineEntry>, Skip> {
            const Skip none{
                "no OpenCL device: install the GPU's driver with its ICD, or pocl-opencl-icd "
                "for the CPU"};
            try {
              auto entries = opencl::devices();
              if (entries.empty()) return none;
              return entries;
            } catch (const cl::Error& error) {
              return Skip{none.reason + " (" + error.what() + " gave " +
                          opencl::error_name(error.err()) + ")"};
            }
          }};
}

}  // namespace voxelmark
