/* api.h: how public functions are declared. */
#ifndef ISTHMUS_API_H
#define ISTHMUS_API_H

/* The library is compiled with -fvisibility=hidden: only what is marked with ISTH_API can be linked to. */
#if defined(__GNUC__)
#define ISTH_API __attribute__((visibility("default")))
#define ISTH_PRINTF(format_at, first_at) __attribute__((__format__(__printf__, format_at, first_at)))
#else
#define ISTH_API
#define ISTH_PRINTF(format_at, first_at)
#endif

/* A function in a header: no warning where it is not used. */
#if defined(__GNUC__)
#define ISTH_INLINE static inline __attribute__((unused))
#else
#define ISTH_INLINE static inline
#endif

/* One spelling for C11 and C++, so that generated headers assert their layout in both. */
#ifdef __cplusplus
#define ISTH_STATIC_ASSERT(condition, message) static_assert(condition, message)
#define ISTH_ALIGNOF(type) alignof(type)
#else
#define ISTH_STATIC_ASSERT(condition, message) _Static_assert(condition, message)
#define ISTH_ALIGNOF(type) _Alignof(type)
#endif

#endif
