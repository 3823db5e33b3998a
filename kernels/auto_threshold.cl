// The level in a histogram, found by one group, and the mask. The same steps as in
// engines/operations/auto_threshold.hpp, so that all engines find the same level.
#pragma OPENCL EXTENSION cl_khr_fp64 : enable

// METHOD is one of these.
#define METHOD_default 0
#define METHOD_li 1
#define METHOD_triangle 2
#define METHOD_mean 3
#define METHOD_yen 4
#define METHOD_otsu 5

// What the mask is made with: 1 where (value - lowest) * scale >= cut, which NaN makes nowhere.
inline void write_threshold(global float* threshold, const float lowest, const float scale, const float cut) {
  threshold[0] = lowest;
  threshold[1] = scale;
  threshold[2] = cut;
}

// Puts the level as a cut; `last` is the last bin, above which there is nothing.
inline void write_level(global float* threshold, global const float* binning, const int level, const int last) {
#ifdef GREY_LEVELS
  const float lowest = 0, scale = 1;
#else
  const float lowest = binning[0], scale = binning[1];
#endif
  const int inside = clamp(level, 0, last);
  write_threshold(threshold, lowest, scale, inside < last ? (float)(inside + 1) : NAN);
}

// A bin's count is the sum of those of `table_count` tables.
inline ulong count_of(global const COUNT* tables, const int table_count, const int bins, const int bin) {
  ulong sum = 0;
  for (int table = 0; table < table_count; ++table) sum += tables[(long)table * bins + bin];
  return sum;
}

inline double ratio(const ulong a, const ulong b) { return (double)a / (double)b; }

#if METHOD == METHOD_otsu
// Each work-item over a run of bins. What `bests` and the rest hold is one entry a work-item.
kernel void otsu(global const COUNT* tables, const int table_count, const int bins, global const double* range,
                 global const float* binning, global float* threshold, local ulong* count_before,
                 local ulong* moment_before, local int* occupied, local double* bests, local int* levels) {
  const int item = get_local_id(0), items = get_local_size(0);
  const int run = (bins + items - 1) / items, first = min(bins, item * run), end = min(bins, first + run);
  ulong n = 0, m = 0;
  int holding = 0;
  for (int i = first; i < end; ++i) {
    const ulong here = count_of(tables, table_count, bins, i);
    n += here;
    m += here * (ulong)i;
    holding += here != 0;
  }
  count_before[item] = n;
  moment_before[item] = m;
  occupied[item] = holding;
  barrier(CLK_LOCAL_MEM_FENCE);
  ulong all_counts = 0, all_moments = 0, below = 0, moment = 0;
  int all_occupied = 0;
  for (int i = 0; i < items; ++i) {
    if (i < item) {
      below += count_before[i];
      moment += moment_before[i];
    }
    all_counts += count_before[i];
    all_moments += moment_before[i];
    all_occupied += occupied[i];
  }
  double best = -1;
  int level = 0;
  for (int i = first; i < end; ++i) {
    const ulong here = count_of(tables, table_count, bins, i);
    below += here;
    moment += here * (ulong)i;
    const ulong above = all_counts - below;
    if (below == 0 || above == 0) continue;
    const double distance = ratio(moment, below) - ratio(all_moments - moment, above);
    const double variance = (double)below * (double)above * (distance * distance);
    if (variance > best) {
      best = variance;
      level = i;
    }
  }
  bests[item] = best;
  levels[item] = level;
  barrier(CLK_LOCAL_MEM_FENCE);
  if (item != 0) return;
  for (int i = 1; i < items; ++i)
    if (bests[i] > best) {
      best = bests[i];
      level = levels[i];
    }
  if (all_occupied < 2) level = bins - 1;
#ifdef DOUBLE_EDGES
  const double minimum = range[0], maximum = range[1], width = (maximum - minimum) / bins;
  const double lower = minimum + level * width;
  const double upper = level + 1 < bins ? minimum + (level + 1) * width : maximum;
  // The least float32 above the centre: no float32 lies between it and the centre.
  const float above_centre = nextafter(convert_float_rtn((lower + upper) / 2), INFINITY);
  write_threshold(threshold, 0, 1, level < bins - 1 ? above_centre : NAN);
#else
  write_level(threshold, binning, level, bins - 1);
#endif
}

#else
#define BINS 256

// Counts and sums of bin numbers up to and with each bin.
typedef struct {
  local ulong *count, *moment;
} Cumulated;

