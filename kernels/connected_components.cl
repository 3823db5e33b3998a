// Union-find over runs, block by block. 32 voxels of a row are one word of bits; its runs of ones have a slot each,
// so that slots come in the order of a walk through the image. Each group unites the runs of a block of words in
// local memory; only what touches across blocks is united in global memory (after Oliveira and Lotufo 2010, and the
// runs of He et al. 2008). Pairs of runs that others join anyway are left out, as in Playne and Hawick 2018. A walk
// over words, not voxels, then numbers the roots. Slots are counted in 32 bits: there are no more than voxels.
// GROUP: a group's work-items, a power of two up to WORDS. WHOLE_QUADS: rows are multiples of four voxels.
// A block is one word wide, 2^height_bits rows high, and so deep that it has WORDS. A word has 2^slot_bits slots, the
// most runs that it can have.
#define WORDS 256
#define ROW 17  // slots of a word in local memory, one more than needed: neighbours fall into different banks
#define MOST_RUNS 16
#define GROUPED __attribute__((reqd_work_group_size(GROUP, 1, 1)))

#define VECTOR4_OF(type) type##4
#define VECTOR4(type) VECTOR4_OF(type)

UNION_FIND(local, local_parent_of, local_find_root, local_unite)

inline uint lowest_segment(const uint bits) { return bits & ~(bits + (bits & -bits)); }
inline int lowest_bit(const uint bits) { return 31 - clz(bits & -bits); }
inline uint starts_of(const uint word) { return word & ~(word << 1); }
// The number, from 0, of the run that holds a bit.
inline uint run_at(const uint word, const int bit) { return popcount(starts_of(word) & (0xffffffffu >> (31 - bit))) - 1; }
// The bits and those beside them.
inline uint widened(const uint bits) { return bits | bits << 1 | bits >> 1; }

// Four voxels as bits.
inline uint quad(global const IN* row, const long x, const long width) {
#ifdef WHOLE_QUADS
  if (x >= width) return 0;
  const VECTOR4(IN) v = *(global const VECTOR4(IN)*)(row + x);
#else
  VECTOR4(IN) v = (VECTOR4(IN))(0);
  if (x < width) v.x = row[x];
  if (x + 1 < width) v.y = row[x + 1];
  if (x + 2 < width) v.z = row[x + 2];
  if (x + 3 < width) v.w = row[x + 3];
#endif
#ifdef IN_IS_FLOAT
#define FOREGROUND(value) ((value) != 0 && (value) == (value))
#else
#define FOREGROUND(value) ((value) != 0)
#endif
  return (uint)FOREGROUND(v.x) | (uint)FOREGROUND(v.y) << 1 | (uint)FOREGROUND(v.z) << 2 | (uint)FOREGROUND(v.w) << 3;
}

// The bits of `through` from where a chain of its bits leads up to one of `known`.
inline uint leading_to(uint known, uint through) {
  known &= through;
  for (int reach = 1; reach < 32; reach *= 2) {
    known |= through & (known >> reach);
    through &= through >> reach;
  }
  return known;
}
// Where runs of words a and b, of rows beside each other, meet: the first voxel that both hold, unless they have one
// of `known` in common.
inline uint overlaps(const uint a, const uint b, const uint known) {
  return starts_of(a & b) & ~leading_to(known, a & b);
}
// Where one begins as the other has just ended; `a_before`, the voxels before those of a.
inline uint corners(const uint a, const uint a_before, const uint b, const uint b_before) {
  return (a & ~b & b_before & ~a_before) | (b & ~a & a_before & ~b_before);
}

// Rows that may hold neighbours of a row, without those to which it is a neighbour: above, behind, and, of neighbours
// by edges and corners, the rows above and below the latter.
#ifdef BOX
#define ROWS_BESIDE 4
#else
#define ROWS_BESIDE 2
#endif

