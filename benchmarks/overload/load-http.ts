/**
 * The same over HTTP: on connections that are kept, one request at a time on each.
 * Usage: load-http.ts URL MICROSECONDS DEADLINE_MS SECONDS PER_SECOND
 */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { arrive } from './arrivals.ts';

/** How many connections there are; who finds none free waits for one, and that counts. */
const connections = 512;

const [url = '', ...numbers] = process.argv.slice(2);
const [microseconds = 0, deadlineMs = 0, seconds = 0, perSecond = 0] = numbers.map(Number);
const { hostname, port, host } = new URL(url);
const body = JSON.stringify({ microseconds, number: 1 });

/** A connection, and what waits for the response on it. */
class Connection {
  readonly #socket: Socket;
  #text = '';
  #answered: ((status: number) => void) | undefined;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.setEncoding('latin1').setNoDelay(true);
    socket.on('data', (text: string) => this.#take(text));
  }

  static async open(): Promise<Connection> {
    const socket = connect(Number(port), hostname);
    await once(socket, 'connect');
    return new Connection(socket);
  }

  /** Makes a call. @returns The status of its response. */
  call(timeoutMs: number): Promise<number> {
    this.#socket.write(
      `POST /v1/call/work/run HTTP/1.1\r\nhost: ${host}\r\ncontent-type: application/json\r\nx-timeout-ms: ${timeoutMs}\r\ncontent-length: ${body.length}\r\n\r\n${body}`,
    );
    return new Promise((resolve) => {
      this.#answered = resolve;
    });
  }

  close(): void {
    this.#socket.destroy();
  }

  #take(text: string): void {
    this.#text += text;
    const headEnd = this.#text.indexOf('\r\n\r\n');
    if (headEnd < 0) return;
    const length = Number(/\r\ncontent-length: (\d+)/i.exec(this.#text)?.[1]);
    if (!(this.#text.length >= headEnd + 4 + length)) return;
    const status = Number(this.#text.slice(9, 12));
    this.#text = '';
    this.#answered?.(status);
  }
}

const all = await Promise.all(Array.from({ length: connections }, () => Connection.open()));
const free = [...all];
const waiting: ((connection: Connection) => void)[] = [];

async function call(leftMs: number): Promise<boolean> {
  const dueMs = performance.now() + leftMs;
  const connection = free.pop() ?? (await new Promise<Connection>((resolve) => waiting.push(resolve)));
  try {
    const stillLeftMs = Math.floor(dueMs - performance.now());
    if (stillLeftMs < 1) throw new Error('there was no connection in time');
    const status = await connection.call(stillLeftMs);
    if (status === 504) throw new Error('the deadline has passed');
    return status === 200;
  } finally {
    const next = waiting.shift();
    if (next === undefined) free.push(connection);
    else next(connection);
  }
}

const result = await arrive({ perSecond, seconds, deadlineMs }, call);
process.stdout.write(`${JSON.stringify(result)}\n`);
for (const connection of all) connection.close();
