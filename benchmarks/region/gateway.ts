/**
 * A gateway over the owner's region, in a process of its own. Prints its URL, and its CPU seconds once its stdin ends.
 * Usage: gateway.ts SOCKET
 */
import { connect } from '@isthmus/core';
import { createGateway } from '@isthmus/gateway';
import { state } from './state.schema.ts';

const [path = ''] = process.argv.slice(2);
await using client = await connect(state, { path });
await using gateway = await createGateway({ port: 0, services: { state: { schema: state, client } } });
process.stdout.write(`${await gateway.listen()}\n`);
process.stdin.resume();
await new Promise((resolve) => process.stdin.once('end', resolve));
const { user, system } = process.cpuUsage();
process.stdout.write(`${(user + system) / 1e6}\n`);
await gateway.close({ timeoutMs: 10 });
