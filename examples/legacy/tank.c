/* tank.c - keeps the level of a tank at its set point
 *
 * Usage: tank [key]
 *
 * The state lies in shared memory, for displays and operators' consoles:
 * see tank.h.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <sys/ipc.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <time.h>
#include <unistd.h>

#include "tank.h"

#define HEIGHT 10.0  /* m */
#define RATE 0.05    /* m a cycle, the valve fully open */
#define PERIOD 20000 /* us */

union semun {
  int val;
  struct semid_ds *buf;
  unsigned short *array;
};

static volatile sig_atomic_t stop = 0;

static void on_signal(int signal) {
  (void)signal;
  stop = 1;
}

static void die(const char *what) {
  perror(what);
  exit(1);
}

static void lock(int sem, int by) {
  struct sembuf operation;

  operation.sem_num = 0;
  operation.sem_op = (short)by;
  operation.sem_flg = SEM_UNDO;
  while (semop(sem, &operation, 1) < 0)
    if (errno != EINTR) die("semop");
}

static void cycle(struct tank *tank) {
  double error = tank->setpoint - tank->level;
  double flow = error > RATE ? RATE : error < -RATE ? -RATE : error;

  tank->level += (float)flow;
  tank->valve = (short)(1000 * flow / RATE);
  tank->temperature += (float)((18.5 - tank->temperature) / 100);
  if (tank->setpoint < 0 || tank->setpoint > HEIGHT)
    tank->state = TANK_ALARM;
  else if (tank->valve == 0)
    tank->state = TANK_IDLE;
  else
    tank->state = tank->valve > 0 ? TANK_FILLING : TANK_DRAINING;
  tank->cycles++;
  tank->updated = time(NULL);
}

int main(int argc, char **argv) {
  key_t key = (key_t)(argc > 1 ? strtol(argv[1], NULL, 0) : TANK_KEY);
  int shm, sem;
  struct tank *tank;
  union semun argument;

  if ((shm = shmget(key, sizeof(struct tank), IPC_CREAT | 0600)) < 0) die("shmget");
  if ((tank = (struct tank *)shmat(shm, NULL, 0)) == (void *)-1) die("shmat");
  memset(tank, 0, sizeof(struct tank));
  strcpy(tank->tag, "TK-101");
  tank->level = 2.0;
  tank->temperature = 21.0;
  tank->setpoint = 4.0;

  if ((sem = semget(key, 1, IPC_CREAT | 0600)) < 0) die("semget");
  argument.val = 1;
  if (semctl(sem, 0, SETVAL, argument) < 0) die("semctl");

  signal(SIGINT, on_signal);
  signal(SIGTERM, on_signal);
  while (!stop) {
    lock(sem, -1);
    cycle(tank);
    lock(sem, 1);
    usleep(PERIOD);
  }

  semctl(sem, 0, IPC_RMID);
  shmdt(tank);
  shmctl(shm, IPC_RMID, NULL);
  return 0;
}
