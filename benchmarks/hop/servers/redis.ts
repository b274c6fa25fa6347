/**
 * redis-server on a Unix socket, without persistence, and a Go program that answers behind it if that is named.
 * Usage: redis.ts FOLDER [PROGRAM]; its socket is FOLDER/socket.
 */
import { connect } from 'node:net';
import { join } from 'node:path';
import { eventually, serve } from './children.ts';

const [folder = '.', worker] = process.argv.slice(2);
const path = join(folder, 'socket');

/** Whether it takes connections. */
function accepts(): Promise<true | undefined> {
  return new Promise((resolve) => {
    const socket = connect(path);
    socket.once('connect', () => resolve(true)).once('error', () => resolve(undefined));
    socket.once('connect', () => socket.destroy());
  });
}

await serve(async (start) => {
  const settings = {
    unixsocket: path,
    port: '0',
    save: '',
    appendonly: 'no',
    dir: folder,
    logfile: join(folder, 'redis.log'),
  };
  start('redis-server', ...Object.entries(settings).flatMap(([key, value]) => [`--${key}`, value]));
  await eventually('the socket of redis-server', accepts);
  if (worker !== undefined) await start(worker, '--socket', path).ready();
});
