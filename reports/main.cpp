#include "reports/program.hpp"

int main(int argc, char** argv) { return voxelmark::report::run_report(argc, argv); }
