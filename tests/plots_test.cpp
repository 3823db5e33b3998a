#include "validate/plots.hpp"

#include <gtest/gtest.h>
#include <png.h>
#include <unistd.h>

#include <charconv>
#include <cmath>
#include <filesystem>
#include <map>
#include <regex>

#include "engines/core/error.hpp"
#include "engines/core/text.hpp"
#include "validate/pictures.hpp"

namespace voxelmark {
namespace {

using Pairs = std::vector<std::pair<double, double>>;

PairSource source(const Pairs& pairs) {
  return {pairs.size(), [&pairs](std::size_t i) { return pairs[i]; }};
}

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
std::vector<Element> parse(const std::string& xml) {
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

std::vector<Element> of_class(const std::vector<Element>& elements, const std::string& name) {
  std::vector<Element> found;
  for (const auto& element : elements)
    if (element.is(name)) found.push_back(element);
  return found;
}

Element only(const std::vector<Element>& found) {
  if (found.size() != 1) throw std::runtime_error(std::to_string(found.size()) + " instead of 1");
  return found.front();
}

bool has_text(const std::vector<Element>& elements, const std::string& text) {
  return std::any_of(elements.begin(), elements.end(), [&](const Element& element) {
    return element.name == "text" && element.text == text;
  });
}

/// Where the x axis (or the y axis) shows the value.
double tick(const std::vector<Element>& elements, const std::string& label, bool on_x) {
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
std::vector<std::pair<char, double>> steps_of(const Element& path) {
  std::vector<std::pair<char, double>> steps;
  const std::regex step(R"(([A-Za-z ]?)(-?[0-9.]+))");
  const std::string& data = path.attributes.at("d");
  for (std::sregex_iterator match(data.begin(), data.end(), step), end; match != end; ++match)
    steps.emplace_back((*match)[1].length() > 0 ? *(*match)[1].first : ' ',
                       parse_number<double>((*match)[2].str()).value());
  return steps;
}

/// Whether a cell (M x y H right V bottom H left z) of the path covers the point.
bool covers(const Element& path, double x, double y) {
  const auto steps = steps_of(path);
  for (std::size_t i = 0; i + 4 < steps.size(); i += 5)
    if (steps[i].second <= x && x <= steps[i + 2].second && steps[i + 1].second <= y &&
        y <= steps[i + 3].second)
      return true;
  return false;
}

const PlotLabels plain{"Title", "x [m]", "y [m]"};
constexpr double hundredth = 0.011;  // what coordinates are rounded to, and a rounding error

TEST(Plots, AreWellFormedWhateverTheirWordsAre) {
  const std::string words = "a < b & \"c\" > 'd' ]]> \x01 \xFF \xC3\xA9 \xED\xA0\x80 \xE2\x82";
  const PlotLabels labels{words, words, words};
  const std::string title =
      "a < b & \"c\" > 'd' ]]> \uFFFD \uFFFD \u00E9 \uFFFD\uFFFD\uFFFD \uFFFD\uFFFD";
  for (const std::size_t count : {3u, 3000u}) {
    const PairSource pairs{count, [](std::size_t i) {
                             const double x = static_cast<double>(i);
                             return std::pair(x, std::sqrt(x));
                           }};
    for (const std::string& svg :
         {bland_altman_svg(pairs, labels, {{1, {{0.5, 1.5}}}, {0, {}}, {2, {}}}),
          scatter_svg(pairs, labels, 0.5), histogram_svg(pairs, labels, false, words, words)}) {
      const auto elements = parse(svg);
      EXPECT_EQ(elements[0].name, "svg");
      EXPECT_EQ(elements[0].attributes.at("role"), "img");
      EXPECT_EQ(elements[1].name, "title");
      EXPECT_EQ(elements[1].text, title);
      EXPECT_EQ(elements[2].name, "desc");
      EXPECT_FALSE(elements[2].text.empty());
      EXPECT_TRUE(has_text(elements, title));
    }
  }
}

TEST(Plots, TheTestsParserRefusesWhatIsNoXml) {
  for (const char* const wrong :
       {"<a>", "</a>", "<a></b>", "<a/><b/>", "<a>&</a>", "<a>&copy;</a>", "<a><</a>", "<a/>x",
        "<a b=\"1\" b=\"2\"/>", "<a b=\"&\"/>", "<a>\x01</a>", "<a b=1/>"})
    EXPECT_THROW(parse(wrong), std::runtime_error) << wrong;
  EXPECT_EQ(parse("<a b=\"1\"><c/>x&lt;y</a>\n")[0].text, "x<y");
}

TEST(Plots, DifferenceIsTestMinusReference) {
  const Pairs pairs{{10, 14}, {3, 1}};
  const auto points = mean_and_difference(source(pairs));
  ASSERT_EQ(points.count, 2u);
  EXPECT_EQ(points.at(0), std::pair(12.0, 4.0));
  EXPECT_EQ(points.at(1), std::pair(2.0, -2.0));
}

TEST(Plots, BlandAltmanPlacesPointsAndLines) {
  const Pairs points{{100, -10}, {200, 0}, {400, 20}};
  const auto elements =
      parse(bland_altman_svg(source(points), {"Title", "mean", "difference"},
                             {{0, {{-5, 5}}}, {-10, {{-15, -8}}}, {20, {{15, 40}}}, 2}));
  const auto circles = of_class(elements, "point");
  ASSERT_EQ(circles.size(), 3u);
  for (const int i : {0, 1, 2}) {
    EXPECT_NEAR(circles[i].number("cx"), tick(elements, shortest(points[i].first), true),
                hundredth);
    EXPECT_EQ(circles[i].name, "circle");
  }
  EXPECT_LT(circles[0].number("cx"), circles[1].number("cx"));
  EXPECT_NEAR(circles[1].number("cy"), tick(elements, "0", false), hundredth);
  EXPECT_NEAR(circles[2].number("cy"), tick(elements, "20", false), hundredth);
  EXPECT_LT(circles[2].number("cy"), circles[1].number("cy"));  // up is more

  const double unit = (circles[0].number("cy") - circles[2].number("cy")) / 30;
  const auto limits = of_class(elements, "limit");
  ASSERT_EQ(limits.size(), 2u);
  EXPECT_EQ(limits[0].number("y1"), circles[0].number("cy"));
  EXPECT_EQ(limits[1].number("y1"), circles[2].number("cy"));
  const double zero = circles[1].number("cy");
  EXPECT_EQ(only(of_class(elements, "bias")).number("y1"), zero);
  EXPECT_NEAR(only(of_class(elements, "zero")).number("y1"), zero - 2 * unit, hundredth);
  for (const char* const name : {"limit", "bias", "zero"})
    for (const auto& line : of_class(elements, name))
      EXPECT_EQ(line.number("y1"), line.number("y2"));

  const auto band = only(of_class(elements, "bias-band"));
  EXPECT_NEAR(band.number("y"), zero - 5 * unit, hundredth);
  EXPECT_NEAR(band.number("height"), 10 * unit, hundredth);
  const auto bands = of_class(elements, "limit-band");
  ASSERT_EQ(bands.size(), 2u);
  EXPECT_NEAR(bands[0].number("y"), zero + 8 * unit, hundredth);
  EXPECT_NEAR(bands[1].number("y"), zero - 40 * unit, hundredth);
  EXPECT_NEAR(bands[1].number("height"), 25 * unit, hundredth);

  for (const char* const text : {"mean", "difference", "n = 3", "bias", "upper limit",
                                 "lower limit", "15 \u2026 40", "\u221215 \u2026 \u22128"})
    EXPECT_TRUE(has_text(elements, text)) << text;
  EXPECT_EQ(elements[2].text,
            "Bland-Altman plot of 3 pairs: bias 0, limits of agreement \u221210 and 20.");
}

TEST(Plots, NumbersAreShort) {
  const Pairs points{{100, -80}, {200, 80}};
  const auto elements = parse(bland_altman_svg(
      source(points), plain, {{-2.1176470588, {}}, {-78.0973, {}}, {123456.7, {{-3e-5, 2e7}}}}));
  for (const char* const text :
       {"\u22122.118", "\u221278.1", "123457", "\u22123e\u22125 \u2026 2e7"})
    EXPECT_TRUE(has_text(elements, text)) << text;
  EXPECT_TRUE(of_class(elements, "bias-band").empty());
  EXPECT_EQ(of_class(elements, "point")[0].name, "circle");
}

TEST(Plots, LabelsOfLinesNearEachOtherStandApart) {
  for (const double centre : {-300.0, 0.0, 300.0})
    for (const bool intervals : {false, true}) {
      const Pairs points{{1, -300}, {2, 300}};
      const auto line = [&](double value) {
        return intervals ? PlotLine{value, {{value - 0.01, value + 0.01}}} : PlotLine{value};
      };
      const auto elements = parse(bland_altman_svg(
          source(points), plain, {line(centre), line(centre - 0.1), line(centre + 0.1)}));
      const double right = only(of_class(elements, "bias")).number("x2");
      std::vector<double> rows;
      for (const auto& element : elements)
        if (element.name == "text" && element.number("x") > right)
          rows.push_back(element.number("y"));
      ASSERT_EQ(rows.size(), intervals ? 9u : 6u);
      for (std::size_t i = 1; i < rows.size(); ++i) EXPECT_GE(rows[i] - rows[i - 1], 15);
      EXPECT_GT(rows.front(), 40);
      EXPECT_LT(rows.back(), 400);
    }
}

TEST(Plots, ScatterHasReferenceOnXAndTestOnY) {
  const Pairs pairs{{0, 0}, {100, 100}, {40, 60}};
  const auto elements = parse(scatter_svg(source(pairs), plain, 0.98765));
  const auto circles = of_class(elements, "point");
  ASSERT_EQ(circles.size(), 3u);
  EXPECT_NEAR(circles[2].number("cx"), tick(elements, "40", true), hundredth);
  EXPECT_NEAR(circles[2].number("cy"), tick(elements, "60", false), hundredth);
  EXPECT_LT(circles[1].number("cy"), circles[0].number("cy"));

  const auto identities = of_class(elements, "identity");  // and its sample in the legend
  ASSERT_EQ(identities.size(), 2u);
  const auto& line = identities[0];
  EXPECT_LT(line.number("x1"), line.number("x2"));
  EXPECT_GT(line.number("y1"), line.number("y2"));
  const double slope =
      (line.number("y2") - line.number("y1")) / (line.number("x2") - line.number("x1"));
  for (const int i : {0, 1})
    EXPECT_NEAR(circles[i].number("cy"),
                line.number("y1") + slope * (circles[i].number("cx") - line.number("x1")), 0.03);
  EXPECT_TRUE(has_text(elements, "r = 0.9877"));
}

TEST(Plots, CorrelationIsRoundedToOneOnlyWhereItIsOne) {
  const Pairs pairs{{0, 0}, {1, 1}};
  const auto shows = [&](std::optional<double> r, const std::string& text) {
    return has_text(parse(scatter_svg(source(pairs), plain, r)), text);
  };
  EXPECT_TRUE(shows(1, "r = 1"));
  EXPECT_TRUE(shows(0.99999, "r > 0.9999"));
  EXPECT_TRUE(shows(-0.99999, "r < \u22120.9999"));
  EXPECT_TRUE(shows(-0.5, "r = \u22120.5"));
  EXPECT_EQ(scatter_svg(source(pairs), plain).find("r = "), std::string::npos);
}

TEST(Plots, ManyPairsBecomeCells) {
  Pairs pairs(2000, {0, 100});
  pairs[0] = {100, 0};
  auto elements = parse(scatter_svg(source(pairs), plain));
  EXPECT_EQ(of_class(elements, "point").size(), 2000u);
  EXPECT_TRUE(of_class(elements, "d7").empty());

  pairs.push_back({0, 100});
  for (const bool bland_altman : {false, true}) {
    elements = parse(bland_altman ? bland_altman_svg(source(pairs), plain, {})
                                  : scatter_svg(source(pairs), plain));
    EXPECT_TRUE(of_class(elements, "point").empty());
    const auto many = of_class(elements, "d7"), single = of_class(elements, "d0");
    ASSERT_EQ(many.size(), 2u);  // cells and legend
    ASSERT_EQ(single.size(), 2u);
    const double x0 = tick(elements, "0", true), x100 = tick(elements, "100", true);
    const double y0 = tick(elements, "0", false), y100 = tick(elements, "100", false);
    EXPECT_TRUE(covers(many[0], x0, y100));
    EXPECT_TRUE(covers(single[0], x100, y0));
    EXPECT_FALSE(covers(many[0], x100, y0));
    EXPECT_FALSE(covers(single[0], x0, y100));
    EXPECT_TRUE(has_text(elements, "pairs per cell"));
    EXPECT_TRUE(has_text(elements, "2,000"));
    EXPECT_TRUE(has_text(elements, "n = 2,001"));
  }
}

TEST(Plots, LegendOfCellsCoversEveryCountOnce) {
  for (const std::size_t most : {2001u, 3000u, 70000u}) {
    const PairSource pairs{most, [](std::size_t) { return std::pair(1.5, 1.5); }};
    std::size_t next = 1;
    for (const auto& element : parse(scatter_svg(pairs, plain))) {
      std::smatch match;
      static const std::regex range("([0-9]+) to ([0-9]+) pairs per cell");
      if (element.name != "title" || !std::regex_match(element.text, match, range)) continue;
      EXPECT_EQ(std::stoull(match[1]), next);
      next = std::stoull(match[2]) + 1;
    }
    EXPECT_EQ(next, most + 1);
  }
}

/// A histogram's heights in pixels above the axis, bin by bin.
std::vector<double> heights(const std::vector<Element>& elements, const std::string& side) {
  const auto steps = steps_of(of_class(elements, side).front());
  std::vector<double> above;
  for (std::size_t i = 2; i + 1 < steps.size(); i += 2)
    above.push_back(steps[1].second - steps[i].second);
  return above;
}

TEST(Plots, HistogramsShareTheirBins) {
  const Pairs pairs{{1, 2}, {1, 2}, {1, 2}, {3, 2}};
  const auto elements = parse(histogram_svg(source(pairs), plain, false, "left", "right"));
  const auto reference = heights(elements, "reference"), test = heights(elements, "test");
  ASSERT_EQ(reference.size(), 3u);  // 1, 2, 3
  ASSERT_EQ(test.size(), 3u);
  const double one = reference[2];
  EXPECT_GT(one, 10);
  EXPECT_NEAR(reference[0], 3 * one, 0.03);
  EXPECT_NEAR(reference[1], 0, hundredth);
  EXPECT_NEAR(test[0], 0, hundredth);
  EXPECT_NEAR(test[1], 4 * one, 0.04);
  const auto steps = steps_of(of_class(elements, "reference").front());
  EXPECT_NEAR((steps[0].second + steps[3].second) / 2, tick(elements, "1", true), 2 * hundredth);
  EXPECT_NEAR(steps[1].second - reference[0], tick(elements, "3", false), hundredth);
  EXPECT_TRUE(has_text(elements, "left"));
  EXPECT_TRUE(has_text(elements, "right"));
}

TEST(Plots, HistogramOfLogarithmsAddsTheSameForEachFactor) {
  Pairs pairs(111, {1, 0});
  for (int i = 0; i < 10; ++i) pairs[i].first = 2;
  pairs[10].first = 3;
  const auto above = heights(parse(histogram_svg(source(pairs), plain, true)), "reference");
  ASSERT_EQ(above.size(), 4u);
  EXPECT_NEAR(above[0], 0, hundredth);
  EXPECT_GT(above[3], 5);
  EXPECT_NEAR(above[1] - above[2], above[2] - above[3], 0.03);
}

TEST(Plots, CountsEveryPairOfManyThreads) {
  const PairSource pairs{400000,
                         [](std::size_t i) { return std::pair(static_cast<double>(i % 10), 3.0); }};
  const auto elements = parse(histogram_svg(pairs, plain));
  for (const double height : heights(elements, "reference"))
    EXPECT_NEAR(height * 10, heights(elements, "test")[3], 0.1);
  EXPECT_TRUE(has_text(elements, "n = 400,000"));
}

TEST(Plots, TicksAreRound) {
  const auto labels = [](double low, double high) {
    const Pairs pairs{{low, low}, {high, high}};
    std::vector<std::string> found;
    for (const auto& element : parse(scatter_svg(source(pairs), plain)))
      if (element.name == "text" && element.attributes.count("text-anchor") &&
          element.attributes.at("text-anchor") == "end")
        found.push_back(element.text);
    return join(found, " ");
  };
  EXPECT_EQ(labels(0, 100), "0 20 40 60 80 100");
  EXPECT_EQ(labels(0, 0.9), "0.0 0.2 0.4 0.6 0.8");
  EXPECT_EQ(labels(0, 1), "0 1");  // of whole numbers whole
  EXPECT_EQ(labels(7, 7), "7");
  EXPECT_EQ(labels(-0.03, 0.02), "\u22120.03 \u22120.02 \u22120.01 0.00 0.01 0.02");
  EXPECT_EQ(labels(0, 2e9), "0 5e8 1e9 1.5e9 2e9");
  EXPECT_EQ(labels(0, 4e-7), "0 1e\u22127 2e\u22127 3e\u22127 4e\u22127");
  EXPECT_EQ(labels(65000, 65535), "65000 65100 65200 65300 65400 65500");
  EXPECT_EQ(labels(1e24, 2e24), "1e24 1.2e24 1.4e24 1.6e24 1.8e24 2e24");
}

TEST(Plots, DegenerateRangesStayOnThePaper) {
  for (const std::size_t count : {0u, 1u, 50u, 2500u})
    for (const auto& [low, high] : Pairs{{0, 0},
                                         {7, 7},
                                         {-3, -3},
                                         {1e15, 1e15},
                                         {1e-15, 1e-15},
                                         {1e15, 1e15 + 1},
                                         {5e-324, 5e-324},
                                         {0, 5e-324},
                                         {0, 1e-300},
                                         {3e38, 3e38},
                                         {-3e38, 3e38},
                                         {0.1, 0.3}}) {
      const PairSource pairs{count, [low = low, high = high](std::size_t i) {
                               return i == 0 ? std::pair(low, high) : std::pair(high, high);
                             }};
      for (const std::string& svg :
           {bland_altman_svg(pairs, plain, {}),
            bland_altman_svg(pairs, plain, {{high}, {high}, {high}}), scatter_svg(pairs, plain),
            histogram_svg(pairs, plain), histogram_svg(pairs, plain, true)}) {
        EXPECT_EQ(svg.find("nan"), std::string::npos);
        EXPECT_EQ(svg.find("inf"), std::string::npos);
        for (const auto& element : parse(svg)) {
          for (const char* const name : {"x", "x1", "x2", "cx", "width"})
            if (element.attributes.count(name)) {
              EXPECT_GE(element.number(name), 0) << element.name << " of " << low << ", " << high;
              EXPECT_LE(element.number(name), 640) << element.name << " of " << low << ", " << high;
            }
          for (const char* const name : {"y", "y1", "y2", "cy", "height"})
            if (element.attributes.count(name)) {
              EXPECT_GE(element.number(name), 0) << element.name << " of " << low << ", " << high;
              EXPECT_LE(element.number(name), 420) << element.name << " of " << low << ", " << high;
            }
        }
      }
    }
}

TEST(Plots, LongWordsAreMadeSmallerThenCut) {
  const Pairs pairs{{0, 0}, {1, 1}};
  const auto title = [&](std::size_t length) {
    const std::string words(length, 'm');
    for (const auto& element : parse(scatter_svg(source(pairs), {words, "x", "y"})))
      if (element.attributes.count("font-weight")) return element;
    throw std::runtime_error("no title");
  };
  EXPECT_EQ(title(20).number("font-size"), 17);
  EXPECT_EQ(title(65).text, std::string(65, 'm'));
  EXPECT_LT(title(65).number("font-size"), 17);
  EXPECT_EQ(title(500).number("font-size"), 12);
  EXPECT_LT(title(500).text.size(), 90u);
  EXPECT_EQ(title(500).text.substr(title(500).text.size() - 4), "m\u2026");
}

// ---- Pictures

class Pictures : public testing::Test {
 protected:
  Pictures() { std::filesystem::create_directories(folder); }
  ~Pictures() override { std::filesystem::remove_all(folder); }

  const std::filesystem::path folder =
      std::filesystem::path(testing::TempDir()) / ("voxelmark-plots-" + std::to_string(getpid()));
  const std::filesystem::path path = folder / "picture.png";
};

using Rgb = std::array<int, 3>;
constexpr Rgb black{0, 0, 0}, white{255, 255, 255}, orange{230, 159, 0}, blue{86, 180, 233};

struct Png {
  int width = 0, height = 0;
  std::vector<png_byte> bytes;

  explicit Png(const std::filesystem::path& path) {
    png_image image{};
    image.version = PNG_IMAGE_VERSION;
    if (!png_image_begin_read_from_file(&image, path.c_str()))
      throw std::runtime_error(image.message);
    image.format = PNG_FORMAT_RGB;
    bytes.resize(PNG_IMAGE_SIZE(image));
    if (!png_image_finish_read(&image, nullptr, bytes.data(), 0, nullptr))
      throw std::runtime_error(image.message);
    width = static_cast<int>(image.width);
    height = static_cast<int>(image.height);
  }
  Rgb at(int x, int y) const {
    const png_byte* const pixel = &bytes.at(static_cast<std::size_t>(3) * (y * width + x));
    return {pixel[0], pixel[1], pixel[2]};
  }
};

template <class T>
Image filled(Shape shape, T value) {
  Image image(shape, dtype_of<T>());
  std::fill(image.pixels<T>().begin(), image.pixels<T>().end(), value);
  return image;
}

void paint(Image& image, const Region& region, std::uint32_t label) {
  for (std::int64_t z = region.origin.z; z < region.origin.z + region.extent.z; ++z)
    for (std::int64_t y = region.origin.y; y < region.origin.y + region.extent.y; ++y)
      for (std::int64_t x = region.origin.x; x < region.origin.x + region.extent.x; ++x)
        image.pixels<std::uint32_t>()[offset(image.shape(), x, y, z)] = label;
}

TEST_F(Pictures, OverlayColoursOutlinesAndInsides) {
  const Shape shape{16, 8, 1};
  Image reference = filled<std::uint32_t>(shape, 0), test = filled<std::uint32_t>(shape, 0);
  paint(reference, {{2, 1, 0}, {5, 5, 1}}, 1);
  paint(test, {{3, 1, 0}, {5, 5, 1}}, 9);
  paint(reference, {{11, 2, 0}, {5, 6, 1}}, 2);  // at the border, on one side alone
  const auto picture = overlay_png(path, reference, test);
  EXPECT_EQ(picture.slice, 0);
  // Outline of one side alone or foreground of one side alone, in the rows of 1 to 5: 2, 3, 6, 7;
  // but 3 and 6 of the first and last row are outline of both. And the label at the border.
  EXPECT_EQ(picture.disagreeing, 5 * 4 - 2 * 2 + 5 * 6);
  const Png png(path);
  ASSERT_EQ(png.width, 512);
  ASSERT_EQ(png.height, 256);
  const auto voxel = [&](int x, int y) {
    EXPECT_EQ(png.at(32 * x, 32 * y), png.at(32 * x + 31, 32 * y + 31));
    return png.at(32 * x + 16, 32 * y + 16);
  };
  EXPECT_EQ(voxel(0, 0), black);
  EXPECT_EQ(voxel(2, 3), orange);
  EXPECT_EQ(voxel(7, 3), blue);
  EXPECT_EQ(voxel(3, 3), blue);
  EXPECT_EQ(voxel(6, 3), orange);
  EXPECT_EQ(voxel(4, 1), white);
  EXPECT_EQ(voxel(3, 5), white);
  EXPECT_EQ(voxel(4, 3), (Rgb{0, 47, 35}));   // inside both: green
  EXPECT_EQ(voxel(13, 5), (Rgb{92, 64, 0}));  // inside the reference alone: orange
  EXPECT_EQ(voxel(15, 5), (Rgb{92, 64, 0}));  // the image's border is no outline
  EXPECT_EQ(voxel(11, 5), orange);
  EXPECT_EQ(voxel(15, 2), orange);
  overlay_png(path, test, reference);
  EXPECT_EQ(Png(path).at(32 * 13 + 16, 32 * 5 + 16), (Rgb{34, 72, 93}));
  EXPECT_EQ(Png(path).at(32 * 2 + 16, 32 * 3 + 16), blue);
}

TEST_F(Pictures, OverlayPartsLabelsThatTouch) {
  const Shape shape{8, 8, 1};
  Image reference = filled<std::uint32_t>(shape, 1), test = filled<std::uint32_t>(shape, 5);
  EXPECT_EQ(overlay_png(path, reference, test).disagreeing, 0);  // numbers do not matter
  paint(test, {{4, 0, 0}, {4, 8, 1}}, 6);
  EXPECT_EQ(overlay_png(path, reference, test).disagreeing, 16);
  const Png png(path);
  EXPECT_EQ(png.at(64 * 3, 0), blue);
  EXPECT_EQ(png.at(64 * 4, 0), blue);
  for (const int edge : {0, 511})  // the image's border is no outline
    EXPECT_EQ(png.at(edge, edge), (Rgb{0, 47, 35}));
}

TEST_F(Pictures, OverlayShowsTheSliceWithTheMostDisagreement) {
  const Shape shape{8, 8, 4};
  Image reference = filled<std::uint32_t>(shape, 0), test = filled<std::uint32_t>(shape, 0);
  paint(reference, {{0, 0, 1}, {8, 8, 1}}, 3);  // large, but the same on both sides
  paint(test, {{0, 0, 1}, {8, 8, 1}}, 4);
  paint(reference, {{1, 1, 2}, {3, 3, 1}}, 1);
  paint(test, {{5, 5, 3}, {2, 2, 1}}, 1);
  const auto picture = overlay_png(path, reference, test);
  EXPECT_EQ(picture.slice, 2);
  EXPECT_EQ(picture.disagreeing, 9);
  EXPECT_EQ(Png(path).at(64, 64), orange);
  EXPECT_EQ(overlay_png(path, reference, reference).slice, 0);
}

TEST_F(Pictures, OverlayLiesOverItsBackground) {
  const Shape shape{4, 1, 2};
  Image labels = filled<std::uint32_t>(shape, 0), none = filled<std::uint32_t>(shape, 0);
  paint(labels, {{3, 0, 1}, {1, 1, 1}}, 1);
  Image grey(shape, DType::u16);
  const auto values = grey.pixels<std::uint16_t>();
  std::fill(values.begin(), values.end(), 60000);  // the other slice's do not count
  values[4] = 100;
  values[5] = 200;
  values[6] = values[7] = 300;
  EXPECT_EQ(overlay_png(path, labels, none, &grey).slice, 1);
  const Png png(path);
  EXPECT_EQ(png.at(0, 0), black);
  EXPECT_EQ(png.at(128, 0), (Rgb{100, 100, 100}));
  EXPECT_EQ(png.at(256, 0), (Rgb{200, 200, 200}));
  EXPECT_EQ(png.at(384, 0), orange);
  const Image flat = filled<float>(shape, 5.f);
  overlay_png(path, labels, none, &flat);
  EXPECT_EQ(Png(path).at(256, 0), black);
}

TEST_F(Pictures, DifferenceIsBlueBelowAndRedAboveZero) {
  Image reference = filled<std::uint8_t>({4, 2, 1}, 100), test = reference.clone();
  test.pixels<std::uint8_t>()[1] = 110;
  test.pixels<std::uint8_t>()[2] = 60;
  test.pixels<std::uint8_t>()[4] = 140;
  const auto picture = difference_png(path, reference, test);
  EXPECT_EQ(picture.slice, 0);
  EXPECT_EQ(picture.scale, 40);
  const Png png(path);
  ASSERT_EQ(png.width, 512);
  ASSERT_EQ(png.height, 256);
  EXPECT_EQ(png.at(0, 0), white);
  EXPECT_EQ(png.at(256, 0), (Rgb{33, 102, 172}));
  EXPECT_EQ(png.at(0, 128), (Rgb{178, 24, 43}));
  const Rgb faint = png.at(128, 0);  // red, and well seen
  EXPECT_EQ(faint, (Rgb{224, 163, 170}));

  EXPECT_EQ(difference_png(path, reference, reference).scale, 0);
  EXPECT_EQ(Png(path).at(128, 0), white);
}

TEST_F(Pictures, DifferenceShowsTheWorstSliceAndWhatIsNotFinite) {
  const float nan = std::nanf(""), infinity = std::numeric_limits<float>::infinity();
  Image reference = filled<float>({4, 1, 3}, 0), test = reference.clone();
  const auto values = test.pixels<float>();
  values[3] = 4;                           // slice 0: the largest |d|
  values[4] = values[5] = values[6] = -2;  // slice 1: the largest sum
  auto picture = difference_png(path, reference, test);
  EXPECT_EQ(picture.slice, 1);
  EXPECT_EQ(picture.scale, 2);
  EXPECT_EQ(Png(path).at(0, 0), (Rgb{33, 102, 172}));
  EXPECT_EQ(Png(path).at(384, 0), white);

  values[7] = -1;
  values[8] = 7;  // slice 2: as large a sum
  EXPECT_EQ(difference_png(path, reference, test).slice, 1);
  values[7] = 0;

  values[8] = nan;
  values[9] = infinity;
  values[10] = 1;
  values[11] = reference.pixels<float>()[11] = infinity;
  picture = difference_png(path, reference, test);
  EXPECT_EQ(picture.slice, 2);
  EXPECT_EQ(picture.scale, 1);
  const Png png(path);
  EXPECT_EQ(png.at(0, 0), black);
  EXPECT_EQ(png.at(128, 0), (Rgb{178, 24, 43}));
  EXPECT_EQ(png.at(256, 0), (Rgb{178, 24, 43}));
  EXPECT_EQ(png.at(384, 0), white);
}

TEST_F(Pictures, ReducingKeepsASingleDifference) {
  Image reference = filled<std::uint16_t>({5000, 10, 1}, 1000), test = reference.clone();
  test.pixels<std::uint16_t>()[4 * 5000 + 301] = 1001;
  test.pixels<std::uint16_t>()[9 * 5000 + 4999] = 997;
  test.pixels<std::uint16_t>()[9 * 5000 + 4998] = 999;  // of its block the lesser
  EXPECT_EQ(difference_png(path, reference, test).scale, 3);
  const Png png(path);
  ASSERT_EQ(png.width, 1667);
  ASSERT_EQ(png.height, 4);
  int coloured = 0;
  for (int y = 0; y < png.height; ++y)
    for (int x = 0; x < png.width; ++x) coloured += png.at(x, y) != white;
  EXPECT_EQ(coloured, 2);
  EXPECT_GT(png.at(100, 1)[0], png.at(100, 1)[2]);
  EXPECT_EQ(png.at(1666, 3), (Rgb{33, 102, 172}));

  Image labels = filled<std::uint32_t>({5000, 10, 1}, 0), none = labels.clone();
  paint(labels, {{301, 4, 0}, {1, 1, 1}}, 1);
  overlay_png(path, labels, none);
  EXPECT_EQ(Png(path).at(100, 1), orange);
}

TEST_F(Pictures, AreEnlargedByWholeFactors) {
  const auto longer_side = [&](std::int64_t x, std::int64_t y) {
    const Image image = filled<std::uint8_t>({x, y, 1}, 0);
    difference_png(path, image, image);
    const Png png(path);
    return std::max(png.width, png.height);
  };
  EXPECT_EQ(longer_side(1, 1), 512);
  EXPECT_EQ(longer_side(3, 300), 600);
  EXPECT_EQ(longer_side(511, 2), 1022);
  EXPECT_EQ(longer_side(512, 2), 512);
  EXPECT_EQ(longer_side(2048, 2), 2048);
  EXPECT_EQ(longer_side(2049, 2), 1025);
}

TEST_F(Pictures, NameTheFileThatCannotBeWritten) {
  const Image image = filled<std::uint32_t>({4, 4, 1}, 0);
  for (const auto& where :
       {folder / "missing" / "picture.png", folder, std::filesystem::path("/dev/full")})
    for (const bool overlay : {false, true}) {
      try {
        if (overlay)
          overlay_png(where, image, image);
        else
          difference_png(where, image, image);
        ADD_FAILURE() << "written: " << where;
      } catch (const BadInput& error) {
        EXPECT_NE(std::string(error.what()).find(where.string()), std::string::npos)
            << error.what();
      }
    }
  EXPECT_TRUE(std::filesystem::is_character_file("/dev/full"));
  EXPECT_TRUE(std::filesystem::is_empty(folder));
}

TEST_F(Pictures, RefuseImagesThatDoNotMatch) {
  const Image image = filled<std::uint32_t>({4, 4, 1}, 0),
              other = filled<std::uint32_t>({4, 5, 1}, 0);
  const Image grey = filled<std::uint8_t>({4, 4, 1}, 0);
  EXPECT_THROW(overlay_png(path, image, other), std::logic_error);
  EXPECT_THROW(overlay_png(path, grey, grey), std::logic_error);
  EXPECT_THROW(overlay_png(path, image, image, &other), std::logic_error);
  EXPECT_THROW(difference_png(path, image, other), std::logic_error);
  EXPECT_THROW(difference_png(path, image, grey), std::logic_error);
  EXPECT_THROW(difference_png(path, Image(), Image()), std::logic_error);
  EXPECT_TRUE(std::filesystem::is_empty(folder));
}

}  // namespace
}  // namespace voxelmark
