/**
 * nats-server on a TCP port of its choice, as it knows no Unix sockets, and a Go program that answers behind it.
 * Usage: nats.ts FOLDER; the broker's URL is then in FOLDER/url.
 */
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { goProgram } from '../../harness/go.ts';
import { eventually, serve } from './children.ts';

const mib = 2 ** 20;
const [folder = '.'] = process.argv.slice(2);

/** What it writes once it listens: its URLs, by protocol. */
async function portsFile(): Promise<string | undefined> {
  const name = (await readdir(folder)).find((file) => file.endsWith('.ports'));
  const text = name === undefined ? '' : await readFile(join(folder, name), 'utf8');
  return /"nats":\s*\[\s*"([^"]+)"/.exec(text)?.[1];
}

await serve(async (start) => {
  const config = join(folder, 'nats.conf');
  const settings = {
    host: '"127.0.0.1"',
    port: -1,
    max_payload: 32 * mib,
    max_pending: 256 * mib,
    ports_file_dir: JSON.stringify(folder),
    log_file: JSON.stringify(join(folder, 'nats.log')),
  };
  await writeFile(
    config,
    Object.entries(settings).map(([key, value]) => `${key}: ${value}\n`),
  );
  start(goProgram('nats-server'), '--config', config);
  const url = await eventually("the broker's address", portsFile);
  await start(goProgram('nats-echo'), '--url', url).ready();
  await writeFile(join(folder, 'url'), url);
});
