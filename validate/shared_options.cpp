#include "validate/shared_options.hpp"

#include "engines/core/command_line.hpp"
#include "engines/core/files.hpp"

namespace voxelmark {

using namespace command_line;

void add_selection(CLI::App& app, TiffSelection& selection) {
  constexpr int most = 1 << 20;
  app.add_option("--channel", selection.channel, "Channel of a hyperstack, from 0")
      ->check(whole_number_from(0, most))
      ->type_name("N");
  app.add_option("--frame", selection.frame, "Frame of a hyperstack, from 0")
      ->check(whole_number_from(0, most))
      ->type_name("N");
}

void add_agreement_outputs(CLI::App& app, AgreementOutputs& outputs,
                           const std::string& requirement) {
  add_list(
      app, "--require", outputs.requirements, parse_requirement,
      "Exit with 1 unless a metric is so, as '" + requirement + "', by >= <= > < or ==; repeatable")
      ->type_name("METRIC>=NUMBER");
  add_output(app, "--json", outputs.json, "Write the figures");
  add_output(app, "--csv", outputs.csv, "Write them as a table");
}

void require_writable(const AgreementOutputs& outputs, const std::vector<std::string>& inputs) {
  if (outputs.json == "-" && outputs.csv == "-")
    throw BadInput("--json - and --csv - both want standard output; name a file for one of them");
  std::vector<std::string> files;
  for (const std::string& file : {outputs.json, outputs.csv})
    if (!file.empty() && file != "-") files.push_back(file);
  require_distinct(inputs, files);
  for (const std::string& file : files) require_writable(std::filesystem::path(file));
}

}  // namespace voxelmark
