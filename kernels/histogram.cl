// Counts of a histogram's bins. A voxel's bin: its grey level (GREY_LEVELS), by edges in double precision
// (DOUBLE_EDGES, as AutoThreshold's otsu wants it for float32), or by the float32 steps of Histogram.
#pragma OPENCL EXTENSION cl_khr_fp64 : enable

// `width`: (maximum - minimum) / bins.
inline double lower_edge(const int bin, const double minimum, const double width) { return minimum + bin * width; }

// What decides a voxel's bin: least and greatest value, a bin's width and what has a width of 1 in bins, and Histogram's
// lowest value and scale.
typedef struct {
  double minimum, maximum, width, per_unit;
  float lowest, scale;
} Binning;

inline int bin_of(const IN value, const Binning binning, const int bins) {
#if defined(GREY_LEVELS)
  return (int)value;
#elif defined(DOUBLE_EDGES)
  const double v = (double)value, minimum = binning.minimum, width = binning.width;
  const double position = (v - minimum) * binning.per_unit;
  int bin = position < bins ? (int)position : bins - 1;
  if (bin > 0 && v < lower_edge(bin, minimum, width)) --bin;
  if (bin < bins - 1 && v >= lower_edge(bin + 1, minimum, width)) ++bin;
  return bin;
#else
  const float position = (convert_float(value) - binning.lowest) * binning.scale;
  return position < (float)bins ? (int)position : bins - 1;
#endif
}

inline Binning binning_of(global const double* range, const int bins) {
  Binning binning = {0, 0, 0, 0, 0, 0};
#ifndef GREY_LEVELS
  binning.minimum = range[0];
  binning.maximum = range[1];
#ifdef DOUBLE_EDGES
  binning.width = (binning.maximum - binning.minimum) / bins;
  binning.per_unit = bins / (binning.maximum - binning.minimum);
#endif
  binning.lowest = (float)binning.minimum;
  if (binning.maximum > binning.minimum)
    binning.scale = (float)fmin((double)FLT_MAX, bins / (binning.maximum - binning.minimum));
#endif
  return binning;
}

// The first work-item of all writes the float32 steps for what follows.
#define TELL_STEPS(steps, binning) \
  if (get_global_id(0) == 0) {     \
    steps[0] = binning.lowest;     \
    steps[1] = binning.scale;      \
  }

kernel void clear(global uint* tables, const long count) {
  const long i = get_global_id(0);
  if (i < count) tables[i] = 0;
}

// A work-item's run of voxels of one bin, counted at its end: an image of few values would crowd on few counters.
typedef struct {
  int bin;
  uint length;
} Run;
#define COUNT(value, slot)                                        \
  {                                                               \
    const int bin_ = bin_of(value, binning, bins);                \
    if (bin_ != run.bin) {                                        \
      if (run.length > 0) atomic_add(slot(run.bin), run.length);  \
      run.bin = bin_;                                             \
      run.length = 0;                                             \
    }                                                             \
    ++run.length;                                                 \
  }
// Counts all that a work-item comes past in strides of the whole range.
#define COUNT_ALL(slot)                                                                  \
  {                                                                                      \
    Run run = {0, 0};                                                                    \
    const long stride = get_global_size(0), quads = count / 4;                           \
    long q = get_global_id(0);                                                           \
    for (; q + stride < quads; q += 2 * stride) {                                        \
      const FOUR(IN) v = READ4(IN, input, 4 * q), w = READ4(IN, input, 4 * (q + stride));  \
      COUNT(v.x, slot) COUNT(v.y, slot) COUNT(v.z, slot) COUNT(v.w, slot)                \
      COUNT(w.x, slot) COUNT(w.y, slot) COUNT(w.z, slot) COUNT(w.w, slot)                \
    }                                                                                    \
    for (; q < quads; q += stride)                                                       \
      for (int k = 0; k < 4; ++k) COUNT(input[q * 4 + k], slot)                          \
    for (long i = quads * 4 + get_global_id(0); i < count; i += stride) COUNT(input[i], slot) \
    if (run.length > 0) atomic_add(slot(run.bin), run.length);                           \
  }

// Few bins: each group counts in local memory, in `copies` counters a bin side by side, since neighbours often share
// a bin; then it adds its counts to one of `table_count` tables.
kernel void count_local(global const IN* input, const long count, global const double* range, global float* steps,
                        const int bins, const int copies, const int table_count, volatile global uint* tables,
                        local uint* counters) {
  for (int i = get_local_id(0); i < bins * copies; i += get_local_size(0)) counters[i] = 0;
  const Binning binning = binning_of(range, bins);
  TELL_STEPS(steps, binning)
  barrier(CLK_LOCAL_MEM_FENCE);
  local uint* own = counters + get_local_id(0) % copies;
#define LOCAL_SLOT(bin) (own + (bin) * copies)
  COUNT_ALL(LOCAL_SLOT)
  barrier(CLK_LOCAL_MEM_FENCE);
  volatile global uint* table = tables + (long)(get_group_id(0) % table_count) * bins;
  for (int bin = get_local_id(0); bin < bins; bin += get_local_size(0)) {
    uint sum = 0;
    for (int copy = 0; copy < copies; ++copy) sum += counters[bin * copies + copy];
    if (sum > 0) atomic_add(table + bin, sum);
  }
}

// Many bins: the groups count in the tables themselves.
kernel void count_global(global const IN* input, const long count, global const double* range, global float* steps,
                         const int bins, const int table_count, volatile global uint* tables) {
  const Binning binning = binning_of(range, bins);
  TELL_STEPS(steps, binning)
  volatile global uint* table = tables + (long)(get_group_id(0) % table_count) * bins;
#define GLOBAL_SLOT(bin) (table + (bin))
  COUNT_ALL(GLOBAL_SLOT)
}

kernel void add_tables(global const uint* tables, const int table_count, const int bins, global ulong* counts) {
  const int bin = get_global_id(0);
  if (bin >= bins) return;
  ulong sum = 0;
  for (int table = 0; table < table_count; ++table) sum += tables[(long)table * bins + bin];
  counts[bin] = sum;
}

kernel void write_rows(global const uint* tables, const int table_count, global const double* range, const int bins,
                       global double* rows) {
  const int bin = get_global_id(0);
  if (bin >= bins) return;
  ulong sum = 0;
  for (int table = 0; table < table_count; ++table) sum += tables[(long)table * bins + bin];
  rows[2 * bin] = lower_edge(bin, range[0], (range[1] - range[0]) / bins);
  rows[2 * bin + 1] = (double)sum;
}
