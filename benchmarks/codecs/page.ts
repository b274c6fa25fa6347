/** What `docs/codecs.md` gets from the benchmark. */
import { payloadCodec } from '@isthmus/codecs';
import type { CodecName } from '@isthmus/schema';
import { examples } from './payloads.ts';

const codecs: readonly CodecName[] = ['struct', 'protobuf', 'msgpack', 'json'];

/** Bytes of each example in each codec: the same on every machine. */
export function sizeTable(): string {
  const rows = examples.map(({ what, type, value }) => {
    const bytes = new Uint8Array(2 ** 16);
    const memory = { bytes, view: new DataView(bytes.buffer) };
    const sizes = codecs.map((name) => payloadCodec(name, type).encode(value, memory, 0).toLocaleString('en-US'));
    return `| ${what} | ${sizes.join(' | ')} |`;
  });
  return [`| bytes | ${codecs.join(' | ')} |`, '|---|---|---|---|---|', ...rows].join('\n');
}

/** The text with something else between its two markers of that name. */
export function replaceBetween(text: string, name: string, content: string): string {
  const begin = `<!-- ${name}: made by npm run bench:codecs -- --write -->`;
  const end = `<!-- end of ${name} -->`;
  const from = text.indexOf(begin);
  const to = text.indexOf(end);
  if (from < 0 || to < from) throw new Error(`the page has no place for ${name}`);
  return `${text.slice(0, from + begin.length)}\n\n${content}\n\n${text.slice(to)}`;
}
