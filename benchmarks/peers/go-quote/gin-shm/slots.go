package main

/*
#cgo CFLAGS: -O2 -D_GNU_SOURCE -I${SRCDIR}/../../../http/native
#include "slots.h"
#include "waker.h"
*/
import "C"

import (
	"errors"
	"fmt"
	"log"
	"os"
	"os/exec"
	"runtime"
	"sync/atomic"
	"unsafe"

	"golang.org/x/sys/unix"

	"isthmus/benchmarks/quote/quote"
)

// slot is C's, as it lies.
type slot struct {
	state   uint32
	refused uint32
	request quote.Input
	reply   quote.Reply
	refusal [64]byte
	_       [C.sizeof_slot - 176]byte
}

var (
	_ [unsafe.Sizeof(slot{}) - C.sizeof_slot]struct{}
	_ [C.sizeof_slot - unsafe.Sizeof(slot{})]struct{}
)

// sembuf of sys/sem.h.
type sembuf struct {
	number    uint16
	operation int16
	flags     int16
}

// slots are the calls under way: memory and semaphores that a C worker shares. See slots.h.
type slots struct {
	semaphores   uintptr
	workerSleeps *uint32
	serverSleeps *uint32
	slots        []slot
	// Numbers of free slots: who finds none waits for one.
	free chan int
	// By slot: its reply is there.
	answered [C.SLOTS]chan struct{}
}

// openSlots makes the segment and the semaphores, and starts the worker. The segment goes with its last user, and the semaphores by
// close or, where this process is killed, by the worker.
func openSlots(worker string) (*slots, error) {
	// The worker is told of the end of the thread that started it.
	runtime.LockOSThread()
	segment, err := unix.SysvShmGet(unix.IPC_PRIVATE, C.sizeof_slots, unix.IPC_CREAT|0o600)
	if err != nil {
		return nil, fmt.Errorf("shmget: %w", err)
	}
	memory, err := unix.SysvShmAttach(segment, 0, 0)
	// Linux lets the worker attach what is marked for removal.
	_, _ = unix.SysvShmCtl(segment, unix.IPC_RMID, nil)
	if err != nil {
		return nil, fmt.Errorf("shmat: %w", err)
	}
	semaphores, _, errno := unix.Syscall(unix.SYS_SEMGET, unix.IPC_PRIVATE, C.WAKE_COUNT, unix.IPC_CREAT|0o600)
	if errno != 0 {
		return nil, fmt.Errorf("semget: %w", errno)
	}
	shared := (*C.slots)(unsafe.Pointer(&memory[0]))
	s := &slots{
		semaphores:   semaphores,
		workerSleeps: (*uint32)(unsafe.Pointer(&shared.worker_sleeps)),
		serverSleeps: (*uint32)(unsafe.Pointer(&shared.server_sleeps)),
		slots:        unsafe.Slice((*slot)(unsafe.Pointer(&shared.slots)), C.SLOTS),
		free:         make(chan int, C.SLOTS),
	}
	for i := range s.answered {
		s.answered[i] = make(chan struct{}, 1)
		s.free <- i
	}
	wakes, err := s.openWakes()
	if err != nil {
		s.close()
		return nil, err
	}
	process := exec.Command(worker, fmt.Sprint(segment), fmt.Sprint(semaphores))
	process.Stderr = os.Stderr
	if err := process.Start(); err != nil {
		s.close()
		return nil, err
	}
	go func() { log.Fatalf("the worker ended: %v", process.Wait()) }()
	go s.collect(wakes)
	return s, nil
}

// openWakes gives a file that can be read when the worker has raised its semaphore.
func (s *slots) openWakes() (*os.File, error) {
	descriptor, err := unix.Eventfd(0, unix.EFD_CLOEXEC|unix.EFD_NONBLOCK)
	if err != nil {
		return nil, fmt.Errorf("eventfd: %w", err)
	}
	if errno := C.waker_start(C.int(s.semaphores), C.WAKE_SERVER, C.int(descriptor)); errno != 0 {
		return nil, fmt.Errorf("pthread_create: %w", unix.Errno(errno))
	}
	return os.NewFile(uintptr(descriptor), "wakes"), nil
}

// close ends the worker too.
func (s *slots) close() {
	_, _, _ = unix.Syscall6(unix.SYS_SEMCTL, s.semaphores, 0, unix.IPC_RMID, 0, 0, 0)
}

// answer has the worker answer one request.
func (s *slots) answer(input *quote.Input, reply *quote.Reply) error {
	number := <-s.free
	slot := &s.slots[number]
	slot.request = *input
	// Go's atomics are sequentially consistent: the worker either sees this, or is seen to sleep.
	atomic.StoreUint32(&slot.state, C.SLOT_REQUESTED)
	if atomic.SwapUint32(s.workerSleeps, 0) != 0 {
		if err := s.semop(C.WAKE_WORKER, 1); err != nil {
			return err
		}
	}
	<-s.answered[number]
	var err error
	if slot.refused != 0 {
		err = errors.New(C.GoString((*C.char)(unsafe.Pointer(&slot.refusal))))
	}
	*reply = slot.reply
	s.free <- number
	return err
}

// collect hands replies on to those who wait for them, for as long as this process runs.
func (s *slots) collect(wakes *os.File) {
	var count [8]byte
	for {
		if s.handOn() {
			runtime.Gosched()
			continue
		}
		atomic.StoreUint32(s.serverSleeps, 1)
		if s.handOn() {
			continue
		}
		if _, err := wakes.Read(count[:]); err != nil {
			log.Fatal(err)
		}
	}
}

func (s *slots) handOn() bool {
	any := false
	for i := range s.slots {
		if atomic.LoadUint32(&s.slots[i].state) != C.SLOT_ANSWERED {
			continue
		}
		atomic.StoreUint32(&s.slots[i].state, C.SLOT_FREE)
		s.answered[i] <- struct{}{}
		any = true
	}
	return any
}

func (s *slots) semop(number uint16, operation int16) error {
	change := sembuf{number: number, operation: operation}
	for {
		_, _, errno := unix.Syscall(unix.SYS_SEMOP, s.semaphores, uintptr(unsafe.Pointer(&change)), 1)
		if errno == 0 {
			return nil
		}
		if errno != unix.EINTR {
			return errno
		}
	}
}
