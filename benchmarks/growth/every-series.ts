/** All series of the growth section, in the order in which they are measured. */
import { inFlight, payload } from './series/calls.ts';
import { clients } from './series/clients.ts';
import { connections } from './series/connections.ts';
import { instances } from './series/instances.ts';
import { workers } from './series/workers.ts';
import type { Series } from './series.ts';

export const everySeries: readonly Series[] = [instances, clients, connections, workers, payload, inFlight];
