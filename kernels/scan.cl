// Running sums over any number of values: sums of blocks, running sums of those (by the same kernels, one level
// up), and running sums within each block on top of them. A work-item holds ITEMS values, a group one block.
#define ITEMS 16

kernel void block_sums(global const uint* values, const long count, global uint* block_totals,
                       local uint* sums) {
  const long first = (long)get_global_id(0) * ITEMS;
  uint own = 0;
  for (long i = first; i < min(first + ITEMS, count); ++i) own += values[i];
  const uint before = sum_before(sums, own);
  if (get_local_id(0) == get_local_size(0) - 1) block_totals[get_group_id(0)] = before + own;
}

// `block_totals`: running sums of the blocks; without it (HAS_TOTALS not defined) there is one block.
kernel void running_sums(global uint* values, const long count, global const uint* block_totals,
                         local uint* sums) {
  const long first = (long)get_global_id(0) * ITEMS;
  uint own[ITEMS], sum = 0;
  for (int i = 0; i < ITEMS; ++i) {
    own[i] = first + i < count ? values[first + i] : 0;
    sum += own[i];
  }
  uint running = sum_before(sums, sum);
#ifdef HAS_TOTALS
  if (get_group_id(0) > 0) running += block_totals[get_group_id(0) - 1];
#endif
  for (int i = 0; i < ITEMS; ++i) {
    running += own[i];
    if (first + i < count) values[first + i] = running;
  }
}