inline void unite_in_block(volatile local uint* sets, local const uint* words, const int w, const int height_bits) {
  const uint a = words[w];
  if (a == 0) return;
  const int height = 1 << height_bits, y = w & (height - 1);
  const bool has_above = y > 0, has_behind = w >= height, has_below = has_behind && y + 1 < height;
  const uint above = has_above ? words[w - 1] : 0, behind = has_behind ? words[w - height] : 0;
  const uint both = has_above && has_behind ? words[w - height - 1] : 0;
  for (int row = 0; row < ROWS_BESIDE; ++row) {
    const int v = row == 0 ? w - 1 : row == 1 ? w - height : row == 2 ? w - height - 1 : w - height + 1;
    uint b = row == 0 ? above : row == 1 ? behind : both;
#ifdef BOX
    // What touches both runs has joined rows that only share an edge.
    if (row == 3) b = has_below ? words[v] : 0;
    const uint around = row < 2 ? 0 : behind | (row == 2 ? above : has_below ? words[w + 1] : 0);
    uint rest = overlaps(a, b, row == 0 ? 0 : row == 1 ? above & both : widened(around)) |
                (corners(a, a << 1, b, b << 1) & ~(around | around << 1));
#else
    uint rest = overlaps(a, b, row == 0 ? 0 : above & both);
#endif
    for (; rest != 0; rest &= rest - 1) {
      const int bit = lowest_bit(rest);
      const uint run_a = w * ROW + run_at(a, bit - !(a >> bit & 1)), run_b = v * ROW + run_at(b, bit - !(b >> bit & 1));
      if (local_parent_of(sets, run_a) != run_b) local_unite(sets, run_a, run_b);
    }
  }
}

// Packs a block's voxels into words, and gives each run the first one of its part within the block as its parent.
kernel GROUPED void label_blocks(global const IN* mask, const long width, const long height, const long depth,
                                 const int height_bits, const int slot_bits, global uint* words,
                                 global uint* parents) {
  local uchar quads[WORDS * 8];
  local uint block[WORDS];
  volatile local uint sets[WORDS * ROW];
  const int item = get_local_id(0), block_height = 1 << height_bits, block_depth = WORDS >> height_bits;
  const long columns = (width + 31) / 32, rows = (height + block_height - 1) / block_height, group = get_group_id(0);
  const long column = group % columns, y0 = group / columns % rows * block_height,
             z0 = group / columns / rows * block_depth;
#pragma unroll
  for (int k = 0; k < WORDS * 8 / GROUP; ++k) {
    const int n = item + k * GROUP;
    const long y = y0 + (n / 8 & (block_height - 1)), z = z0 + (n / 8 >> height_bits);
    quads[n] = y < height && z < depth ? quad(mask + (z * height + y) * width, column * 32 + n % 8 * 4, width) : 0;
  }
  barrier(CLK_LOCAL_MEM_FENCE);
  for (int w = item; w < WORDS; w += GROUP) {
    uint word = 0;
    for (int k = 0; k < 8; ++k) word |= (uint)quads[w * 8 + k] << 4 * k;
    block[w] = word;
    const long y = y0 + (w & (block_height - 1)), z = z0 + (w >> height_bits);
    if (y < height && z < depth) words[(z * height + y) * columns + column] = word;
  }
  barrier(CLK_LOCAL_MEM_FENCE);
  // A run that touches one of the rows before begins in its set.
  for (int w = item; w < WORDS; w += GROUP) {
    const uint above = (w & (block_height - 1)) > 0 ? block[w - 1] : 0;
    const uint behind = w >= block_height ? block[w - block_height] : 0;
    uint slot = w * ROW;
    for (uint rest = block[w]; rest != 0; ++slot) {
      const uint run = lowest_segment(rest);
      rest &= ~run;
      sets[slot] = run & above    ? (w - 1) * ROW + run_at(above, lowest_bit(run & above))
                   : run & behind ? (w - block_height) * ROW + run_at(behind, lowest_bit(run & behind))
                                  : slot;
    }
  }
  barrier(CLK_LOCAL_MEM_FENCE);
  for (int w = item; w < WORDS; w += GROUP) unite_in_block(sets, block, w, height_bits);
  barrier(CLK_LOCAL_MEM_FENCE);
  for (int n = item; n < WORDS * MOST_RUNS; n += GROUP) {
    const int w = n / MOST_RUNS, run = n % MOST_RUNS;
    if (run >= popcount(starts_of(block[w]))) continue;
    const int root = local_find_root(sets, w * ROW + run), v = root / ROW;
    const long y = y0 + (w & (block_height - 1)), z = z0 + (w >> height_bits);
    const long root_y = y0 + (v & (block_height - 1)), root_z = z0 + (v >> height_bits);
    parents[(((z * height + y) * columns + column) << slot_bits) + run] =
        (uint)(((root_z * height + root_y) * columns + column) << slot_bits) + root % ROW;
  }
}

