// Running sums over any number of values: sums of blocks, running sums of those (by the same kernels, one level
// up), and running sums within each block on top of them. A work-item holds ITEMS values, a group one block.
#define ITEMS 16

// The sum of the values of all work-items before this one, and in `total` that of all of them.
inline uint sum_before(local uint* sums, uint own, uint* total) {
  const size_t item = get_local_id(0), size = get_local_size(0);
  sums[item] = own;
  barrier(CLK_LOCAL_MEM_FENCE);
  for (size_t reach = 1; reach < size; reach *= 2) {
    const uint other = item >= reach ? sums[item - reach] : 0;
    barrier(CLK_LOCAL_MEM_FENCE);
    sums[item] += other;
    barrier(CLK_LOCAL_MEM_FENCE);
  }
  *total = sums[size - 1];
  return sums[item] - own;
}

kernel void block_sums(global const uint* values, const long count, global uint* block_totals,
                       local uint* sums) {
  const long first = (long)get_global_id(0) * ITEMS;
  uint own = 0, total;
  for (long i = first; i < min(first + ITEMS, count); ++i) own += values[i];
  sum_before(sums, own, &total);
  if (get_local_id(0) == 0) block_totals[get_group_id(0)] = total;
}

// `block_totals`: running sums of the blocks; without it (HAS_TOTALS not defined) there is one block.
kernel void running_sums(global uint* values, const long count, global const uint* block_totals,
                         local uint* sums) {
  const long first = (long)get_global_id(0) * ITEMS;
  uint own[ITEMS], sum = 0, total;
  for (int i = 0; i < ITEMS; ++i) {
    own[i] = first + i < count ? values[first + i] : 0;
    sum += own[i];
  }
  uint running = sum_before(sums, sum, &total);
#ifdef HAS_TOTALS
  if (get_group_id(0) > 0) running += block_totals[get_group_id(0) - 1];
#endif
  for (int i = 0; i < ITEMS; ++i) {
    running += own[i];
    if (first + i < count) values[first + i] = running;
  }
}
