#pragma once
#include <nlohmann/json.hpp>
#include <vector>

#include "reports/cases.hpp"

namespace voxelmark::report {

/// What the page's scripts draw from: columns, tasks, and the rows' figures by name, an array each
/// (`null` where a row has none; pairs of row and value where few have), to 5 significant digits
/// but for counts. Pictures and two-dimensional histograms stay within a budget;
/// `exhibits.left_out` counts rows' sets of them beyond it.
nlohmann::json page_model(const Cases& cases, const std::vector<ResultFile>& files);

/// The value with 5 significant digits: more than any measured figure has.
double to_5_digits(double value);

/// JSON that may stand in a script element: no text in it can end that element.
std::string script_text(const nlohmann::json& model);

}  // namespace voxelmark::report
