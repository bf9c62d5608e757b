#include <metal_stdlib>
using namespace metal;
typedef uint u32;
typedef ulong u64;
#define GLOBAL device
#define FIXED constant
#define INLINE static inline
#define SHARED threadgroup
#define THREAD number
#define TOGETHER threadgroup_barrier(mem_flags::mem_threadgroup)
#define GROUP_X group.x
#define GROUP_Y group.y

#include "kernels.h"

kernel void make(constant MakeArgs &args [[buffer(0)]], uint number [[thread_position_in_grid]]) {
    make_block(args, number);
}

kernel void walk(constant WalkArgs &args [[buffer(0)]], uint number [[thread_position_in_grid]]) {
    walk_chain(args, number);
}

kernel void rate(constant RateArgs &args [[buffer(0)]], uint3 group [[threadgroup_position_in_grid]],
                 uint number [[thread_index_in_threadgroup]]) {
    RATE_GROUP(args)
}
