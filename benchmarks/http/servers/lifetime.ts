/** How servers begin and end. */
import { once } from 'node:events';
import type { Server } from 'node:net';

/** Says that this server can be asked, and where. Resolves when it is to end: at SIGTERM, or when whoever started it has gone. */
export async function untilEnd(url: string): Promise<void> {
  const end = Promise.race([once(process, 'SIGTERM'), once(process.stdin.resume(), 'end')]);
  process.stdout.write(`ready ${url}\n`);
  await end;
  // It would keep this process alive.
  process.stdin.destroy();
}

/** Listens on a free port. @returns The URL. */
export async function listen(server: Pick<Server, 'listen' | 'address'>): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the server has no port');
  return `http://127.0.0.1:${address.port}`;
}
