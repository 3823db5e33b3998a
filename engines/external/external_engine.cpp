#include "engines/external/external_engine.hpp"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <system_error>

#include "engines/core/error.hpp"
#include "engines/core/host_engine.hpp"
#include "engines/core/text.hpp"
#include "engines/external/manifest.hpp"
#include "engines/external/session.hpp"

namespace voxelmark {

namespace {

using nlohmann::json;

json axes(const Shape& shape) { return {shape.x, shape.y, shape.z}; }

/// Pixels in memory that the adapter maps too.
class SharedPixels {
 public:
  explicit SharedPixels(std::size_t bytes)
      : bytes_(bytes), file_(memfd_create("pixels", MFD_CLOEXEC)) {
    if (file_ >= 0 && ftruncate(file_, static_cast<off_t>(bytes)) == 0)
      if (void* place = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, file_, 0);
          place != MAP_FAILED) {
        data_ = static_cast<std::byte*>(place);
        return;
      }
    const int reason = errno;
    if (file_ >= 0) close(file_);
    throw std::system_error(reason, std::generic_category(), "memory to share with the adapter");
  }
  ~SharedPixels() {
    munmap(data_, bytes_);
    close(file_);
  }
  SharedPixels(const SharedPixels&) = delete;
  SharedPixels& operator=(const SharedPixels&) = delete;

  std::byte* data() const { return data_; }
  /// For other processes, as long as this object lives. It vanishes with this process.
  std::string path() const {
    return "/proc/" + std::to_string(getpid()) + "/fd/" + std::to_string(file_);
  }

 private:
  std::size_t bytes_;
  int file_;
  std::byte* data_ = nullptr;
};

/// Tells the adapter to forget something. It may be gone, and destructors do not throw.
void forget(Session& session, const json& message) noexcept {
  try {
    if (session.alive()) session.ask("free", message);
  } catch (...) {  // NOLINT: the next question will find the same
  }
}

class ExternalBuffer final : public Buffer {
 public:
  ExternalBuffer(Shape shape, DType dtype, std::shared_ptr<Session> session)
      : Buffer(shape, dtype),
        session_(std::move(session)),
        id_(session_->next_id()),
        pixels_(bytes()) {
    session_->ask("buffer", {{"buffer", id_},
                             {"file", pixels_.path()},
                             {"shape", axes(shape)},
                             {"dtype", to_string(dtype)}});
  }
  ~ExternalBuffer() override { forget(*session_, {{"buffers", {id_}}, {"plans", json::array()}}); }

  int id() const { return id_; }
  std::byte* data() const { return pixels_.data(); }

 private:
  std::shared_ptr<Session> session_;
  int id_;
  SharedPixels pixels_;
};

ExternalBuffer& external(Buffer& buffer) { return static_cast<ExternalBuffer&>(buffer); }
const ExternalBuffer& external(const Buffer& buffer) {
  return static_cast<const ExternalBuffer&>(buffer);
}

/// Reads a figure of an answer.
std::optional<double> seconds_in(const json& answer, const char* key) {
  if (!answer.contains(key) || answer[key].is_null()) return std::nullopt;
  if (!answer[key].is_number() || !(answer[key].get<double>() >= 0))
    throw AdapterFailed("the adapter's \"" + std::string(key) +
                        "\" is no time in seconds: " + answer[key].dump());
  return answer[key].get<double>();
}

class ExternalStream final : public Stream {
 public:
  explicit ExternalStream(std::shared_ptr<Session> session) : session_(std::move(session)) {}

  void upload(const Image& image, Buffer& buffer) override {
    sync();
    std::memcpy(external(buffer).data(), image.data(), image.bytes());
    add(session_->ask("upload", {{"buffer", external(buffer).id()}}));
  }

  void download(const Buffer& buffer, Image& image) override {
    sync();
    const json answer = session_->ask("download", {{"buffer", external(buffer).id()}});
    const json shape = axes(buffer.shape()), dtype = to_string(buffer.dtype());
    const auto given = [&](const char* key) { return answer.contains(key) ? answer[key] : json(); };
    if (given("shape") != shape || given("dtype") != dtype)
      throw AdapterFailed("the adapter's result is " + given("dtype").dump() + " of " +
                          given("shape").dump() + " voxels (x, y, z), not " + dtype.dump() +
                          " of " + shape.dump());
    std::memcpy(image.data(), external(buffer).data(), image.bytes());
    add(answer);
  }

  void copy(const Buffer&, Buffer&) override {
    throw std::logic_error("external engines do not copy buffers");
  }

  void fill(Buffer& buffer, std::uint8_t byte) override {
    std::memset(external(buffer).data(), byte, buffer.bytes());
  }

  void enqueue(int plan) { waiting_.push_back(plan); }

  void sync() override {
    if (waiting_.empty()) return;
    const json plans = std::exchange(waiting_, {});
    const json answer = session_->ask("run", {{"plans", plans}});
    device_seconds_ = seconds_in(answer, "device_seconds");
    add(answer);
  }

