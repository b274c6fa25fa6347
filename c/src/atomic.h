/*
 * atomic.h: every atomic access of the library, and the memory model it needs.
 *
 * Three patterns, no others, on memory that two processes or threads share without a lock:
 *
 *  1. Hand over (release / acquire). One side writes plain data and then release-stores a word; the other acquire-loads that
 *     word and then may read the data. Used for a record's length (producer -> consumer) and for a ring's consumer position
 *     (consumer -> producer, which may then overwrite). Each store names its load in a comment, and the reverse.
 *
 *  2. Sleep / notify (Dekker). The consumer stores `sleeping`, fences, and loads the length; the producer stores the length,
 *     fences, and loads `sleeping`. The two sequentially consistent fences have an order, and whichever side's comes second
 *     sees the other's store: either the consumer stays awake or the producer wakes it. With anything weaker both could miss
 *     (the store buffer of a CPU lets a later load pass an earlier store), and the consumer would sleep for ever.
 *     Where one side does it far more often than the other, the other fences for both (isth__fence_others).
 *
 *  3. Seqlock (fence / fence). The writer of a region invalidates a slot, fences (release), and overwrites it in
 *     relaxed stores; a reader copies it in relaxed loads, fences (acquire), and looks whether it is still valid. If
 *     one of its loads saw one of those stores, the fences are ordered, and the last look sees that it was invalidated.
 *     See region_memory.h.
 *
 * Counters that only inform (statistics) are relaxed. Counts of references are a hand-over (1): who counts down to zero
 * sees all that the others did, and frees.
 */
#ifndef ISTH_ATOMIC_H
#define ISTH_ATOMIC_H

#include <stdatomic.h>
#include <stdint.h>

typedef _Atomic uint32_t isth__atomic_u32;
typedef _Atomic uint64_t isth__atomic_u64;

_Static_assert(ATOMIC_INT_LOCK_FREE == 2 && ATOMIC_LLONG_LOCK_FREE == 2,
               "atomics in shared memory must be lock-free: a lock would be private to each process");

#define isth__load_relaxed(p) atomic_load_explicit((p), memory_order_relaxed)
#define isth__load_acquire(p) atomic_load_explicit((p), memory_order_acquire)
#define isth__store_relaxed(p, v) atomic_store_explicit((p), (v), memory_order_relaxed)
#define isth__store_release(p, v) atomic_store_explicit((p), (v), memory_order_release)
#define isth__exchange_relaxed(p, v) atomic_exchange_explicit((p), (v), memory_order_relaxed)
#define isth__fence_acquire() atomic_thread_fence(memory_order_acquire)
#define isth__fence_release() atomic_thread_fence(memory_order_release)
#define isth__fence() atomic_thread_fence(memory_order_seq_cst)
/* Of the compiler only: for the side of (2) for which the other fences. */
#define isth__fence_compiler() atomic_signal_fence(memory_order_seq_cst)
#define isth__add_relaxed(p, v) atomic_fetch_add_explicit((p), (v), memory_order_relaxed)
#define isth__subtract_relaxed(p, v) atomic_fetch_sub_explicit((p), (v), memory_order_relaxed)
#define isth__subtract_release(p, v) atomic_fetch_sub_explicit((p), (v), memory_order_release)
#define isth__subtract_acquire_release(p, v) atomic_fetch_sub_explicit((p), (v), memory_order_acq_rel)

#endif
