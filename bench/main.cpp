#include "bench/program.hpp"

int main(int argc, char** argv) { return voxelmark::run_bench(argc, argv); }