  std::optional<double> device_seconds() override {
    sync();
    return std::exchange(device_seconds_, std::nullopt);
  }

  std::optional<double> own_seconds() override { return std::exchange(own_seconds_, 0.0); }

 private:
  void add(const json& answer) {
    const auto seconds = seconds_in(answer, "seconds");
    if (!seconds) throw AdapterFailed("the adapter's answer lacks \"seconds\": " + answer.dump());
    own_seconds_ += *seconds;
  }

  std::shared_ptr<Session> session_;
  std::vector<int> waiting_;
  double own_seconds_ = 0;
  std::optional<double> device_seconds_;
};

class ExternalPlan final : public Plan {
 public:
  ExternalPlan(std::shared_ptr<Session> session, const Request& request)
      : session_(std::move(session)), id_(session_->next_id()) {
    kept_ = request.inputs;
    kept_.push_back(request.output);
    json inputs = json::array(), parameters = json::object();
    for (const auto& input : request.inputs) inputs.push_back(external(*input).id());
    for (const ParameterSpec& spec : request.operation.parameters)
      parameters[spec.name] = value_of(spec, request.parameters);
    const json answer = session_->ask("prepare", {{"plan", id_},
                                                  {"operation", request.operation.name},
                                                  {"dims", request.operation.dims},
                                                  {"parameters", parameters},
                                                  {"inputs", inputs},
                                                  {"output", external(*request.output).id()}});
    if (answer.contains("differs") && answer["differs"].is_string())
      difference_ = one_line(answer["differs"], 500);
  }
  ~ExternalPlan() override { forget(*session_, {{"buffers", json::array()}, {"plans", {id_}}}); }

  void enqueue(Stream& stream) override { static_cast<ExternalStream&>(stream).enqueue(id_); }
  std::string difference() const override { return difference_; }

 private:
  static json value_of(const ParameterSpec& spec, const Parameters& values) {
    const auto number = [&](float value) {
      return spec.whole ? json(static_cast<std::int64_t>(value)) : json(value);
    };
    if (!spec.choices.empty()) return values.choice(spec.name);
    if (std::holds_alternative<float>(spec.default_value)) return number(values.number(spec.name));
    const PerAxis value = values.per_axis(spec.name);
    return {number(value.x), number(value.y), number(value.z)};
  }

  std::shared_ptr<Session> session_;
  int id_;
  std::vector<std::shared_ptr<Buffer>> kept_;
  std::string difference_;
};

/// Adapters keep their scratch to themselves.
class NoArena final : public Arena {
 public:
  void fill(Stream&, std::uint8_t) override {}
};

/// One adapter on one of its devices. A process that has ended is started again for the next case.
class ExternalEngine final : public Engine {
 public:
  ExternalEngine(const Device& device, AdapterProgram program, std::size_t index, int threads,
                 std::shared_ptr<Session> session, std::vector<std::string> operations)
      : program_(std::move(program)),
        index_(index),
        threads_(threads),
        session_(std::move(session)),
        operations_(std::move(operations)) {
    device_ = device;
    session_->ask("open", {{"device", index_}});
  }

  std::shared_ptr<Buffer> allocate(Shape shape, DType dtype) override {
    return std::make_shared<ExternalBuffer>(shape, dtype, session());
  }
  std::unique_ptr<Stream> stream(bool) override {
    return std::make_unique<ExternalStream>(session());
  }
  std::unique_ptr<Arena> arena() override { return std::make_unique<NoArena>(); }

  Prepared prepare(const Request& request) override {
    if (std::find(operations_.begin(), operations_.end(), request.operation.name) ==
        operations_.end())
      return Skip{"has no " + request.operation.name};
    try {
      return std::make_unique<ExternalPlan>(session(), request);
    } catch (const AdapterDeclines& reason) {
      return Skip{reason.what()};
    }
  }

  // Only its own process knows these.
  Probe arithmetic_probe() override { return {}; }
  std::size_t bytes_in_use() const override { return 0; }
  std::size_t reset_peak() override { return 0; }
  std::size_t peak_bytes() const override { return 0; }

 private:
  std::shared_ptr<Session> session() {
    if (!session_->alive()) {
      session_ = std::make_shared<Session>(program_, threads_);
      session_->hello();
      session_->ask("open", {{"device", index_}});
    }
    return session_;
  }

