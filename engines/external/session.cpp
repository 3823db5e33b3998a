#include "engines/external/session.hpp"

#include <algorithm>

#include "engines/core/text.hpp"
#include "engines/operations/catalogue.hpp"

namespace voxelmark {

using nlohmann::json;

bool is_engine_name(const std::string& name) {
  return !name.empty() && name.size() <= 40 &&
         name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-") == std::string::npos;
}

json Session::ask(const std::string& what, json message) {
  message["do"] = what;
  const std::string line = process_.ask(message.dump());
  json answer = json::parse(line, nullptr, false);
  if (!answer.is_object())
    process_.fail("the adapter's answer to " + what + " is no JSON object: " + one_line(line, 200));
  const auto text = [&](const char* key) {
    constexpr std::size_t longest = 500;
    return one_line(answer[key].is_string() ? answer[key].get<std::string>() : answer[key].dump(),
                    longest);
  };
  if (answer.contains("skip")) throw AdapterDeclines(text("skip"));
  if (answer.contains("error")) throw AdapterFailed("the adapter's error: " + text("error"));
  return answer;
}

Hello Session::hello() {
  const json answer = ask("hello", {{"protocol", 1}});
  Hello hello;
  try {
    if (answer.at("protocol") != 1)
      throw AdapterFailed("the adapter speaks protocol " + answer.at("protocol").dump() +
                          ", not 1");
    hello.name = answer.at("name");
    hello.version = answer.at("version");
    hello.operations = answer.at("operations");
    for (const json& device : answer.at("devices"))
      hello.devices.push_back({device.at("name"), device.value("id", ""), device.at("type"),
                               device.value("driver", ""), device.value("transfers", false)});
  } catch (const json::exception& error) {
    throw AdapterFailed("the adapter's answer to hello is not as documented: " +
                        std::string(error.what()));
  }
  if (!is_engine_name(hello.name))
    throw AdapterFailed("the adapter's name '" + hello.name +
                        "' is not of 1 to 40 letters a-z, digits and '-'");
  const auto known = catalogue();
  for (const std::string& name : hello.operations)
    if (std::none_of(known.begin(), known.end(),
                     [&](const Operation& operation) { return operation.name == name; }))
      throw AdapterFailed("the adapter offers '" + one_line(name, 100) +
                          "', which is no operation; bench --list-operations has their names");
  if (hello.devices.empty()) throw AdapterDeclines("the adapter found no device");
  for (const AdapterDevice& device : hello.devices)
    if (device.type != "CPU" && device.type != "GPU" && device.type != "accelerator")
      throw AdapterFailed("the adapter's device type '" + device.type +
                          "' is not CPU, GPU or accelerator");
  return hello;
}

}  // namespace voxelmark
