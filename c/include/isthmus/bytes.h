/*
 * bytes.h: numbers at any address, and in either byte order.
 *
 * isth_load_NAME reads a number as the machine has it, from an address that need not be aligned. isth_load_be_NAME reads,
 * and isth_store_be_NAME writes, one whose first byte is the most significant. NAME: u8 to u64, i8 to i64, f32, f64.
 */
#ifndef ISTHMUS_BYTES_H
#define ISTHMUS_BYTES_H

#include <stdint.h>
#include <string.h>

#include <isthmus/api.h>

#define ISTH__LOAD(name, type)                                                                                         \
  ISTH_INLINE type isth_load_##name(const void *at) {                                                                  \
    type value;                                                                                                        \
    memcpy(&value, at, sizeof(value));                                                                                 \
    return value;                                                                                                      \
  }

/* The machine is little-endian: see ARCHITECTURE.md. */
#define ISTH__BIG_ENDIAN(name, type, bits)                                                                             \
  ISTH_INLINE type isth_load_be_##name(const void *at) {                                                               \
    type value;                                                                                                        \
    uint##bits##_t raw;                                                                                                \
    memcpy(&raw, at, sizeof(raw));                                                                                     \
    raw = __builtin_bswap##bits(raw);                                                                                  \
    memcpy(&value, &raw, sizeof(value));                                                                               \
    return value;                                                                                                      \
  }                                                                                                                    \
  ISTH_INLINE void isth_store_be_##name(void *at, type value) {                                                        \
    uint##bits##_t raw;                                                                                                \
    memcpy(&raw, &value, sizeof(raw));                                                                                 \
    raw = __builtin_bswap##bits(raw);                                                                                  \
    memcpy(at, &raw, sizeof(raw));                                                                                     \
  }

ISTH__LOAD(u8, uint8_t)
ISTH__LOAD(i8, int8_t)
ISTH__LOAD(u16, uint16_t)
ISTH__LOAD(i16, int16_t)
ISTH__LOAD(u32, uint32_t)
ISTH__LOAD(i32, int32_t)
ISTH__LOAD(u64, uint64_t)
ISTH__LOAD(i64, int64_t)
ISTH__LOAD(f32, float)
ISTH__LOAD(f64, double)

ISTH__BIG_ENDIAN(u16, uint16_t, 16)
ISTH__BIG_ENDIAN(i16, int16_t, 16)
ISTH__BIG_ENDIAN(u32, uint32_t, 32)
ISTH__BIG_ENDIAN(i32, int32_t, 32)
ISTH__BIG_ENDIAN(u64, uint64_t, 64)
ISTH__BIG_ENDIAN(i64, int64_t, 64)
ISTH__BIG_ENDIAN(f32, float, 32)
ISTH__BIG_ENDIAN(f64, double, 64)

#undef ISTH__LOAD
#undef ISTH__BIG_ENDIAN

#endif