// Of a row at the same columns as word i: in x a word, and in y whether the one before it ends with a one.
inline uint2 word_of_row(global const uint* words, const uint i, const bool has_before, const bool exists) {
  return exists ? (uint2)(words[i], has_before ? words[i - 1] >> 31 : 0) : (uint2)(0, 0);
}
inline uint before(const uint2 p) { return p.x << 1 | p.y; }

// The slot of the run that holds a bit of word i, or the last bit of the word before for bit -1.
inline uint slot_at(global const uint* words, const uint i, const int bit, const int slot_bits) {
  return bit >= 0 ? (i << slot_bits) + run_at(words[i], bit) : ((i - 1) << slot_bits) + run_at(words[i - 1], 31);
}

// Unites runs across the borders of blocks. A work-item a word.
kernel void merge_blocks(global const uint* words, volatile global uint* parents, const uint columns, const uint height,
                         const uint count, const int height_bits, const int slot_bits) {
  const uint i = get_global_id(0);
  if (i >= count) return;
  const uint y = i / columns % height, z = i / columns / height, plane = columns * height;
  const uint block_height = 1u << height_bits, block_depth = WORDS >> height_bits;
  const bool has_before = i % columns > 0;
  const uint2 a = word_of_row(words, i, has_before, true);
  if (a.x == 0 && a.y == 0) return;
  const bool is_top = y % block_height == 0, is_front = z % block_depth == 0;
  const uint2 above = word_of_row(words, i - columns, has_before, y > 0);
  const uint2 behind = word_of_row(words, i - plane, has_before, z > 0);
  const uint2 both = word_of_row(words, i - plane - columns, has_before, y > 0 && z > 0);
  // The rows before of the same block join the same runs, where they go on into the next word too.
  if ((a.x & a.y) && (is_top || !(above.x & above.y)) && (is_front || !(behind.x & behind.y)))
    unite(parents, slot_at(words, i, 0, slot_bits), slot_at(words, i, -1, slot_bits));
  for (int row = 0; row < ROWS_BESIDE; ++row) {
    const uint j = row == 0 ? i - columns : row == 1 ? i - plane : row == 2 ? i - plane - columns : i - plane + columns;
    uint2 b = row == 0 ? above : row == 1 ? behind : both;
    bool at_border = row == 0 ? is_top : row == 1 ? is_front : is_top || is_front;
    uint known = row == 0 ? (is_front ? 0 : behind.x & both.x) : (is_top ? 0 : above.x & both.x);
#ifdef BOX
    uint known_corners = 0;
    if (row >= 2) {
      const bool has_below = z > 0 && y + 1 < height;
      if (row == 3) {
        b = word_of_row(words, j, has_before, has_below);
        at_border = is_front || (y + 1) % block_height == 0;
      }
      const uint2 beside = row == 2 ? above : word_of_row(words, i + columns, has_before, has_below);
      known = widened(beside.x | behind.x);
      known_corners = beside.x | behind.x | before(beside) | before(behind);
    }
#endif
    // Where the words before overlap up to their ends, they have joined the runs.
    uint rest = at_border ? overlaps(a.x, b.x, known | (a.y & b.y)) : 0;
#ifdef BOX
    rest |= corners(a.x, before(a), b.x, before(b)) & ~known_corners & (at_border ? ~0u : 1u);
#endif
    for (; rest != 0; rest &= rest - 1) {
      const int bit = lowest_bit(rest);
      const uint run_a = slot_at(words, i, bit - !(a.x >> bit & 1), slot_bits);
      const uint run_b = slot_at(words, j, bit - !(b.x >> bit & 1), slot_bits);
      unite(parents, run_a, run_b);
    }
  }
}

