// A GPU's languages as C++, so that a processor runs the very text that a GPU gets: a group's threads are threads.
#include <barrier>
#include <functional>
#include <thread>
#include <vector>

struct uint3 { unsigned x, y, z; };
static thread_local uint3 threadIdx, blockIdx, blockDim;
static std::barrier<> *meeting;

static void meet() { meeting->arrive_and_wait(); }

static void play(unsigned columns, unsigned rows, unsigned threads, bool apart, std::function<void()> work) {
    for (unsigned y = 0; y < rows; y++) for (unsigned x = 0; x < columns; x++) {
        std::barrier<> all(threads);
        meeting = &all;
        auto one = [&](unsigned number) {
            threadIdx = {number, 0, 0}, blockIdx = {x, y, 0}, blockDim = {threads, 1, 1};
            work();
        };
        std::vector<std::jthread> group;
        for (unsigned number = 0; number < threads; number++)
            if (apart) one(number); else group.emplace_back(one, number);
    }
}

#ifdef METAL
#define device
#define constant
#define threadgroup static
#define kernel static
#define threadgroup_barrier(flags) meet()
namespace metal {}
#else
#define __device__
#define __forceinline__ inline
#define __shared__ static
#define __global__
#define __launch_bounds__(threads)
#define __syncthreads meet
static unsigned __dp4a(unsigned a, unsigned b, unsigned sum) {
    for (int n = 0; n < 32; n += 8) sum += ((a >> n) & 255) * ((b >> n) & 255);
    return sum;
}
#endif

#include KERNELS

#define PLAYED(name, kind, apart, call) \
    extern "C" void run_##name(kind *args, unsigned columns, unsigned rows, unsigned threads) { \
        play(columns, rows, threads, apart, [=] { call; }); \
    }

#ifdef METAL
#define NUMBER blockIdx.x * blockDim.x + threadIdx.x
PLAYED(make, MakeArgs, true, make(*args, NUMBER))
PLAYED(walk, WalkArgs, true, walk(*args, NUMBER))
PLAYED(rate, RateArgs, false, rate(*args, blockIdx, threadIdx.x))
#else
PLAYED(rate, RateArgs, false, rate(*args))
#endif
