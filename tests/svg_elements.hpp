#pragma once
#include <algorithm>
#include <map>
#include <regex>
#include <stdexcept>
#include <string>
#include <vector>

#include "engines/core/text.hpp"

namespace voxelmark {

/// An element of a drawn plot.
struct Element {
  std::string name, parent, text;
  std::map<std::string, std::string> attributes;

  double number(const std::string& attribute) const {
    const auto found = attributes.find(attribute);
    if (found == attributes.end()) throw std::runtime_error(name + " without " + attribute);
    return parse_number<double>(found->second).value();
  }
  bool is(const std::string& class_name) const {
    const auto found = attributes.find("class");
    return found != attributes.end() && found->second == "vm-" + class_name;
  }
};

/// The elements in the order of their beginnings, by a parser of XML's strict core: throws
/// std::runtime_error at anything else.
inline std::vector<Element> parse(const std::string& xml) {
  const std::regex tag(R"(<(/?)([a-z]+)((?: [A-Za-z0-9-]+="[^"<&]*")*)(/?)>)");
  const std::regex attribute(R"( ([A-Za-z0-9-]+)="([^"]*)\")");
  std::vector<Element> elements;
  std::vector<std::size_t> open;
  const auto add_text = [&](std::string text) {
    if (text.find('<') != text.npos) throw std::runtime_error("stray '<' before " + text);
    for (std::size_t i = 0; (i = text.find('&', i)) != text.npos; ++i) {
      bool known = false;
      for (const auto& [entity, character] : std::map<std::string, std::string>{
               {"&amp;", "&"}, {"&lt;", "<"}, {"&gt;", ">"}, {"&quot;", "\""}})
        if (!known && text.compare(i, entity.size(), entity) == 0) {
          text.replace(i, entity.size(), character);
          known = true;
        }
      if (!known) throw std::runtime_error("stray '&' in " + text);
    }
    for (const char c : text)
      if (static_cast<unsigned char>(c) < ' ' && c != '\n') throw std::runtime_error("control");
    if (!open.empty())
      elements[open.back()].text += text;
    else if (text.find_first_not_of('\n') != text.npos)
      throw std::runtime_error("text outside: " + text);
  };
  auto position = xml.begin();
  for (std::sregex_iterator match(xml.begin(), xml.end(), tag), end; match != end; ++match) {
    add_text({position, (*match)[0].first});
    position = (*match)[0].second;
    const std::string name = (*match)[2], attributes = (*match)[3];
    if ((*match)[1].length() > 0) {
      if (open.empty() || elements[open.back()].name != name)
        throw std::runtime_error("closes " + name);
      open.pop_back();
      continue;
    }
    if (open.empty() && !elements.empty()) throw std::runtime_error("a second root");
    Element element{name, open.empty() ? "" : elements[open.back()].name, "", {}};
    for (std::sregex_iterator a(attributes.begin(), attributes.end(), attribute); a != end; ++a)
      if (!element.attributes.emplace((*a)[1], (*a)[2]).second)
        throw std::runtime_error("twice: " + (*a)[1].str());
    elements.push_back(element);
    if ((*match)[4].length() == 0) open.push_back(elements.size() - 1);
  }
  add_text({position, xml.end()});
  if (!open.empty()) throw std::runtime_error("left open");
  return elements;
}

inline std::vector<Element> of_class(const std::vector<Element>& elements,
                                     const std::string& name) {
  std::vector<Element> found;
  for (const auto& element : elements)
    if (element.is(name)) found.push_back(element);
  return found;
}

inline Element only(const std::vector<Element>& found) {
  if (found.size() != 1) throw std::runtime_error(std::to_string(found.size()) + " instead of 1");
  return found.front();
}

inline bool has_text(const std::vector<Element>& elements, const std::string& text) {
  return std::any_of(elements.begin(), elements.end(), [&](const Element& element) {
    return element.name == "text" && element.text == text;
  });
}

/// Where the x axis (or the y axis) shows the value.
inline double tick(const std::vector<Element>& elements, const std::string& label, bool on_x) {
  for (const auto& element : elements) {
    if (element.name != "text" || element.text != label) continue;
    const auto anchor = element.attributes.find("text-anchor");
    if (anchor == element.attributes.end()) continue;
    if (on_x && anchor->second == "middle") return element.number("x");
    if (!on_x && anchor->second == "end") return element.number("y") - 5;
  }
  throw std::runtime_error("no tick " + label);
}

/// The numbers after each letter of a path, in pairs with it.
inline std::vector<std::pair<char, double>> steps_of(const Element& path) {
  std::vector<std::pair<char, double>> steps;
  const std::regex step(R"(([A-Za-z ]?)(-?[0-9.]+))");
  const std::string& data = path.attributes.at("d");
  for (std::sregex_iterator match(data.begin(), data.end(), step), end; match != end; ++match)
    steps.emplace_back((*match)[1].length() > 0 ? *(*match)[1].first : ' ',
                       parse_number<double>((*match)[2].str()).value());
  return steps;
}

/// Whether a cell (M x y H right V bottom H left z) of the path covers the point.
inline bool covers(const Element& path, double x, double y) {
  const auto steps = steps_of(path);
  for (std::size_t i = 0; i + 4 < steps.size(); i += 5)
    if (steps[i].second <= x && x <= steps[i + 2].second && steps[i + 1].second <= y &&
        y <= steps[i + 3].second)
      return true;
  return false;
}

}  // namespace voxelmark