// By the whole group: running sums over ever longer stretches (Hillis and Steele 1986), forth and back between the
// arrays and spare ones.
#define CUMULATE(counts, sums, spare)                                                               \
  {                                                                                                 \
    for (int i = item; i < BINS; i += items) {                                                      \
      sums.count[i] = counts[i];                                                                    \
      sums.moment[i] = counts[i] * (ulong)i;                                                        \
    }                                                                                               \
    barrier(CLK_LOCAL_MEM_FENCE);                                                                   \
    for (int reach = 1; reach < BINS; reach *= 2) { /* eight times: the last results lie in sums */ \
      for (int i = item; i < BINS; i += items) {                                                    \
        spare.count[i] = sums.count[i] + (i >= reach ? sums.count[i - reach] : 0);                  \
        spare.moment[i] = sums.moment[i] + (i >= reach ? sums.moment[i - reach] : 0);               \
      }                                                                                             \
      barrier(CLK_LOCAL_MEM_FENCE);                                                                 \
      const Cumulated swapped = sums;                                                               \
      sums = spare;                                                                                 \
      spare = swapped;                                                                              \
    }                                                                                               \
  }
inline double mean_up_to(const Cumulated sums, const int bin) { return ratio(sums.moment[bin], sums.count[bin]); }
inline double mean_above(const Cumulated sums, const int bin) {
  return ratio(sums.moment[BINS - 1] - sums.moment[bin], sums.count[BINS - 1] - sums.count[bin]);
}

// The lowest bin of the greatest count, by the whole group; may use `counts_of` and `bins_of`, which hold BINS.
#define FIND_MODE(counts, counts_of, bins_of)                                                          \
  {                                                                                                    \
    for (int i = item; i < BINS; i += items) {                                                         \
      counts_of[i] = counts[i];                                                                        \
      bins_of[i] = i;                                                                                  \
    }                                                                                                  \
    barrier(CLK_LOCAL_MEM_FENCE);                                                                      \
    for (int half_ = BINS / 2; half_ > 0; half_ /= 2) {                                                \
      for (int i = item; i < half_; i += items) {                                                      \
        const ulong a = counts_of[i], b = counts_of[i + half_];                                        \
        if (b > a || (b == a && bins_of[i + half_] < bins_of[i])) {                                    \
          counts_of[i] = b;                                                                            \
          bins_of[i] = bins_of[i + half_];                                                             \
        }                                                                                              \
      }                                                                                                \
      barrier(CLK_LOCAL_MEM_FENCE);                                                                    \
    }                                                                                                  \
  }

// By the whole group. Changes the counts; `limits` is first and last bin and where the walk ends. The walk of the
// definition tries one bin after the other; here all are tried at once, and the first one that ends it counts.
#define ISODATA(level)                                                                                     \
  {                                                                                                        \
    FIND_MODE(counts, sums.count, sums.moment)                                                             \
    const int mode = (int)sums.moment[0];                                                                  \
    const ulong highest = sums.count[0];                                                                   \
    barrier(CLK_LOCAL_MEM_FENCE);                                                                          \
    if (item == 0) counts[mode] = 0;                                                                       \
    barrier(CLK_LOCAL_MEM_FENCE);                                                                          \
    FIND_MODE(counts, sums.count, sums.moment)                                                             \
    const ulong second = sums.count[0];                                                                    \
    barrier(CLK_LOCAL_MEM_FENCE);                                                                          \
    if (item == 0) {                                                                                       \
      counts[mode] = second != 0 && highest > 2 * second ? second + second / 2 : highest;                  \
      counts[0] = counts[BINS - 1] = 0;                                                                    \
      limits[0] = limits[2] = BINS - 1;                                                                    \
      limits[1] = 0;                                                                                       \
    }                                                                                                      \
    barrier(CLK_LOCAL_MEM_FENCE);                                                                          \
    for (int i = item; i < BINS; i += items)                                                               \
      if (counts[i] != 0) {                                                                                \
        atomic_min(limits, i);                                                                             \
        atomic_max(limits + 1, i);                                                                         \
      }                                                                                                    \
    barrier(CLK_LOCAL_MEM_FENCE);                                                                          \
    const int first = limits[0], last = limits[1];                                                         \
    CUMULATE(counts, sums, spare)                                                                          \
    for (int i = item; i < BINS; i += items)                                                               \
      if (first <= i && i < last && !(i + 2 <= MIDDLE(i) && i + 2 < last)) atomic_min(limits + 2, i);      \
    barrier(CLK_LOCAL_MEM_FENCE);                                                                          \
    level = first >= last ? BINS / 2 : (int)floor(MIDDLE(limits[2]) + 0.5);                                \
  }
#define MIDDLE(i) ((mean_up_to(sums, i) + mean_above(sums, i)) / 2)

inline double logarithm(double x) {
  int exponent = 0;
  for (; x > 1.5; x *= 0.5) ++exponent;
  for (; x < 0.75; x *= 2) --exponent;
  const double s = (x - 1) / (x + 1), square = s * s;
  double series = 0;
  for (int n = 25; n >= 1; n -= 2) series = series * square + 1.0 / n;
  return 2 * s * series + exponent * 0.693147180559945309417;
}

