#include "datasets/zarr_metadata.hpp"

#include <algorithm>
#include <bit>
#include <charconv>
#include <cmath>
#include <cstring>
#include <fstream>
#include <iterator>
#include <limits>
#include <map>
#include <numeric>

#include "datasets/input_file.hpp"
#include "engines/core/error.hpp"
#include "engines/core/files.hpp"
#include "engines/core/host_engine.hpp"
#include "engines/core/text.hpp"

namespace voxelmark {

namespace fs = std::filesystem;
using nlohmann::json;

namespace {

constexpr std::int64_t most_voxels = std::int64_t{1} << 48;  // as parse_shape has it
constexpr std::uintmax_t most_metadata = 64 << 20;
constexpr int most_nested = 100;
const std::string axis_names = "tczyx";
const std::string convert_hint = "; convert it to uint8, uint16, uint32 or float32";

/// Runs `read`, whose refusals then name the file that it read from.
template <class F>
auto naming(const fs::path& file, F&& read) {
  try {
    return read();
  } catch (const BadInput& error) {
    throw BadInput(file.string() + ": " + error.what());
  } catch (const json::exception& error) {
    const std::string text = error.what();  // behind "[json.exception.KIND.NUMBER] "
    throw BadInput(file.string() + ": is damaged metadata: " + text.substr(text.find("] ") + 2));
  }
}

json read_json(const fs::path& path) {
  const auto bytes = input_file_bytes(path);
  return naming(path, [&] {
    if (bytes > most_metadata)
      throw BadInput("is no metadata: it takes " + human_bytes(static_cast<double>(bytes)));
    std::ifstream file(path, std::ios::binary);
    const std::string text{std::istreambuf_iterator<char>(file), {}};
    // What is nested deeper would be copied, and shown, by as deep a recursion.
    json value = json::parse(text, [](int depth, json::parse_event_t, const json&) {
      if (depth > most_nested) throw BadInput("is damaged metadata: nested too deeply");
      return true;
    });
    if (!value.is_object()) throw BadInput("is damaged metadata: no JSON object");
    return value;
  });
}

void write_json(const fs::path& path, const json& value) {
  // A folder's name need not be UTF-8.
  write_text(path, value.dump(2, ' ', false, json::error_handler_t::replace) + "\n");
}

bool is_there(const fs::path& path) {
  std::error_code ignored;
  return fs::exists(path, ignored);
}

/// At most 40 characters of what metadata hold.
std::string excerpt(const json& value) {
  const std::string text = value.dump(-1, ' ', true);
  return text.size() <= 40 ? text : text.substr(0, 37) + "...";
}

/// What a level's or an array's list says of each axis; 1 where the array lacks it.
ZarrIndex extents(const json& list, const std::vector<ZarrAxis>& axes, const std::string& what) {
  if (!list.is_array() || list.size() != axes.size())
    throw BadInput("its " + what + " is " + excerpt(list) + ", not " +
                   counted(axes.size(), "extent"));
  ZarrIndex result{1, 1, 1, 1, 1};
  for (std::size_t i = 0; i < axes.size(); ++i) {
    if (!list[i].is_number_integer() || list[i].get<double>() < 1 ||
        list[i].get<double>() > static_cast<double>(most_voxels))
      throw BadInput("its " + what + " is " + excerpt(list) +
                     "; an extent is a whole number from 1 to 2^48");
    result[axes[i]] = list[i].get<std::int64_t>();
  }
  return result;
}

double product(const ZarrIndex& extents) {
  return std::accumulate(extents.begin(), extents.end(), 1.0, [](double so_far, std::int64_t n) {
    return so_far * static_cast<double>(n);
  });
}

DType parse_type(const json& name, const std::map<json, DType>& types) {
  const auto type = types.find(name);
  if (type == types.end())
    throw BadInput("has pixels of type " + excerpt(name) + ", which are not read" + convert_hint);
  return type->second;
}

template <class T>
std::optional<T> parse_fill(const json& fill) {
  if (fill.is_null()) return T{};  // any value will do
  if constexpr (std::is_floating_point_v<T>) {
    using limits = std::numeric_limits<T>;
    if (fill == "NaN") return limits::quiet_NaN();
    if (fill == "Infinity") return limits::infinity();
    if (fill == "-Infinity") return -limits::infinity();
    if (fill.is_string() && fill.get<std::string>().starts_with("0x")) {
      const std::string digits = fill.get<std::string>().substr(2);
      std::conditional_t<sizeof(T) == 4, std::uint32_t, std::uint64_t> bits = 0;
      const auto [end, error] =
          std::from_chars(digits.data(), digits.data() + digits.size(), bits, 16);
      if (error == std::errc{} && end == digits.data() + digits.size())
        return std::bit_cast<T>(bits);
    }
    if (fill.is_number()) return fill.get<T>();
  } else if (fill.is_number()) {
    const auto value = fill.get<double>();
    if (value >= 0 && value <= std::numeric_limits<T>::max() && value == std::floor(value))
      return static_cast<T>(value);
  }
  return std::nullopt;
}

void set_fill(ZarrArray& array, const json& fill) {
  visit(array.dtype, [&]<class T>(std::type_identity<T>) {
    const auto value = parse_fill<T>(fill);
    if (!value)
      throw BadInput("its fill value " + excerpt(fill) + " is none of " + to_string(array.dtype));
    std::memcpy(array.fill.data(), &*value, sizeof(T));
  });
}

void set_separator(ZarrArray& array, const json& separator) {
  if (separator != "/" && separator != ".")
    throw BadInput("its chunks are separated by " + excerpt(separator) + ", neither / nor .");
  array.separator = separator.get<std::string>()[0];
}

void parse_version_2(const json& metadata, ZarrArray& array) {
  static const std::map<json, DType> types{
      {"|u1", DType::u8},  {"<u1", DType::u8},  {">u1", DType::u8},
      {"<u2", DType::u16}, {">u2", DType::u16}, {"<u4", DType::u32},
      {">u4", DType::u32}, {"<f4", DType::f32}, {">f4", DType::f32}};
  const json& type = metadata.at("dtype");
  array.dtype = parse_type(type, types);
  array.chunk = extents(metadata.at("chunks"), array.axes, "list of chunks");
  if (metadata.value("order", "C") != "C")
    throw BadInput("has its pixels in the order " + excerpt(metadata.at("order")) +
                   ", which is not read; save it in C order");
  if (const json filters = metadata.value("filters", json()); !filters.empty())
    throw BadInput("uses the filter " + excerpt(filters[0].at("id")) +
                   ", which is not read; save it without filters");
  array.codecs.codecs = parse_compressor(metadata.at("compressor"));
  array.codecs.codecs.big_endian = type.get<std::string>()[0] == '>';
  set_separator(array, metadata.value("dimension_separator", "."));
}

void parse_shards(ZarrArray& array) {
  const Sharding& sharding = *array.codecs.sharding;
  const ZarrIndex file = array.chunk;
  array.chunk = extents(json(sharding.chunk), array.axes, "chunk_shape within shards");
  for (const ZarrAxis axis : array.axes) {
    if (file[axis] % array.chunk[axis]) throw BadInput("its shards do not consist of whole chunks");
    array.shard[axis] = file[axis] / array.chunk[axis];
  }
  if (product(array.shard) > static_cast<double>(most_voxels))
    throw BadInput("its shards have more than 2^48 chunks");
}

void parse_version_3(const json& metadata, ZarrArray& array) {
  static const std::map<json, DType> types{{"uint8", DType::u8},
                                           {"uint16", DType::u16},
                                           {"uint32", DType::u32},
                                           {"float32", DType::f32}};
  array.dtype = parse_type(metadata.at("data_type"), types);
  const json& grid = metadata.at("chunk_grid");
  if (grid.at("name") != "regular")
    throw BadInput("has chunks on the grid " + excerpt(grid.at("name")) +
                   ", which is not read; save it with a regular one");
  array.chunk = extents(grid.at("configuration").at("chunk_shape"), array.axes, "chunk_shape");
  const json& keys = metadata.at("chunk_key_encoding");
  const std::string encoding = keys.at("name").get<std::string>();
  if (encoding != "default" && encoding != "v2")
    throw BadInput("names its chunks by the encoding '" + encoding +
                   "', which is not read; those that are: default, v2");
  array.c_first = encoding == "default";
  set_separator(
      array,
      keys.value("configuration", json::object()).value("separator", array.c_first ? "/" : "."));
  if (metadata.contains("storage_transformers") && !metadata["storage_transformers"].empty())
    throw BadInput("uses storage transformers, which are not read");
  array.codecs = parse_codecs(metadata.at("codecs"), array.axes.size(), bytes_of(array.dtype));
  if (array.codecs.sharding) parse_shards(array);
}

/// `axes` of the group that it lies in.
ZarrArray read_array(const fs::path& folder, const std::optional<std::vector<ZarrAxis>>& axes) {
  ZarrArray array;
  array.folder = folder;
  array.version = is_there(folder / "zarr.json") ? 3 : 2;
  const fs::path file = folder / (array.version == 3 ? "zarr.json" : ".zarray");
  const json metadata = read_json(file);
  return naming(file, [&] {
    if (metadata.at("zarr_format") != array.version)
      throw BadInput("is of Zarr version " + excerpt(metadata["zarr_format"]) +
                     ", which is not read; 2 and 3 are");
    if (array.version == 3 && metadata.at("node_type") != "array")
      throw BadInput("is no array, but its group says so");
    const json& shape = metadata.at("shape");
    if (axes) {
      array.axes = *axes;
    } else {
      if (!shape.is_array() || shape.size() < 2 || shape.size() > axis_count)
        throw BadInput("its shape is " + excerpt(shape) + ", not of 2 to 5 axes");
      for (std::size_t i = axis_count - shape.size(); i < axis_count; ++i)
        array.axes.push_back(static_cast<ZarrAxis>(i));
    }
    array.shape = extents(shape, array.axes, "shape");
    if (product(array.shape) > static_cast<double>(most_voxels))
      throw BadInput("its shape is " + excerpt(shape) + ", more than 2^48 pixels");
    if (array.version == 2)
      parse_version_2(metadata, array);
    else
      parse_version_3(metadata, array);
    set_fill(array, metadata.at("fill_value"));
    const double bytes = product(array.chunk) * static_cast<double>(bytes_of(array.dtype));
    const auto available = static_cast<double>(host_memory_available());
    if (bytes > available)
      throw BadInput("a chunk takes " + human_bytes(bytes) + " of memory, but " +
                     human_bytes(available) + " are available; save it with smaller chunks");
    return array;
  });
}

/// Micrometres in a unit as OME-NGFF spells it; nothing where it is no length.
std::optional<double> micrometres_in(const json& unit) {
  static const std::map<std::string, double> units{
      {"angstrom", 1e-4}, {"picometer", 1e-6}, {"nanometer", 1e-3}, {"micrometer", 1},
      {"micron", 1},      {"millimeter", 1e3}, {"centimeter", 1e4}, {"decimeter", 1e5},
      {"meter", 1e6},     {"kilometer", 1e9},  {"inch", 25400},     {"foot", 304800},
      {"yard", 914400},   {"mile", 1609344e3}};
  if (!unit.is_string()) return std::nullopt;
  const auto found = units.find(unit.get<std::string>());
  return found == units.end() ? std::nullopt : std::optional(found->second);
}

std::vector<ZarrAxis> parse_axes(const json& list) {
  std::vector<ZarrAxis> axes;
  std::string names;
  for (const json& axis : list) {
    const std::string name = axis.at("name").get<std::string>();
    names += (names.empty() ? "" : ",") + name;
    const auto at = name.size() == 1 ? axis_names.find(name) : std::string::npos;
    if (at == std::string::npos || (!axes.empty() && axes.back() >= static_cast<ZarrAxis>(at)))
      throw BadInput("has the axes " + excerpt(names) +
                     "..., which are not read; those that are: t,c,z,y,x in this order, or without "
                     "t, c or z");
    axes.push_back(static_cast<ZarrAxis>(at));
  }
  if (axes.size() < 2 || axes[axes.size() - 2] != axis_y)
    throw BadInput("has no axes y and x at the end");
  return axes;
}

/// Multiplies the extent of a voxel by the scales of a list of transformations.
void apply_scales(const json& transformations, std::vector<double>& voxel) {
  for (const json& transformation : transformations) {
    if (transformation.at("type") != "scale") continue;
    const json& scale = transformation.at("scale");
    if (!scale.is_array() || scale.size() != voxel.size())
      throw BadInput("its scale is " + excerpt(scale) + ", not " + counted(voxel.size(), "number"));
    for (std::size_t i = 0; i < voxel.size(); ++i) {
      voxel[i] *= scale[i].get<double>();
      if (!(voxel[i] > 0 && std::isfinite(voxel[i])))
        throw BadInput("its scale is " + excerpt(scale) + "; each is a number above 0");
    }
  }
}

Spacing parse_spacing(const json& multiscale, const json& dataset,
                      const std::vector<ZarrAxis>& axes) {
  std::vector<double> voxel(axes.size(), 1);
  apply_scales(dataset.at("coordinateTransformations"), voxel);
  apply_scales(multiscale.value("coordinateTransformations", json::array()), voxel);
  Spacing spacing;
  for (std::size_t i = 0; i < axes.size(); ++i) {
    const auto micrometres = micrometres_in(multiscale["axes"][i].value("unit", json()));
    if (!micrometres) continue;
    if (axes[i] == axis_z) spacing.z = voxel[i] * *micrometres;
    if (axes[i] == axis_y) spacing.y = voxel[i] * *micrometres;
    if (axes[i] == axis_x) spacing.x = voxel[i] * *micrometres;
  }
  return spacing;
}

void require_version(const json& ome, const json& multiscale) {
  const json version = ome.value("version", multiscale.value("version", json()));
  const std::string text = version.is_string() ? version.get<std::string>() : "";
  if (!version.is_null() && !text.starts_with("0.4") && !text.starts_with("0.5"))
    throw BadInput("is OME-NGFF " + excerpt(version) + ", which is not read; 0.4 and 0.5 are");
}

/// A level's folder, which lies within the group.
fs::path level_folder(const fs::path& group, const json& dataset) {
  const fs::path below = dataset.at("path").get<std::string>();
  if (below.empty() || below.is_absolute() || std::ranges::find(below, "..") != below.end())
    throw BadInput("its levels do not lie in its folder, but at " + excerpt(below.string()));
  return group / below;
}

fs::path group_file(const fs::path& group) {
  return group / (is_there(group / "zarr.json") ? "zarr.json" : ".zattrs");
}

json name_and_settings(const std::string& name, const json& settings) {
  return {{"name", name}, {"configuration", settings}};
}

json listed(const ZarrArray& array, const ZarrIndex& extents) {
  json list = json::array();
  for (const ZarrAxis axis : array.axes) list.push_back(extents[axis]);
  return list;
}

/// A voxel's extent along each axis; 1 along those other than z, y and x.
json scale_of(const ZarrArray& array, const Spacing& spacing) {
  json list = json::array();
  for (const ZarrAxis axis : array.axes)
    list.push_back(axis == axis_z   ? spacing.z
                   : axis == axis_y ? spacing.y
                   : axis == axis_x ? spacing.x
                                    : 1.0);
  return list;
}

}  // namespace

std::size_t ZarrArray::chunk_bytes() const {
  return std::accumulate(
      chunk.begin(), chunk.end(), bytes_of(dtype),
      [](std::size_t so_far, std::int64_t n) { return so_far * static_cast<std::size_t>(n); });
}

std::string ZarrArray::numbers(const ZarrIndex& at) const {
  std::string text;
  for (const ZarrAxis axis : axes) text += (text.empty() ? "" : ", ") + std::to_string(at[axis]);
  return text;
}

fs::path ZarrArray::file_of(const ZarrIndex& at) const {
  std::string name = c_first ? "c" : "";
  for (const ZarrAxis axis : axes) {
    if (!name.empty()) name += separator;
    name += std::to_string(at[axis] / shard[axis]);
  }
  return folder / name;
}

ZarrImage read_zarr_image(const fs::path& path, int level) {
  const auto fail = [&](const std::string& why) { throw BadInput(path.string() + ": " + why); };
  std::error_code error;
  const auto status = fs::status(path, error);
  if (!fs::exists(status)) fail("No such file or directory");
  if (!fs::is_directory(status)) fail("is no folder, as Zarr volumes are");
  const fs::path file = group_file(path);
  const bool third = file.filename() == "zarr.json";
  if (third ? read_json(file).value("node_type", json()) == "array" : is_there(path / ".zarray")) {
    if (level != 0) fail("is a Zarr array, which has no level " + std::to_string(level));
    return {read_array(path, std::nullopt), {}};
  }
  if (!is_there(file)) {
    if (is_there(path / ".zgroup"))
      fail("is a Zarr group without OME-NGFF metadata; name one of the arrays in it");
    fail("is no Zarr volume: it has neither zarr.json nor .zattrs nor .zarray");
  }

  json attributes = read_group_attributes(path);
  ZarrImage image;
  fs::path folder;
  std::vector<ZarrAxis> axes;
  naming(file, [&] {
    const json marks = attributes.value("voxelmark", json::object());
    image.incomplete = marks.value("incomplete", false);
    image.task = marks.value("task", "");
    const json& ome = ome_of(attributes);
    const json multiscales = ome.value("multiscales", json::array());
    if (!multiscales.is_array() || multiscales.empty())
      throw BadInput("describes no image (OME-NGFF multiscales); name one of the folders in it");
    const json& multiscale = multiscales[0];
    require_version(ome, multiscale);
    axes = parse_axes(multiscale.at("axes"));
    const json& datasets = multiscale.at("datasets");
    image.levels = datasets.size();
    if (level < 0 || static_cast<std::size_t>(level) >= image.levels)
      throw BadInput("has no level " + std::to_string(level) + "; it holds " +
                     std::to_string(image.levels) + ", counted from 0");
    const json& dataset = datasets.at(static_cast<std::size_t>(level));
    image.spacing = parse_spacing(multiscale, dataset, axes);
    folder = level_folder(path, dataset);
  });
  image.array = read_array(folder, axes);
  return image;
}

json read_group_attributes(const fs::path& group) {
  const fs::path file = group_file(group);
  json metadata = read_json(file);
  return naming(file, [&]() -> json {
    if (file.filename() == ".zattrs") return metadata;
    if (metadata.at("zarr_format") != 3 || metadata.at("node_type") != "group")
      throw BadInput("is no group of Zarr version 3");
    json attributes = metadata.value("attributes", json::object());
    if (!attributes.is_object())
      throw BadInput("is damaged metadata: its attributes are no object");
    return attributes;
  });
}

void write_group_attributes(const fs::path& group, int version, const json& attributes) {
  if (version == 2) return write_json(group / ".zattrs", attributes);
  const fs::path file = group / "zarr.json";
  json metadata =
      is_there(file) ? read_json(file) : json{{"zarr_format", 3}, {"node_type", "group"}};
  metadata["attributes"] = attributes;
  write_json(file, metadata);
}

json& ome_of(json& attributes) {
  return attributes.contains("ome") ? attributes["ome"] : attributes;
}

ZarrArray new_array(const fs::path& folder, const VolumeInfo& info, const ZarrFormat& format) {
  ZarrArray array;
  array.folder = folder;
  array.version = format.version;
  if (info.frames > 1) array.axes.push_back(axis_t);
  if (info.shape.z > 1) array.axes.push_back(axis_z);
  array.axes.insert(array.axes.end(), {axis_y, axis_x});
  array.shape = {info.frames, 1, info.shape.z, info.shape.y, info.shape.x};
  array.chunk = {1, 1, info.shape.z > 1 ? info.chunk.z : 1, info.chunk.y, info.chunk.x};
  array.dtype = info.dtype;
  array.c_first = format.version == 3;
  array.separator = '/';
  if (format.compression != ZarrFormat::Compression::none)
    array.codecs.codecs.steps = {
        {.name = "blosc",
         .inner = format.compression == ZarrFormat::Compression::lz4 ? "lz4" : "zstd",
         .level = format.compression == ZarrFormat::Compression::lz4 ? 5 : 3,
         .shuffle = static_cast<int>(format.shuffle)}};
  return array;
}

void write_array_metadata(const ZarrArray& array) {
  static const std::array shuffles{"noshuffle", "shuffle", "bitshuffle"};
  const auto& steps = array.codecs.codecs.steps;
  const json fill = array.dtype == DType::f32 ? json(0.0) : json(0);
  json metadata{
      {"zarr_format", array.version}, {"shape", listed(array, array.shape)}, {"fill_value", fill}};
  if (array.version == 2) {
    const std::string type =
        array.dtype == DType::f32 ? "f4" : "u" + std::to_string(bytes_of(array.dtype));
    metadata.update({{"chunks", listed(array, array.chunk)},
                     {"dtype", (array.dtype == DType::u8 ? "|" : "<") + type},
                     {"order", "C"},
                     {"filters", nullptr},
                     {"dimension_separator", "/"},
                     {"compressor", nullptr}});
    if (!steps.empty())
      metadata["compressor"] = {{"id", "blosc"},
                                {"cname", steps[0].inner},
                                {"clevel", steps[0].level},
                                {"shuffle", steps[0].shuffle},
                                {"blocksize", 0}};
    return write_json(array.folder / ".zarray", metadata);
  }
  json codecs = json::array({name_and_settings("bytes", {{"endian", "little"}})});
  if (!steps.empty())
    codecs.push_back(name_and_settings(
        "blosc", {{"cname", steps[0].inner},
                  {"clevel", steps[0].level},
                  {"shuffle", shuffles.at(static_cast<std::size_t>(steps[0].shuffle))},
                  {"typesize", bytes_of(array.dtype)},
                  {"blocksize", 0}}));
  json names = json::array();
  for (const ZarrAxis axis : array.axes) names.push_back(std::string(1, axis_names[axis]));
  metadata.update(
      {{"node_type", "array"},
       {"data_type",
        array.dtype == DType::f32 ? "float32" : "uint" + std::to_string(8 * bytes_of(array.dtype))},
       {"chunk_grid", name_and_settings("regular", {{"chunk_shape", listed(array, array.chunk)}})},
       {"chunk_key_encoding", name_and_settings("default", {{"separator", "/"}})},
       {"codecs", codecs},
       {"dimension_names", names},
       {"attributes", json::object()}});
  write_json(array.folder / "zarr.json", metadata);
}

json new_group_attributes(const ZarrArray& array, const std::string& name, const Spacing& spacing) {
  json axes = json::array();
  for (const ZarrAxis axis : array.axes)
    if (axis == axis_t)
      axes.push_back({{"name", "t"}, {"type", "time"}});
    else
      axes.push_back(
          {{"name", std::string(1, axis_names[axis])}, {"type", "space"}, {"unit", "micrometer"}});
  const json scale{{"type", "scale"}, {"scale", scale_of(array, spacing)}};
  const json level{{"path", array.folder.filename().string()},
                   {"coordinateTransformations", json::array({scale})}};
  json multiscale{{"name", name}, {"axes", axes}, {"datasets", json::array({level})}};
  if (array.version == 2) {
    multiscale["version"] = "0.4";
    return {{"multiscales", json::array({multiscale})}};
  }
  return {{"ome", {{"version", "0.5"}, {"multiscales", json::array({multiscale})}}}};
}

json level_entry(const json& level_0, const std::vector<ZarrAxis>& axes, const ZarrIndex& factors,
                 bool centred, const std::string& name) {
  json scale, translation(axes.size(), 0.0);
  for (const json& transformation : level_0.at("coordinateTransformations")) {
    if (transformation.at("type") == "scale") scale = transformation.at("scale");
    if (transformation.at("type") == "translation") translation = transformation.at("translation");
  }
  for (std::size_t i = 0; i < axes.size(); ++i) {
    const double before = scale.at(i).get<double>();
    const auto factor = static_cast<double>(factors[axes[i]]);
    scale[i] = before * factor;
    if (centred) translation.at(i) = translation.at(i).get<double>() + before * (factor - 1) / 2;
  }
  return {{"path", name},
          {"coordinateTransformations",
           {{{"type", "scale"}, {"scale", scale}},
            {{"type", "translation"}, {"translation", translation}}}}};
}

void remove_leftovers(const fs::path& group) {
  try {
    std::vector<fs::path> found;
    for (auto entry = fs::recursive_directory_iterator(group);
         entry != fs::recursive_directory_iterator(); ++entry)
      if (entry->path().filename().string().find(".tmp-") != std::string::npos) {
        found.push_back(entry->path());
        entry.disable_recursion_pending();
      }
    for (const fs::path& path : found) fs::remove_all(path);
  } catch (const fs::filesystem_error& error) {
    throw BadInput(error.path1().string() + ": " + error.code().message());
  }
}

}  // namespace voxelmark
