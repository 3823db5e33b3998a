#include "validate/plots.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <regex>

#include "engines/core/text.hpp"
#include "tests/svg_elements.hpp"

namespace voxelmark {
namespace {

using Pairs = std::vector<std::pair<double, double>>;

PairSource source(const Pairs& pairs) {
  return {pairs.size(), [&pairs](std::size_t i) { return pairs[i]; }};
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

}  // namespace
}  // namespace voxelmark
