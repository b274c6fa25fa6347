/* tank.h - shared memory of the tank controller
 *
 * Any program may read the tank's state, and write the set point,
 * while it holds semaphore 0 of the set TANK_KEY.
 */
#ifndef TANK_H
#define TANK_H

#define TANK_KEY 0x54414e4bL /* "TANK" */

#define TANK_IDLE 0
#define TANK_FILLING 1
#define TANK_DRAINING 2
#define TANK_ALARM 3

#pragma pack(1)
struct tank {
  char tag[9];          /* "TK-101" */
  unsigned char state;  /* TANK_... */
  short valve;          /* per mille, below 0 drains */
  float level;          /* m */
  float temperature;    /* degrees Celsius */
  double setpoint;      /* m; written by the operator */
  unsigned long cycles; /* since the program began */
  long updated;         /* time() of the last cycle */
};
#pragma pack()

#endif
