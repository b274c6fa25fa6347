/** Server-sent events as they arrive, over a connection of Node's own, so that a test may be slow to read. */
import { type IncomingMessage, request } from 'node:http';

export interface ServerEvent {
  readonly type: string;
  readonly id: string | undefined;
  readonly data: unknown;
}

export interface EventReader extends Disposable {
  readonly response: IncomingMessage;
  /** What was read so far: the blocks between empty lines. */
  readonly blocks: readonly string[];
  /** The next event; undefined at the end. */
  next(): Promise<ServerEvent | undefined>;
  /** So many events. */
  take(count: number): Promise<ServerEvent[]>;
}

/** Opens a watch. A response that is no event stream is an error. */
export async function openEvents(url: string, headers: Record<string, string> = {}): Promise<EventReader> {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  const outgoing = request(url, { headers, agent: false }, resolve);
  outgoing.on('error', reject);
  outgoing.end();
  const response = await promise;
  if (response.statusCode !== 200) throw new Error(`status ${response.statusCode}`);
  response.setEncoding('utf8');
  const blocks: string[] = [];
  let rest = '';
  let ended = false;
  let wake = () => {};
  response.on('data', (chunk: string) => {
    rest += chunk;
    wake();
  });
  response.on('error', () => {});
  response.on('close', () => {
    ended = true;
    wake();
  });
  const next = async (): Promise<ServerEvent | undefined> => {
    for (;;) {
      const end = rest.indexOf('\n\n');
      if (end >= 0) {
        const block = rest.slice(0, end);
        rest = rest.slice(end + 2);
        blocks.push(block);
        const event = eventOf(block);
        if (event !== undefined) return event;
      } else if (ended) {
        return undefined;
      } else {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    }
  };
  return {
    response,
    blocks,
    next,
    async take(count) {
      const events: ServerEvent[] = [];
      while (events.length < count) {
        const event = await next();
        if (event === undefined) throw new Error(`ended after ${events.length} events`);
        events.push(event);
      }
      return events;
    },
    [Symbol.dispose]: () => outgoing.destroy(),
  };
}

/** As browsers read them; undefined for what holds no data. */
function eventOf(block: string): ServerEvent | undefined {
  const fields = new Map(block.split('\n').map((line) => [line.split(':', 1)[0], line.replace(/^[^:]*: ?/, '')]));
  const data = fields.get('data');
  if (data === undefined) return undefined;
  return { type: fields.get('event') ?? 'message', id: fields.get('id'), data: JSON.parse(data) };
}
