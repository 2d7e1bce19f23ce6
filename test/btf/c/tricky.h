// Types that are hard to lay out. Each struct is used below, or the compiler leaves it out.
typedef unsigned char u8;
typedef unsigned short u16;
typedef unsigned int u32;
typedef unsigned long long u64;

struct packed { u8 a; u32 b; u64 c; } __attribute__((packed));
struct packed_by_chance { u64 a; u32 b; u32 c; } __attribute__((packed));
struct holds_packed { u32 a; struct packed_by_chance b; u8 c; };
struct packed_aligned { u8 a; u32 b; } __attribute__((packed, aligned(4)));
struct aligned { u8 a; u32 b __attribute__((aligned(64))); u8 c; } __attribute__((aligned(128)));
struct holds_aligned { u8 a; struct aligned b; u8 c; };
struct member_packed { u8 a; u64 b __attribute__((packed)); u32 c; };
typedef u64 loose_u64 __attribute__((aligned(4)));
struct loose { u32 a; loose_u64 b; u32 c; };

struct bits { u8 a : 3; u8 : 2; u8 b : 3; u32 c : 20; u32 : 0; u32 d : 1; u64 e : 40; u64 f : 30; _Bool g : 1; int h : 5; };
struct packed_bits { u8 a : 3; u32 b : 30; u64 c : 63; u8 d; u16 e : 9; } __attribute__((packed));
struct bits_then_bytes { u32 a : 5; u8 b; u16 c : 3; u8 d[3]; u64 e : 1; };
struct wide_unit { u64 a : 4; u32 b; };

enum small { SMALL_A, SMALL_B } __attribute__((packed));
enum medium { MEDIUM = 40000 } __attribute__((packed));
enum wide { WIDE = 0x100000000ull, WIDER = ~0ull };
enum negative { MINUS = -1, LOWEST = -0x7fffffff - 1 };
enum lowest { LOWEST64 = -0x7fffffffffffffffll - 1 };
struct enums { enum small a; enum medium b; enum wide c; enum negative d; enum small e : 2; enum lowest f; };

union padded { u8 a[5]; u32 b; } __attribute__((aligned(32)));
union packed_union { u8 a[18]; u64 b; } __attribute__((packed));
struct holds_unions { u8 a; union packed_union b; union padded c; };
struct anonymous {
  struct { u8 a; union { u32 b; struct { u16 c, d; } __attribute__((packed)); }; };
  struct { u8 x; u64 y; u32 z : 3; } named, array[3];
  enum { ANONYMOUS_ONE, ANONYMOUS_TWO } kind;
};
struct flexible { u32 count; struct { u8 tag; u64 value; } entries[]; };
struct empty {};
struct holds_empty { u8 a; struct empty b; u32 c; u8 d[0]; u64 e[0]; };
struct numbers { float a; double b; long double c; __int128 d; unsigned __int128 e; _Bool f; long g; signed char h; };

struct other;
struct only_here;
struct self { struct self *next, **link; struct other *other; struct self *(*get)(struct self *, int, ...); };
struct other { struct self embedded; struct self *const *volatile p; };
typedef int (*callback)(void *data, const char *name, struct only_here *p);
struct declarators {
  callback call;
  int (*table[4])(void);
  int (*(*returns)(int))[3];
  const char *const names[2];
  const char *(*const function)(const char *const *);
  volatile int *restrict r;
  void (*(*signal)(int, void (*)(int)))(int);
  const struct { int q; } *anonymous;
};
typedef struct { int counter; } atomic;
typedef atomic renamed;
typedef struct self self_t;
struct typedefs { renamed a; self_t *b; atomic c[2]; const volatile renamed d; };
struct va { __builtin_va_list list; };

struct {
  struct packed v0; struct holds_packed v1; struct packed_aligned v2; struct holds_aligned v3;
  struct member_packed v4; struct loose v5; struct bits v6; struct packed_bits v7;
  struct bits_then_bytes v8; struct wide_unit v9; struct enums v10; struct holds_unions v11;
  struct anonymous v12; struct holds_empty v13; struct numbers v14; struct declarators v15;
  struct typedefs v16; struct va v17; struct other v18; struct flexible v19;
} used;