// Finds each run's root. `numbers` gets each word's count of roots before it in its group, and its roots as bits;
// `totals` the groups' counts.
kernel GROUPED void number_roots(global const uint* words, global const uint* parents, const uint count,
                                 const int slot_bits, global uint* roots, global uint2* numbers, global uint* totals) {
  local uint word_of[WORDS], root_bits[WORDS], sums[GROUP];
  const int item = get_local_id(0);
  const long first = (long)get_group_id(0) * WORDS;
  for (int w = item; w < WORDS; w += GROUP) {
    word_of[w] = first + w < count ? words[first + w] : 0;
    root_bits[w] = 0;
  }
  barrier(CLK_LOCAL_MEM_FENCE);
  for (int n = item; n < WORDS * MOST_RUNS; n += GROUP) {
    const int w = n / MOST_RUNS, run = n % MOST_RUNS;
    if (run >= popcount(starts_of(word_of[w]))) continue;
    const uint slot = ((uint)(first + w) << slot_bits) + run;
    uint root = parents[slot];
    for (uint parent; (parent = parents[root]) != root;) root = parent;
    roots[slot] = root;
    if (root == slot) atomic_or(root_bits + w, 1u << run);
  }
  barrier(CLK_LOCAL_MEM_FENCE);
  const int share = WORDS / GROUP;
  uint own = 0;
  for (int k = 0; k < share; ++k) own += popcount(root_bits[item * share + k]);
  uint before = sum_before(sums, own);
  for (int k = 0; k < share; ++k) {
    const int w = item * share + k;
    if (first + w < count) numbers[first + w] = (uint2)(before, root_bits[w]);
    before += popcount(root_bits[w]);
  }
  if (item == GROUP - 1) totals[get_group_id(0)] = before;
}

// `totals` are running sums by now.
kernel GROUPED void write_labels(global const uint* words, global const uint* roots, global const uint2* numbers,
                                 global const uint* totals, const uint columns, const uint count, const long width,
                                 const int slot_bits, global uint* labels) {
  local uint word_of[WORDS], label_of[WORDS * MOST_RUNS];
  const int item = get_local_id(0);
  const long first = (long)get_group_id(0) * WORDS;
  for (int w = item; w < WORDS; w += GROUP) word_of[w] = first + w < count ? words[first + w] : 0;
  barrier(CLK_LOCAL_MEM_FENCE);
  for (int n = item; n < WORDS * MOST_RUNS; n += GROUP) {
    const int w = n / MOST_RUNS, run = n % MOST_RUNS;
    if (run >= popcount(starts_of(word_of[w]))) continue;
    const uint root = roots[((uint)(first + w) << slot_bits) + run], word = root >> slot_bits;
    const uint2 number = numbers[word];
    const uint bits = number.y & ((2u << (root & ((1u << slot_bits) - 1))) - 1);
    label_of[n] = (word >= WORDS ? totals[word / WORDS - 1] : 0) + number.x + popcount(bits);
  }
  barrier(CLK_LOCAL_MEM_FENCE);
  for (int n = item; n < WORDS * 8; n += GROUP) {
    const int w = n / 8, bit = n % 8 * 4;
    const uint index = (uint)first + w, word = word_of[w], starts = starts_of(word);
    if (first + w >= count) continue;
    const long row = index / columns * width, x = (long)(index % columns) * 32 + bit;
    uint own[4];
    for (int k = 0; k < 4; ++k)
      own[k] = word >> (bit + k) & 1 ? label_of[w * MOST_RUNS + popcount(starts & (0xffffffffu >> (31 - bit - k))) - 1] : 0;
#ifdef WHOLE_QUADS
    if (x < width) *(global uint4*)(labels + row + x) = (uint4)(own[0], own[1], own[2], own[3]);
#else
    for (int k = 0; k < 4 && x + k < width; ++k) labels[row + x + k] = own[k];
#endif
  }
}
