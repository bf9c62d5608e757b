typedef unsigned int u32;
typedef unsigned long long u64;
#define GLOBAL
#define FIXED
#define INLINE static __device__ __forceinline__
#define SHARED __shared__
#define THREAD threadIdx.x
#define TOGETHER __syncthreads()
#define GROUP_X blockIdx.x
#define GROUP_Y blockIdx.y
#define DOT(a, b, sum) __dp4a((u32)(a), (u32)(b), (u32)(sum))

#include "kernels.h"

extern "C" __global__ void __launch_bounds__(THREADS) rate(const RateArgs args) {
    RATE_GROUP(args)
}