inline int li(const Cumulated sums) {
  double next = mean_up_to(sums, BINS - 1);
  int level = 0;
  for (int round = 0; round < 1000; ++round) {
    const double previous = next;
    level = (int)(previous + 0.5);
    const double below = sums.count[level] ? mean_up_to(sums, level) : 0;
    const double above = sums.count[level] < sums.count[BINS - 1] ? mean_above(sums, level) : 0;
    const double middle =
        below > 0 && above > 0 ? (below - above) / (logarithm(below) - logarithm(above)) : 0;
    next = (int)(middle + 0.5);
    if (fabs(next - previous) <= 0.5) break;
  }
  return level;
}

inline int mean(const Cumulated sums) {
  return (int)floor(mean_up_to(sums, BINS - 1));
}

inline int triangle(local const ulong* counts) {
  const int last = BINS - 1;
  int low = 0, high = last, peak = 0;
  while (counts[low] == 0) ++low;
  while (counts[high] == 0) --high;
  for (int i = 0; i <= last; ++i)
    if (counts[i] > counts[peak]) peak = i;
  if (low > 0) --low;
  if (high < last) ++high;
  const bool mirrored = peak - low < high - peak;
#define AT(i) ((double)counts[mirrored ? last - (i) : (i)])
  const int foot = mirrored ? last - high : low, top = mirrored ? last - peak : peak;
  double nx = AT(top), ny = foot - top;
  const double length = sqrt(nx * nx + ny * ny);
  nx /= length;
  ny /= length;
  const double line = nx * foot + ny * AT(foot);
  double farthest = 0;
  int split = foot;
  for (int i = foot + 1; i <= top; ++i) {
    const double distance = nx * i + ny * AT(i) - line;
    if (distance > farthest) {
      farthest = distance;
      split = i;
    }
  }
  --split;
  return mirrored ? last - split : split;
}

inline int yen(local const ulong* counts, const Cumulated sums, local double* squares_above) {
  const ulong total = sums.count[BINS - 1];
  const double all = (double)total;
  squares_above[BINS - 1] = 0;
  for (int i = BINS - 2; i >= 0; --i) {
    const double fraction = (double)counts[i + 1] / all;
    squares_above[i] = squares_above[i + 1] + fraction * fraction;
  }
  double best = -1, squares = 0;
  int level = 0;
  for (int i = 0; i < BINS; ++i) {
    const double fraction = (double)counts[i] / all;
    squares += fraction * fraction;
    if (sums.count[i] == 0 || sums.count[i] == total) continue;
    const double below = (double)sums.count[i] / all, product = below * (1 - below);
    const double criterion = product * product / (squares * squares_above[i]);
    if (criterion > best) {
      best = criterion;
      level = i;
    }
  }
  return level;
}

// The other methods, on 256 bins.
kernel void find_level(global const COUNT* tables, const int table_count, global const float* binning,
                       global float* threshold) {
  local ulong counts[BINS], count[BINS], moment[BINS], spare_count[BINS], spare_moment[BINS];
  local int limits[3], occupied;
  const int item = get_local_id(0), items = get_local_size(0);
  if (item == 0) occupied = 0;
  barrier(CLK_LOCAL_MEM_FENCE);
  for (int i = item; i < BINS; i += items) {
    counts[i] = count_of(tables, table_count, BINS, i);
    if (counts[i] != 0) atomic_inc(&occupied);
  }
  barrier(CLK_LOCAL_MEM_FENCE);
  Cumulated sums = {count, moment}, spare = {spare_count, spare_moment};
  int level = BINS - 1;
  if (occupied >= 2) {  // the same for the whole group
#if METHOD == METHOD_default
    ISODATA(level)
#else
    CUMULATE(counts, sums, spare)
    if (item != 0) return;
#if METHOD == METHOD_li
    level = li(sums);
#elif METHOD == METHOD_triangle
    level = triangle(counts);
#elif METHOD == METHOD_mean
    level = mean(sums);
#else
    level = yen(counts, sums, (local double*)spare_count);
#endif
#endif
  }
  if (item == 0) write_level(threshold, binning, level, BINS - 1);
}

#endif

kernel void write_mask(global const IN* input, global uchar* mask, const long count, global const float* threshold) {
  const long first = (long)get_global_id(0) * 4;
  const float lowest = threshold[0], scale = threshold[1], cut = threshold[2];
  if (first + 4 <= count) {
    // A vector comparison gives -1 where it holds.
    const int4 foreground = (convert_float4(READ4(IN, input, first)) - lowest) * scale >= cut;
    vstore4(convert_uchar4(foreground & 1), 0, mask + first);
  } else {
    for (long i = first; i < count; ++i) mask[i] = (convert_float(input[i]) - lowest) * scale >= cut;
  }
}
