#include "datasets/csv.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <limits>

#include "engines/core/error.hpp"
#include "tests/temporary_folder.hpp"

namespace voxelmark {
namespace {

namespace fs = std::filesystem;
using Texts = std::vector<std::string>;
using Numbers = std::vector<double>;

/// The message of a refusal.
template <class Read>
std::string refusal(const Read& read) {
  try {
    read();
  } catch (const BadInput& error) {
    return error.what();
  }
  return "was read";
}

CsvTable parse(std::string_view text) { return parse_csv(text, "t.csv"); }

std::string parse_refusal(std::string_view text) {
  return refusal([&] { parse(text); });
}

/// Of the numbers in column x.
std::string number_refusal(std::string_view text) {
  const CsvTable table = parse(text);
  return refusal([&] { numbers(table, "x"); });
}

TEST(CsvTest, SeparatorsLineEndsAndByteOrderMark) {
  for (const std::string text :
       {"x,y\n1,2\n3,4\n", "x;y\n1;2\n3;4\n", "x\ty\n1\t2\n3\t4\n", "x,y\r\n1,2\r\n3,4\r\n",
        "x,y\n1,2\r\n3,4", "\xEF\xBB\xBFx,y\n1,2\n3,4\n", "x,y\n1,2\n3,4\n\n\r\n\n",
        " x ,\ty\n1,2\n3,4\n", "\"x\",\"y\"\n\"1\",\"2\"\n\"3\",\"4\"\n"}) {
    SCOPED_TRACE(text);
    const CsvTable table = parse(text);
    EXPECT_EQ(table.header, (Texts{"x", "y"}));
    EXPECT_EQ(table.cells, (Texts{"1", "2", "3", "4"}));
    EXPECT_EQ(table.lines, (std::vector<std::size_t>{2, 3}));
    EXPECT_EQ(table.rows(), 2u);
    EXPECT_EQ(table.cell(1, 0), "3");
    EXPECT_EQ(numbers(table, "x"), (Numbers{1, 3}));
    EXPECT_EQ(texts(table, "y"), (Texts{"2", "4"}));
  }
}

TEST(CsvTest, TheHeadersMostFrequentSeparatorCounts) {
  EXPECT_EQ(parse("a (µm, raw);b;c\n1,5;2,5;3,5\n").cells, (Texts{"1,5", "2,5", "3,5"}));
  EXPECT_EQ(parse("a\tb;c\td\n1\t2\t3\n").header, (Texts{"a", "b;c", "d"}));
  EXPECT_EQ(parse("\"a;b;c\",d\n1,2\n").header, (Texts{"a;b;c", "d"}));
  EXPECT_EQ(parse("\"a\n;b;c\",d\n1,2\n").header, (Texts{"a\n;b;c", "d"}));
  EXPECT_EQ(parse("\"a\nb\";c\n1;2\n").header, (Texts{"a\nb", "c"}));
  EXPECT_EQ(parse("a,b;c\n1,2\n").header, (Texts{"a", "b;c"}));
  EXPECT_EQ(parse("a;b\tc\n1;2\n").header, (Texts{"a", "b\tc"}));
  EXPECT_EQ(parse("a\n1;2\n").cells, (Texts{"1;2"}));
}

TEST(CsvTest, QuotedCells) {
  const CsvTable table = parse(
      "a,\"b \"\"c\"\"\"\n"
      "\"1,2\",\"\"\"\"\n"
      "\"two\r\nlines\n\",\"\"\n"
      " blanks ,\"\"\"\"\"\"\n");
  EXPECT_EQ(table.header, (Texts{"a", "b \"c\""}));
  EXPECT_EQ(table.cells, (Texts{"1,2", "\"", "two\r\nlines\n", "", " blanks ", "\"\""}));
  EXPECT_EQ(table.lines, (std::vector<std::size_t>{2, 3, 6}));
  EXPECT_EQ(texts(table, "b \"c\""), (Texts{"\"", "", "\"\""}));
}

TEST(CsvTest, WrongQuotesAreRefused) {
  EXPECT_EQ(parse_refusal("a,b\n1,\"2\n3,4\n"),
            "t.csv: line 2, cell 2: a quote is opened, but never closed");
  EXPECT_EQ(parse_refusal("a,b\n1,2\n\"1\"\"\n\n"),
            "t.csv: line 3, cell 1: a quote is opened, but never closed");
  EXPECT_EQ(parse_refusal("a\n\"1\n\"\"2\n3\n"),
            "t.csv: line 2, cell 1: a quote is opened, but never closed");
  const std::string inside = "a quote inside a cell; write \"a \"\"b\"\" c\" for a \"b\" c";
  EXPECT_EQ(parse_refusal("a,b\n1,5\" disk\n"), "t.csv: line 2, cell 2: " + inside);
  EXPECT_EQ(parse_refusal("a,b\n\"x\n\"y,2\n"), "t.csv: line 3, cell 1: " + inside);
  EXPECT_EQ(parse_refusal("a,b \"c\"\n1,2\n"), "t.csv: line 1, cell 2: " + inside);
}

TEST(CsvTest, TextsWithoutRowsAreRefused) {
  for (const char* text : {"", "\n", "\r\n\n", "\xEF\xBB\xBF", "\xEF\xBB\xBF\n"})
    EXPECT_EQ(parse_refusal(text), "t.csv: the file is empty");
  for (const char* text : {"a", "a,b\n", "a,b\r\n\r\n"})
    EXPECT_EQ(parse_refusal(text), "t.csv: line 1: a header, but no rows below it");
  for (const char* text : {"\na,b\n1,2\n", " \n1\n", "\"\"\n1\n"})
    EXPECT_EQ(parse_refusal(text), "t.csv: line 1 is blank; write the columns' names there");
}

TEST(CsvTest, RowsOfOtherLengthsAreRefused) {
  EXPECT_EQ(parse_refusal("a,b,c\n1,2,3\n1,2\n"),
            "t.csv: line 3 has too few cells (2, the header has 3); fill it up, or remove it");
  EXPECT_EQ(parse_refusal("a,b\n1,2\n\n3,4\n"),
            "t.csv: line 3 has too few cells (1, the header has 2); fill it up, or remove it");
  EXPECT_EQ(parse_refusal("a;b\n\"1\n\";2\n1;2;3;4\n"),
            "t.csv: line 4 has too many cells (4, the header has 2); put cells that hold a "
            "separator in quotes");
  EXPECT_EQ(parse_refusal("a,b\n1,2,\n"),
            "t.csv: line 2 has too many cells (3, the header has 2); put cells that hold a "
            "separator in quotes");
  EXPECT_EQ(parse_refusal("a,b\n1,5,2,5\n"),
            "t.csv: line 2 has too many cells (4, the header has 2); uses a decimal comma? write "
            "1.5");
  EXPECT_EQ(parse_refusal("a\n1,5\n"),
            "t.csv: line 2 has too many cells (2, the header has 1); uses a decimal comma? write "
            "1.5");
}

TEST(CsvTest, OtherTextsThanUtf8AreRefused) {
  using namespace std::string_view_literals;
  for (const auto text : {"\xFF\xFE"
                          "a\0,\0b\0"sv,
                          "\xFE\xFF\0a\0,"sv, "\xFE\xFF"sv})
    EXPECT_EQ(parse_refusal(text), "t.csv: line 1: the file is UTF-16; save it as UTF-8");
  EXPECT_EQ(parse_refusal("a,b\n1,2\n3\0,4\n"sv),
            "t.csv: line 3: a NUL byte: the file is binary or UTF-16; save it as UTF-8 text");
  EXPECT_EQ(parse_refusal("a\0,\0b\0"sv),
            "t.csv: line 1: a NUL byte: the file is binary or UTF-16; save it as UTF-8 text");
  for (const char* text : {"a,b\r1,2\r", "a,b\r1,2\r3,4"})
    EXPECT_EQ(parse_refusal(text),
              "t.csv: line 1, cell 2: a carriage return ends no line; save it with LF or CRLF line "
              "ends");
  EXPECT_EQ(parse_refusal("a,b\n1,2\r\r\n").substr(0, 22), "t.csv: line 2, cell 2:");
}

TEST(CsvTest, TooManyColumnsAreRefused) {
  std::string text = "x" + std::string(9'999, ',') + "\n1" + std::string(9'999, ',') + "\n";
  EXPECT_EQ(numbers(parse(text), "x"), Numbers{1});
  text.insert(0, ",");
  EXPECT_EQ(parse_refusal(text), "t.csv: line 1: 10001 columns; at most 10000 are read");
}

TEST(CsvTest, NumbersAreRead) {
  const CsvTable table = parse(
      "x;y\n1;a\n-2.5;\n+3;\n .5\t;\n\"4.\";\n1e3;\n+1.5E-3;\n-0;\n1e-310;\n"
      "179769313486231570000000000000e279;\n0.1;\n");
  EXPECT_EQ(numbers(table, "x"), (Numbers{1, -2.5, 3, 0.5, 4, 1000, 0.0015, 0, 1e-310,
                                          std::numeric_limits<double>::max(), 0.1}));
}

TEST(CsvTest, CellsThatAreNoNumberAreRefused) {
  for (const std::string text :
       {"abc", "1.5.2", "0x10", "1 2",   "--1",     "+-1", "++1", "+",    "-",    ".", "1e",
        "e5",  "12 µm", "1.5x", "1,2,3", "1.234,5", ",",   "NA",  "#N/A", "true", "−1"})
    EXPECT_EQ(number_refusal("x;y\n1;2\n" + text + ";2\n"),
              "t.csv: line 3, column 'x': '" + text + "' is no number, such as 1.5");
  for (const std::string text : {"1e999", "-1e999", "+1e999", "1e-999"})
    EXPECT_EQ(number_refusal("x;y\n" + text + ";2\n"),
              "t.csv: line 2, column 'x': '" + text + "' is beyond what a double holds");
  EXPECT_EQ(number_refusal("x;y\n1;2\n1e999x;2\n"),
            "t.csv: line 3, column 'x': '1e999x' is no number, such as 1.5");
}

TEST(CsvTest, MissingCellsAreRefusedWhereNumbersAreWanted) {
  const std::string missing = "the cell is missing; fill it in, or remove the row";
  EXPECT_EQ(number_refusal("x,y\n1,2\n,4\n"), "t.csv: line 3, column 'x': " + missing);
  EXPECT_EQ(number_refusal("y,x\n1,2\n3,\n"), "t.csv: line 3, column 'x': " + missing);
  EXPECT_EQ(number_refusal("y,x\n1, \t\n"), "t.csv: line 2, column 'x': " + missing);
  EXPECT_EQ(number_refusal("x\n1\n\n2\n"), "t.csv: line 3, column 'x': " + missing);
  EXPECT_EQ(number_refusal("y,x\n\"1\n1\",2\n3,\"\"\n"), "t.csv: line 4, column 'x': " + missing);
  EXPECT_EQ(numbers(parse("x,y\n1,2\n3,\n"), "x"), (Numbers{1, 3}));
}

TEST(CsvTest, DecimalCommasAreRefused) {
  for (const std::string text : {"1,5", "-1,5", "+1,5", "1,5e3", ",5"})
    for (const std::string& file :
         {"x;y\n" + text + ";1\n", "x\ty\n" + text + "\t1\n", "x,y\n\"" + text + "\",1\n"})
      EXPECT_EQ(number_refusal(file), "t.csv: line 2, column 'x': '" + text +
                                          "' is no number; uses a decimal comma? write 1.5");
}

TEST(CsvTest, NumbersThatAreNotFiniteAreCounted) {
  for (const std::string text : {"nan", "NaN", "-nan", "inf", "-Inf", "+infinity", "nan(7)"})
    EXPECT_EQ(number_refusal("x,y\n1,2\n" + text + ",2\n"),
              "t.csv: line 3, column 'x': '" + text +
                  "' is not finite, the first such of 1; remove their rows");
  EXPECT_EQ(number_refusal("x,y\n1,nan\n2,2\ninf,2\n3,4\nnan,5\n-inf,nan\n"),
            "t.csv: line 4, column 'x': 'inf' is not finite, the first such of 3; remove their "
            "rows");
}

TEST(CsvTest, CellsAreShownInOneShortLine) {
  const auto shown = [](const std::string& cell) {
    const std::string message = number_refusal("x\n\"" + cell + "\"\n");
    const std::string before = "t.csv: line 2, column 'x': '",
                      after = "' is no number, such as 1.5";
    EXPECT_TRUE(message.starts_with(before) && message.ends_with(after)) << message;
    return message.substr(before.size(), message.size() - before.size() - after.size());
  };
  EXPECT_EQ(shown("a\nb\r\tc\x7F"), "a?b??c?");
  EXPECT_EQ(shown(std::string(40, 'a')), std::string(40, 'a'));
  EXPECT_EQ(shown(std::string(100, 'a')), std::string(40, 'a') + "…");
  std::string micro, shortened;
  for (int i = 0; i < 50; ++i) micro += "µ";
  for (int i = 0; i < 40; ++i) shortened += "µ";
  EXPECT_EQ(shown(micro), shortened + "…");
  EXPECT_EQ(shown("é€😀"), "é€😀");
  // Latin-1, a character cut short, one too large, a stray continuation, an overlong form.
  EXPECT_EQ(shown("\xB5m"), "?m");
  EXPECT_EQ(shown("\xE2\x82"), "??");
  EXPECT_EQ(shown("\xC3("), "?(");
  EXPECT_EQ(shown("\xF5\x80\x80\x80"), "????");
  EXPECT_EQ(shown("\x80z"), "?z");
  EXPECT_EQ(shown("\xC0\xAF"), "??");
  EXPECT_LT(number_refusal("x;y\n1," + std::string(100'000, '5') + ";1\n").size(), 200u);
}

TEST(CsvTest, ColumnsAreFoundByTheirNames) {
  const CsvTable table = parse("a,b,a,\n1,2,3,4\n");
  EXPECT_EQ(numbers(table, "b"), Numbers{2});
  EXPECT_EQ(numbers(table, ""), Numbers{4});
  for (const std::string& message :
       {refusal([&] { numbers(table, "a"); }), refusal([&] { texts(table, "a"); })})
    EXPECT_EQ(message, "t.csv: has 2 columns 'a'; give each a name of its own");
  for (const std::string& message :
       {refusal([&] { numbers(table, "B"); }), refusal([&] { texts(table, "B"); })})
    EXPECT_EQ(message, "t.csv: has no column 'B'; it has 'a', 'b', 'a', ''");
  EXPECT_EQ(refusal([&] { texts(parse("1,2,3,4,5,6,7,8,9,10\n,,,,,,,,,\n"), "x"); }),
            "t.csv: has no column 'x'; it has '1', '2', '3', '4', '5', '6', '7', '8', '9', '10'");
  EXPECT_EQ(
      refusal([&] { texts(parse("1,2,3,4,5,6,7,8,9,10,11\n,,,,,,,,,,\n"), "x"); }),
      "t.csv: has no column 'x'; it has '1', '2', '3', '4', '5', '6', '7', '8', '9', '10', …");
}

TEST(CsvTest, NamesAreShownUpToTheirEnd) {
  const std::string_view euro = "\xE2\x82\xAC";
  EXPECT_EQ(refusal([&] { texts(parse("x\n1\n"), euro.substr(0, 2)); }),
            "t.csv: has no column '?\?'; it has 'x'");
}

class CsvFileTest : public testing::Test {
 protected:
  void write(const std::string& text) { std::ofstream(path, std::ios::binary) << text; }
  std::string read_refusal() {
    return refusal([&] { read_csv(path); });
  }

  const TemporaryFolder folder;
  fs::path path = folder / "table.csv";
};

TEST_F(CsvFileTest, WhatIsWrittenIsRead) {
  Image table({2, 3, 1}, DType::f64);
  const Numbers values{1.0 / 3, -2e-300, 1e17, 4, 5, 0.1};
  std::copy(values.begin(), values.end(), table.pixels<double>().begin());
  write_csv(path, {"x", "y"}, table);
  const CsvTable read = read_csv(path);
  EXPECT_EQ(read.name, path.string());
  EXPECT_EQ(numbers(read, "x"), (Numbers{values[0], values[2], values[4]}));
  EXPECT_EQ(numbers(read, "y"), (Numbers{values[1], values[3], values[5]}));
}

TEST_F(CsvFileTest, RefusalsNameTheFile) {
  write("x,y\n1\n");
  EXPECT_TRUE(read_refusal().starts_with(path.string() + ": line 2 has too few cells"));
  write("x\na\n");
  EXPECT_TRUE(refusal([&] {
                numbers(read_csv(path), "x");
              }).starts_with(path.string() + ": line 2, column 'x': 'a'"));
}

TEST_F(CsvFileTest, FilesThatCannotBeReadAreRefused) {
  EXPECT_EQ(read_refusal(), path.string() + ": No such file or directory");
  write("");
  EXPECT_EQ(read_refusal(), path.string() + ": the file is empty");
  path = folder.path();
  EXPECT_EQ(read_refusal(), path.string() + ": is a folder, not a file");
  path = "/dev/null";
  EXPECT_EQ(read_refusal(), "/dev/null: is not a regular file");
  path = folder / "loop";
  fs::create_symlink(path, path);
  EXPECT_EQ(read_refusal(), path.string() + ": Too many levels of symbolic links");
}

TEST_F(CsvFileTest, FilesWithoutPermissionAreRefused) {
  write("x\n1\n");
  fs::permissions(folder.path(), fs::perms::all);
  fs::permissions(path, fs::perms::none);
  const bool root = geteuid() == 0;
  if (root && seteuid(65534) != 0) GTEST_SKIP() << "root that cannot be anybody else";
  const std::string message = read_refusal();
  if (root && seteuid(0) != 0) std::abort();
  EXPECT_EQ(message, path.string() + ": Permission denied");
}

TEST_F(CsvFileTest, FilesPastTheLimitAreRefusedUnread) {
  write("x\n1\n");
  fs::resize_file(path, (std::uintmax_t{1} << 30) + 1);  // a hole: takes no room on the disk
  EXPECT_EQ(read_refusal(), path.string() + ": is larger than 1 GiB; split it");
  fs::resize_file(path, 1000);
  EXPECT_EQ(read_refusal().substr(path.string().size()),
            ": line 3: a NUL byte: the file is binary or UTF-16; save it as UTF-8 text");
}

}  // namespace
}  // namespace voxelmark
