// Positions are in fixed point, in units of 2^-FRACTION_BITS voxel. LINEAR, or else the voxel at the whole
// part of position + OFFSET; CLAMP, or else voxels outside are 0.
#define FRACTION_BITS 40
#define ONE (1L << FRACTION_BITS)
#define HALF (ONE / 2)

typedef struct {
  global const IN* pixels;
  long width, height, depth;
} image;

inline IN voxel(image in, long x, long y, long z) {
#ifdef CLAMP
  x = clamp(x, 0L, in.width - 1);
  y = clamp(y, 0L, in.height - 1);
  z = clamp(z, 0L, in.depth - 1);
#else
  if (x < 0 || y < 0 || z < 0 || x >= in.width || y >= in.height || z >= in.depth) return 0;
#endif
  return in.pixels[index_of(x, y, z, in.width, in.height)];
}

#ifdef LINEAR
// To 24 bits: as many as float holds.
inline float fraction(long c) {
  return convert_float((int)((c & (ONE - 1)) >> (FRACTION_BITS - 24))) * 0x1p-24f;
}

inline float between(float a, float b, float f) { return a + f * (b - a); }

inline float in_slice(image in, long x, long y, long z, float fx, float fy) {
  const float above =
      between(convert_float(voxel(in, x, y, z)), convert_float(voxel(in, x + 1, y, z)), fx);
  const float below =
      between(convert_float(voxel(in, x, y + 1, z)), convert_float(voxel(in, x + 1, y + 1, z)), fx);
  return between(above, below, fy);
}

inline OUT sampled(image in, long px, long py, long pz) {
  const long x = px >> FRACTION_BITS, y = py >> FRACTION_BITS, z = pz >> FRACTION_BITS;
  const float fx = fraction(px), fy = fraction(py), fz = fraction(pz);
  float value = in_slice(in, x, y, z, fx, fy);
  if (fz > 0) value = between(value, in_slice(in, x, y, z + 1, fx, fy), fz);
  return TO_OUT(value);
}
#else
inline OUT sampled(image in, long px, long py, long pz) {
  return voxel(in, (px + OFFSET) >> FRACTION_BITS, (py + OFFSET) >> FRACTION_BITS,
               (pz + OFFSET) >> FRACTION_BITS);
}
#endif

// map: three rows, of the input's x, y and z: what x, y, z and 1 of the output are multiplied by.
kernel void warp(global const IN* input, global OUT* output, const long width, const long height,
                 const long depth, const long out_width, const long out_height, const long out_depth,
                 constant long* map) {
  const long x = get_global_id(0), y = get_global_id(1), z = get_global_id(2);
  if (x >= out_width || y >= out_height || z >= out_depth) return;
  const image in = {input, width, height, depth};
#define POSITION(row) (map[4 * row] * x + map[4 * row + 1] * y + map[4 * row + 2] * z + map[4 * row + 3])
  output[index_of(x, y, z, out_width, out_height)] =
      sampled(in, POSITION(0), POSITION(1), POSITION(2));
}

// directions: what x and y of the input grow by from one radius to the next, for each angle.
kernel void radial_reslice(global const IN* input, global OUT* output, const long width, const long height,
                           const long depth, const long radii, const long angles,
                           global const long* directions) {
  const long radius = get_global_id(0), z = get_global_id(1), angle = get_global_id(2);
  if (radius >= radii || z >= depth || angle >= angles) return;
  const image in = {input, width, height, depth};
  output[index_of(radius, z, angle, radii, depth)] =
      sampled(in, width / 2 * ONE + radius * directions[2 * angle],
              height / 2 * ONE + radius * directions[2 * angle + 1], z * ONE);
}
