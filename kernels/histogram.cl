// Counts of a histogram's bins. A voxel's bin: its grey level (GREY_LEVELS), by edges in double precision
// (DOUBLE_EDGES, as AutoThreshold's otsu wants it for float32), or by the float32 steps of Histogram.
#pragma OPENCL EXTENSION cl_khr_fp64 : enable

inline double lower_edge(const int bin, const int bins, const double minimum, const double maximum) {
  return minimum + bin * ((maximum - minimum) / bins);
}

// `range` holds the least and the greatest value, `binning` Histogram's lowest value and scale.
inline int bin_of(const IN value, global const double* range, global const float* binning, const int bins) {
#if defined(GREY_LEVELS)
  return (int)value;
#elif defined(DOUBLE_EDGES)
  const double v = (double)value, minimum = range[0], maximum = range[1];
  const double position = (v - minimum) * (bins / (maximum - minimum));
  int bin = position < bins ? (int)position : bins - 1;
  if (bin > 0 && v < lower_edge(bin, bins, minimum, maximum)) --bin;
  if (bin < bins - 1 && v >= lower_edge(bin + 1, bins, minimum, maximum)) ++bin;
  return bin;
#else
  const float position = (convert_float(value) - binning[0]) * binning[1];
  return position < (float)bins ? (int)position : bins - 1;
#endif
}

kernel void choose_bins(global const double* range, global float* binning, const int bins) {
  const double minimum = range[0], maximum = range[1];
  binning[0] = (float)minimum;
  binning[1] = maximum > minimum ? (float)fmin((double)FLT_MAX, bins / (maximum - minimum)) : 0.0f;
}

// Few bins: each group counts in local memory, in `copies` tables, since neighbours often share a bin; then it
// writes its own table of `parts`.
kernel void count_local(global const IN* input, const long count, global const double* range,
                        global const float* binning, const int bins, const int copies, global uint* parts,
                        local uint* tables) {
  for (int i = get_local_id(0); i < bins * copies; i += get_local_size(0)) tables[i] = 0;
  barrier(CLK_LOCAL_MEM_FENCE);
  local uint* own = tables + (int)(get_local_id(0) % copies) * bins;
  const long stride = get_global_size(0), quads = count / 4;
  for (long q = get_global_id(0); q < quads; q += stride)
    for (int k = 0; k < 4; ++k) atomic_inc(&own[bin_of(input[q * 4 + k], range, binning, bins)]);
  for (long i = quads * 4 + get_global_id(0); i < count; i += stride)
    atomic_inc(&own[bin_of(input[i], range, binning, bins)]);
  barrier(CLK_LOCAL_MEM_FENCE);
  for (int bin = get_local_id(0); bin < bins; bin += get_local_size(0)) {
    uint sum = 0;
    for (int copy = 0; copy < copies; ++copy) sum += tables[copy * bins + bin];
    parts[(long)get_group_id(0) * bins + bin] = sum;
  }
}

kernel void clear(global uint* parts, const long count) {
  const long i = get_global_id(0);
  if (i < count) parts[i] = 0;
}

// Many bins: the groups share `copies` tables in global memory.
kernel void count_global(global const IN* input, const long count, global const double* range,
                         global const float* binning, const int bins, const int copies, global uint* parts) {
  global uint* own = parts + (long)(get_group_id(0) % copies) * bins;
  const long stride = get_global_size(0);
  for (long i = get_global_id(0); i < count; i += stride) atomic_inc(&own[bin_of(input[i], range, binning, bins)]);
}

kernel void add_parts(global const uint* parts, const int tables, const int bins, global ulong* counts) {
  const int bin = get_global_id(0);
  if (bin >= bins) return;
  ulong sum = 0;
  for (int table = 0; table < tables; ++table) sum += parts[(long)table * bins + bin];
  counts[bin] = sum;
}

kernel void write_rows(global const ulong* counts, global const double* range, const int bins, global double* rows) {
  const int bin = get_global_id(0);
  if (bin >= bins) return;
  rows[2 * bin] = lower_edge(bin, bins, range[0], range[1]);
  rows[2 * bin + 1] = (double)counts[bin];
}
