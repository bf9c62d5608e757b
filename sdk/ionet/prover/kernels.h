// The proofs' kernels, of docs/proofs.md: one source for CUDA, for Metal, and for a processor.
//
// What a language calls its own comes before this file as macros: GLOBAL (memory of the
// device), FIXED (a kernel's arguments), INLINE, u32, u64; for kernels of groups also SHARED
// (memory of a group), THREAD (its number in its group), TOGETHER (waits for the group's threads), GROUP_X and GROUP_Y.

struct MakeArgs {
    GLOBAL u32 *out;
    GLOBAL const u32 *first;
    GLOBAL const u32 *numbers;
    u64 count;
    u32 rounds;
};

struct WalkArgs {
    GLOBAL const u32 *memory;
    GLOBAL u32 *states;
    u64 count;
    u64 blocks;
    u32 reads;
    GLOBAL u32 *told;
};

struct RateArgs {
    GLOBAL u32 *out;
    u64 key_a;
    u64 key_b;
    u64 words;   // of a row of the whole product
    u64 start;   // of the words that are multiplied, the first
    u64 stop;    // and the one after the last
    u32 m;
};

// -- residency: a thread a block, or a chain

INLINE u32 turned(u32 word, u32 left) { return (word << left) | (word >> (32 - left)); }

#define QUARTER(a, b, d, up, c, down) \
    a += b; d = turned(d ^ a, up); c += d; b = turned(b ^ c, down)

// One round on a column whose b, c and d stand where earlier rounds have turned them to.
#define COLUMN(x, j, n) { \
    u32 a = x[j], b = x[8 + ((j + n) & 7)], c = x[16 + ((j + 2 * n) & 7)], d = x[24 + ((j + 4 * n) & 7)]; \
    QUARTER(a, b, d, 16, c, 12); \
    QUARTER(a, b, d, 8, c, 7); \
    x[j] = a; x[8 + ((j + n) & 7)] = b; x[16 + ((j + 2 * n) & 7)] = c; x[24 + ((j + 4 * n) & 7)] = d; }

#define ROUND(x, n) \
    COLUMN(x, 0, n) COLUMN(x, 1, n) COLUMN(x, 2, n) COLUMN(x, 3, n) \
    COLUMN(x, 4, n) COLUMN(x, 5, n) COLUMN(x, 6, n) COLUMN(x, 7, n)

struct State { u32 x[32]; };

// Eight rounds turn every row back to where it was; of fewer the rows are turned at the end.
INLINE State stirred(State s, u32 rounds) {
    u32 n = 0;
    for (; n + 8 <= rounds; n += 8) {
        ROUND(s.x, 0) ROUND(s.x, 1) ROUND(s.x, 2) ROUND(s.x, 3)
        ROUND(s.x, 4) ROUND(s.x, 5) ROUND(s.x, 6) ROUND(s.x, 7)
    }
    for (; n < rounds; n++) {
        State t;
        ROUND(s.x, 0)
        for (u32 j = 0; j < 8; j++) {
            t.x[j] = s.x[j];
            t.x[8 + j] = s.x[8 + ((j + 1) & 7)];
            t.x[16 + j] = s.x[16 + ((j + 2) & 7)];
            t.x[24 + j] = s.x[24 + ((j + 4) & 7)];
        }
        s = t;
    }
    return s;
}

INLINE void make_block(FIXED const MakeArgs &args, u64 at) {
    if (at >= args.count) return;
    State s;
    for (u32 j = 0; j < 16; j++) s.x[j] = args.first[j];
    for (u32 j = 0; j < 8; j++) { s.x[16 + j] = args.numbers[at]; s.x[24 + j] = j; }
    s = stirred(s, args.rounds);
    for (u32 j = 0; j < 32; j++) args.out[32 * at + j] = s.x[j];
}

INLINE void walk_chain(FIXED const WalkArgs &args, u64 at) {
    if (at >= args.count) return;
    State s;
    for (u32 j = 0; j < 32; j++) s.x[j] = args.states[32 * at + j];
    for (u32 read = 0; read < args.reads; read++) {
        u64 address = ((u64)s.x[0] * args.blocks) >> 32;
        GLOBAL const u32 *block = args.memory + 32 * address;
        for (u32 j = 0; j < 32; j++) s.x[j] ^= block[j];
        s.x[0] += read;
        s = stirred(s, 4);
        if (args.told) args.told[at * args.reads + read] = (u32)address;
    }
    for (u32 j = 0; j < 32; j++) args.states[32 * at + j] = s.x[j];
}

