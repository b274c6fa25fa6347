import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { InstanceReport } from '../../src/admin/status.ts';
import { statusText } from '../../src/admin/status-text.ts';
import type { WorkerReport } from '../../src/workers/worker-report.ts';

const instance: InstanceReport = {
  name: 'pricing/1',
  socket: '/run/pricing/1.sock',
  state: 'running',
  pid: 41_022,
  connected: true,
  inFlight: 12,
  restarts: 0,
  uptimeMs: 7_200_000,
  crashLoop: false,
  lastExit: null,
  lastStderr: [],
};
const waiting: InstanceReport = {
  ...instance,
  name: 'pricing/2',
  state: 'waiting',
  pid: null,
  connected: false,
  inFlight: null,
  restarts: 7,
  uptimeMs: null,
  crashLoop: true,
  lastExit: { code: 1, signal: null, ranMs: 5, time: new Date(Date.now() - 600_000).toISOString() },
};

test('a line for each instance, and for a service that has none', () => {
  const text = statusText({
    pid: 1,
    workers: [],
    services: [
      {
        name: 'pricing',
        command: ['./pricing'],
        rollingOut: false,
        instances: [instance, { ...instance, name: 'pricing/3', connected: false, inFlight: null }, waiting],
      },
      {
        name: 'feed',
        command: null,
        rollingOut: false,
        instances: [{ ...instance, name: 'feed/a', state: 'external' }],
      },
      { name: 'gone', command: null, rollingOut: false, instances: [] },
    ],
  });
  assert.equal(
    text,
    [
      'SERVICE  INSTANCE     PID  STATE                 RESTARTS  UPTIME  IN FLIGHT  LAST EXIT',
      'pricing  pricing/1  41022  ready                        0     2 h         12  -',
      'pricing  pricing/3  41022  starting                     0     2 h          -  -',
      'pricing  pricing/2      -  waiting (crash loop)         7       -          -  exit code 1, 10 min ago',
      'feed     feed/a     41022  ready                        0     2 h         12  -',
      'gone     -              -  -                            -       -          -  -',
      '',
    ].join('\n'),
  );
});

test('a bridge without services has none', () => {
  assert.equal(statusText({ pid: 1, workers: [], services: [] }), 'there are no services\n');
});

test('workers have a table of their own', () => {
  const worker: WorkerReport = {
    ...{ number: 1, state: 'ready', pid: 41_007, restarts: 0, uptimeMs: 7_200_000, crashLoop: false, lastExit: null },
    ...{ connections: 34, requests: 812_034, inFlight: 7, instances: [] },
  };
  const dead: WorkerReport = {
    ...{ ...worker, number: 12, state: 'waiting', pid: null, restarts: 4, uptimeMs: null, crashLoop: true },
    lastExit: { code: null, signal: 'SIGKILL', ranMs: 5, time: new Date(Date.now() - 600_000).toISOString() },
    ...{ connections: null, requests: null, inFlight: null },
  };
  assert.equal(
    statusText({ pid: 1, workers: [worker, dead], services: [] }),
    [
      'there are no services',
      '',
      'WORKER    PID  STATE                 RESTARTS  UPTIME  CONNECTIONS  REQUESTS  IN FLIGHT  LAST EXIT',
      '     1  41007  ready                        0     2 h           34    812034          7  -',
      '    12      -  waiting (crash loop)         4       -            -         -          -  SIGKILL, 10 min ago',
      '',
    ].join('\n'),
  );
});
