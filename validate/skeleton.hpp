#pragma once
#include "engines/core/image.hpp"
#include "validate/value.hpp"

namespace voxelmark {

/// The centre lines of a mask (not 0), as a mask of 0 and 1 (u8) with the same parts, holes and
/// tunnels. Voxels are peeled off from all sides in turn as long as they are simple (removing one
/// changes no topology: Bertrand & Malandain 1994, of 26-connected objects in 3D and 8-connected
/// ones in 2D) and no line ends there. In voxels: spacing plays no part.
Image skeleton(const Image& mask);

/// clDice (Shit et al., CVPR 2021) for thin structures: the harmonic mean of the share of the
/// reference's skeleton that lies in the test mask and the share of the test's skeleton that lies
/// in the reference; in [0, 1], 0 where one side is empty, undefined where both are.
Value centre_line_dice(const Image& reference, const Image& test);

}  // namespace voxelmark
