#!/usr/bin/env bash
# Measures what docs/performance.md shows: measure_performance.sh BENCH ENGINES OUT
# BENCH is the program, ENGINES a folder with the manifests of cupy, pyclesperanto, opencv-python, scipy and simpleitk
# (those that are not there are left out), OUT the folder for the results. DEVICE names the GPU (NVIDIA). About eleven
# minutes on a machine with 16 cores; ONLY=cpu_itk,threads measures these parts alone. Then: performance_table.py
# OUT/gpu_NAME.json... and performance_table.py --ours tbb OUT/cpu_NAME.json...
set -uo pipefail
[[ $# -eq 3 ]] || { sed -n '2,6s/^# //p' "$0" >&2; exit 2; }
program=$1 engines=$2 out=$3 gpu=${DEVICE:-NVIDIA}
mkdir -p "$out" || exit 2
planes=2048x2048 stacks=1024x1024x32

measure() {  # NAME, ENGINES, more options
  local name=$1 names=$2 folder manifest
  [[ -z ${ONLY:-} || ,$ONLY, == *,$name,* ]] || return 0
  folder=$(mktemp -d)
  for manifest in ${names//,/ }; do
    [[ ! -e $engines/$manifest.json ]] || cp "$engines"/{*.py,"$manifest.json"} "$folder"
  done
  SECONDS=0
  "$program" --engines-dir "$folder" --engine "$names" --no-pictures --json "$out/$name.json" "${@:3}" \
    >"$out/$name.txt" 2>"$out/$name.log"
  printf '%s: exit code %s, %s s\n' "$name" $? $SECONDS
  rm -rf "$folder"
}
on_gpu() {  # NAME, seconds a case, more options
  measure "gpu_$1" opencl,cupy,pyclesperanto --device "$gpu" --check sample --max-time "$2" "${@:3}"
}

both=$planes,$stacks
on_gpu rest 0.05 --size $both --filter '^(AddScalar|MultiplyScalar|AddImagesWeighted|AbsoluteDifference|BinaryAnd|FixedThreshold|Flip|Copy|Convert|Rotate|Reslice|RadialReslice|AutoThreshold|AffineTransform|Push|Pull|TopHat|Maximum.Projection|Mean.Projection|Sum.Projection|.*OfAllPixels)([23]D)?/'
on_gpu gauss 0.05 --size $both --sigma 2,10 --filter '^GaussianBlur'
on_gpu box 0.05 --size $both --param window=box --radius 2,20 --filter '^(Mean|Minimum)[23]D/'
on_gpu sphere 0.05 --size $both --param window=sphere --radius 2 --filter '^(Mean|Minimum|Erode|Median)[23]D/'
on_gpu median 0.05 --size $both --param window=box --radius 2 --filter '^Median[23]D/'
on_gpu median10 0.05 --size $planes --param window=box --radius 10 --dtype u8,f32 --filter '^Median2D/'
on_gpu turn 0.05 --size $both --param angle=45 --filter '^RotateAngle'
on_gpu components 0.05 --size $stacks --param neighbours=face,box --dataset noise,blobs --filter '^ConnectedComponents3D/'
on_gpu voronoi 0.05 --size $stacks --dataset nuclei --filter '^VoronoiOtsuLabeling3D/'
on_gpu sizes 0.02 --size 128x128,600x600,1024x1024,4096x4096,256x256x32,1024x1024x8 --no-limits \
  --filter '^(AddScalar|AddImagesWeighted|FixedThreshold|BinaryAnd|Flip|GaussianBlur|Mean|Minimum|Median|Erode|Rotate|MaximumZProjection)'

on_cpu() { measure "cpu_$1" "tbb,$2" --check none "${@:3}"; }
on_cpu planes opencv,opencv-python --max-time 0.05 --size $planes --dtype f32,u8,u16 --filter 2D/
compute='^(GaussianBlur|Mean|Minimum|Erode|TopHat|RotateAngle|AffineTransform|ConnectedComponents|Translate|Resample)3D/'
on_cpu stacks scipy --max-time 0 --size 512x512x32 --threads 1,16 --filter "$compute"
on_cpu median scipy --max-time 0 --size 256x256x16 --threads 1,16 --filter '^Median3D/'
on_cpu itk simpleitk --max-time 0 --size 512x512x32 --param window=box --filter '^(GaussianBlur|Mean|Minimum|Median)3D/'
on_cpu pointwise reference --max-time 0.2 --size $stacks --dtype f32 \
  --filter '^(AddScalar|AddImagesWeighted|MultiplyScalar|FixedThreshold|BinaryAnd|Copy|Flip)3D/'
measure threads tbb --check none --max-time 0.1 --threads 1,16 --size $both \
  --filter '^(GaussianBlur|Mean|Minimum|Median|RotateAngle|TopHat)[23]D/'

growth() {  # NAME, more options
  measure "growth_gpu_$1" opencl --device "$gpu" --check none --no-limits --max-time 0.05 "${@:2}"
  measure "growth_cpu_$1" tbb --check none --no-limits --max-time 0.05 "${@:2}"
}
growth size --filter '^(AddScalar|GaussianBlur|Median)2D/' --size 32x32,64x64,128x128,256x256,512x512,1024x1024,2048x2048,4096x4096,10240x10240
growth sigma --filter '^GaussianBlur2D/' --size $planes --sigma 2,4,6,8,10,12,14,16,18,20,22,24,26,28,30
growth radius --filter '^(Mean|Minimum|Median)2D/' --size $planes --radius 1,2,3,4,5,6,7,8,9,10,11,12,13,14,15
