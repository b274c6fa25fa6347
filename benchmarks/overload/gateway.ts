/**
 * A gateway over the service, in a process of its own. Prints its URL, and its CPU seconds from then until its stdin ends.
 * Usage: gateway.ts SOCKET SHED(true|false)
 */
import { connect } from '@isthmus/core';
import { createGateway } from '@isthmus/gateway';
import { work } from './work.schema.ts';

const [path = '', shed = ''] = process.argv.slice(2);
const policies = shed === 'true' ? { run: { shed: true } } : undefined;
await using client = await connect(work, { path, policies, wait: 'block' });
await using gateway = await createGateway({ port: 0, docs: false, services: { work: { schema: work, client } } });
process.stdout.write(`${await gateway.listen()}\n`);
const begun = process.cpuUsage();
process.stdin.resume();
await new Promise((resolve) => process.stdin.once('end', resolve));
const { user, system } = process.cpuUsage(begun);
process.stdout.write(`${(user + system) / 1e6}\n`);
await gateway.close({ timeoutMs: 10 });