  AdapterProgram program_;
  std::size_t index_;
  int threads_;
  std::shared_ptr<Session> session_;
  std::vector<std::string> operations_;
};

/// An adapter that said hello. The process that did serves the first engine that is opened.
struct Greeted {
  AdapterProgram program;
  Hello hello;
  std::shared_ptr<Session> session;
};

Greeted greet(const AdapterProgram& program) {
  Greeted greeted{program, {}, std::make_shared<Session>(program, 0)};
  greeted.hello = greeted.session->hello();
  return greeted;
}

Device device_of(const Hello& hello, const AdapterDevice& offered) {
  Device device;
  if (offered.type == "CPU" && !offered.transfers) device = host_device(hello.name, "");
  device.engine = hello.name;
  device.name = offered.name;
  device.type = offered.type;
  const std::string part = offered.id.empty() && offered.type != "CPU" ? offered.name : offered.id;
  device.id = hello.name + (part.empty() ? "" : ":" + identifier(part));
  device.driver =
      hello.name + " " + hello.version + (offered.driver.empty() ? "" : ", " + offered.driver);
  device.host_memory = !offered.transfers;
  device.external = true;
  return device;
}

std::vector<EngineEntry> entries_of(const std::shared_ptr<Greeted>& greeted) {
  std::vector<EngineEntry> entries;
  for (std::size_t i = 0; i < greeted->hello.devices.size(); ++i) {
    Device device = device_of(greeted->hello, greeted->hello.devices[i]);
    const auto same = std::count_if(entries.begin(), entries.end(), [&](const EngineEntry& entry) {
      return split(entry.device.id, '#')[0] == device.id;
    });
    if (same > 0) device.id += "#" + std::to_string(same);
    entries.push_back(
        {device, [=](int threads) -> std::variant<std::unique_ptr<Engine>, Skip> {
           if (device.is_cpu() && threads > host_threads())
             return Skip{"this process may use " + std::to_string(host_threads()) +
                         " threads, not " + std::to_string(threads)};
           auto session = threads == 0 ? std::exchange(greeted->session, nullptr) : nullptr;
           try {
             if (!session) {
               session = std::make_shared<Session>(greeted->program, threads);
               session->hello();
             }
             return std::make_unique<ExternalEngine>(device, greeted->program, i, threads, session,
                                                     greeted->hello.operations);
           } catch (const AdapterDeclines& reason) {
             return Skip{reason.what()};
           }
         }});
  }
  return entries;
}

/// Of a command line: it must start, since it was asked for by this very run.
EngineKind command_engine(const AdapterProgram& program, const std::string& text) {
  try {
    const auto greeted = std::make_shared<Greeted>(greet(program));
    return {greeted->hello.name, [greeted] { return entries_of(greeted); },
            EngineKind::Part::always};
  } catch (const std::runtime_error& error) {
    if (dynamic_cast<const Interrupted*>(&error)) throw;
    throw BadInput("--engine-command '" + text + "': " + error.what());
  }
}

EngineKind manifest_engine(const AdapterProgram& program, const Manifest& manifest,
                           EngineKind::Part part) {
  const auto entries = [=]() -> std::variant<std::vector<EngineEntry>, Skip> {
    try {
      const auto greeted = std::make_shared<Greeted>(greet(program));
      if (greeted->hello.name != manifest.name)
        return Skip{"the adapter calls itself '" + greeted->hello.name + "'"};
      return entries_of(greeted);
    } catch (const Interrupted&) {
      throw;
    } catch (const std::runtime_error& error) {
      // What to do comes first: tables have room for little.
      return Skip{"does not start" +
                  (manifest.set_up.empty() ? "" : "; set up by " + manifest.set_up) + ": " +
                  error.what()};
    }
  };
  return {manifest.name, entries, part};
}

}  // namespace

std::vector<EngineKind> external_engines(const ExternalEngines& places) {
  AdapterProgram program{
      .command = {}, .python_path = places.shipped, .time_limit = places.time_limit};
  std::vector<EngineKind> kinds;
  for (const std::string& command : places.commands) {
    // In place of the shell, so that ending it ends the adapter.
    program.command = {"/bin/sh", "-c", "exec " + command};
    kinds.push_back(command_engine(program, command));
  }
  const auto add = [&](EngineKind kind) {
    if (std::none_of(kinds.begin(), kinds.end(),
                     [&](const EngineKind& other) { return other.name == kind.name; }))
      kinds.push_back(std::move(kind));
  };
  const auto start = [&](const Manifest& manifest, EngineKind::Part part) {
    program.command = manifest.command;
    program.folder = manifest.folder;
    add(manifest_engine(program, manifest, part));
  };
  for (const std::string& folder : places.folders) {
    if (!std::filesystem::is_directory(folder))
      throw BadInput("--engines-dir " + folder + " is no folder");
    for (const auto& file : manifests_in(folder))
      start(read_manifest(file), EngineKind::Part::always);
  }
  // A damaged one of these is no business of a run that does not ask for it.
  for (const std::filesystem::path& folder : {user_manifests(), {places.shipped}})
    for (const auto& file : manifests_in(folder)) {
      try {
        start(read_manifest(file), EngineKind::Part::never);
      } catch (const BadInput& error) {
        add({file.stem().string(), [skip = Skip{error.what()}] { return skip; },
             EngineKind::Part::never});
      }
    }
  return kinds;
}

}  // namespace voxelmark
