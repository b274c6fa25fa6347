/* waker.h: a semaphore as a descriptor that Go's poller can wait for. */
#ifndef WAKER_H
#define WAKER_H

/*
 * Starts a thread that adds 1 to the eventfd whenever it could take 1 from the semaphore, until that is removed. It is C's own: a
 * goroutine in semop would keep its processor, which is the only one here, until the runtime takes it away 20 us later or more.
 * Returns 0, or an errno.
 */
int waker_start(int semaphores, unsigned short number, int eventfd);

#endif