// -- rate: a group of 256 threads makes 64 x 64 cells, and both streams where it needs them

#define SIDE 64
#define THREADS 256
#define DEPTH 8

INLINE u64 splitmix(u64 key, u64 index) {
    u64 z = key + (index + 1) * 0x9E3779B97F4A7C15ul;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ul;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBul;
    return z ^ (z >> 31);
}

#ifndef DOT
// The sum of the products of four bytes, none above 15.
#define DOT(a, b, sum) ((sum) + (((a) & 255) * ((b) & 255)) + ((((a) >> 8) & 255) * (((b) >> 8) & 255)) \
    + ((((a) >> 16) & 255) * (((b) >> 16) & 255)) + (((a) >> 24) * ((b) >> 24)))
#endif

struct Sums { u32 cell[16]; u32 a[4]; u32 b[4]; };
struct Tile { u32 a[4 * DEPTH][SIDE]; u32 b[4 * DEPTH][SIDE]; };

// Words of 16 entries, as four words of four bytes: the entries 0, 2, 4, .. and 1, 3, 5, .., each plus 8.
#define SPREAD(tile, word, d, line) \
    tile[4 * (d)][line] = (u32)(word) & 0x0F0F0F0F; \
    tile[4 * (d) + 1][line] = (u32)((word) >> 32) & 0x0F0F0F0F; \
    tile[4 * (d) + 2][line] = ((u32)(word) >> 4) & 0x0F0F0F0F; \
    tile[4 * (d) + 3][line] = ((u32)((word) >> 32) >> 4) & 0x0F0F0F0F;

// An entry is what it is here less 8: sum (a - 8)(b - 8) = sum ab - 8 sum a - 8 sum b + 64 n. All modulo 2^32.
#define RATE_GROUP(args) \
    SHARED Tile tile; \
    Sums own; \
    const u32 t = THREAD, row = t / 16, column = t % 16; \
    for (u32 n = 0; n < 16; n++) own.cell[n] = 0; \
    for (u32 n = 0; n < 4; n++) own.a[n] = own.b[n] = 0; \
    for (u64 word = args.start; word < args.stop; word += DEPTH) { \
        for (u32 n = t; n < SIDE * DEPTH; n += THREADS) { \
            u32 line = n / DEPTH, d = n % DEPTH; \
            u64 a = 0x8888888888888888ul, b = a; \
            if (word + d < args.stop) { \
                a = splitmix(args.key_a, ((u64)GROUP_Y * SIDE + line) * args.words + word + d); \
                b = splitmix(args.key_b, ((u64)GROUP_X * SIDE + line) * args.words + word + d); \
            } \
            SPREAD(tile.a, a, d, line) \
            SPREAD(tile.b, b, d, line) \
        } \
        TOGETHER; \
        for (u32 q = 0; q < 4 * DEPTH; q++) { \
            u32 a[4], b[4]; \
            for (u32 n = 0; n < 4; n++) { \
                a[n] = tile.a[q][row + 16 * n]; \
                b[n] = tile.b[q][column + 16 * n]; \
                own.a[n] = DOT(a[n], 0x01010101u, own.a[n]); \
                own.b[n] = DOT(b[n], 0x01010101u, own.b[n]); \
            } \
            for (u32 n = 0; n < 16; n++) own.cell[n] = DOT(a[n / 4], b[n % 4], own.cell[n]); \
        } \
        TOGETHER; \
    } \
    const u32 stages = (u32)((args.stop - args.start + DEPTH - 1) / DEPTH); \
    for (u32 n = 0; n < 16; n++) { \
        u64 line = (u64)GROUP_Y * SIDE + row + 16 * (n / 4); \
        u64 at = (u64)GROUP_X * SIDE + column + 16 * (n % 4); \
        u32 less = 8 * (own.a[n / 4] + own.b[n % 4]); \
        args.out[line * args.m + at] = own.cell[n] - less + stages * (DEPTH * 16 * 64); \
    }
