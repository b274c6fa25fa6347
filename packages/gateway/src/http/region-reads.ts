/** `GET` of a region, and of one row. */
import { createHash } from 'node:crypto';
import { setImmediate as turn } from 'node:timers/promises';
import type { RowImage } from '@isthmus/core';
import { IsthmusError } from '@isthmus/schema';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { ServedRegion } from '../regions/served-region.ts';
import { tagOf } from '../regions/tag.ts';
import { refuseDisconnected } from './disconnect.ts';
import { Conditions } from './entity-tags.ts';
import { formOf, preferredType, typeOfForm } from './media-type.ts';
import { queryOf } from './query.ts';
import { targetOf } from './region-target.ts';

/** The forms that a region has. */
export type RegionForm = 'json' | 'struct';

/** What a response has: the form, and the rows that it shows. */
export interface Shown {
  readonly form: RegionForm;
  /** One, or all of a table. */
  readonly rows: readonly RowImage[];
  /** The version of all of them together. */
  readonly tag: string;
}

export async function readRegion(
  served: ServedRegion,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const { key } = targetOf(served, request, queryOf(request, ['key']).key);
  const conditions = Conditions.of(request.headers);
  const form = formFor(request);
  if (served.rows === undefined || key !== undefined) {
    const row = await served.region.read(key);
    return await answer(served, reply, conditions, { form, rows: [row], tag: tagOf(row) }, async () =>
      form === 'json' ? served.forms.text(row.bytes) : row.bytes,
    );
  }
  const rows = await served.region.rows();
  return await answer(served, reply, conditions, { form, rows, tag: tableTag(rows) }, async () =>
    form === 'json' ? await tableText(served, rows) : Buffer.concat(rows.map(({ bytes }) => bytes)),
  );
}

/** The form that the caller prefers: JSON where both are as good, or neither is. */
export function formFor(request: FastifyRequest): RegionForm {
  const type = preferredType(request.headers.accept, [typeOfForm('json'), typeOfForm('struct')]);
  return type !== undefined && formOf(type) === 'struct' ? 'struct' : 'json';
}

/** The entity tags of one version: what differs byte by byte cannot have the same one (RFC 9110, 8.8.3). */
export function entityTags(tag: string): Readonly<Record<RegionForm, string>> {
  return { json: tag, struct: `${tag}.bytes` };
}

/** What is said of a region beside its value. */
export function setRegionHeaders(served: ServedRegion, reply: FastifyReply, { form, rows, tag }: Shown): void {
  reply
    .header('etag', `"${entityTags(tag)[form]}"`)
    .header('vary', 'accept')
    .header('cache-control', 'no-cache');
  if (!served.region.isLive) reply.header('isthmus-owner', 'gone');
  // Memory that is attached does not say when it was written.
  if (served.service === undefined) return;
  const newest = rows.reduce((latest, { time }) => (time > latest ? time : latest), 0n);
  if (rows.length > 0) reply.header('last-modified', new Date(Number(newest / 1_000_000n)).toUTCString());
}

async function answer(
  served: ServedRegion,
  reply: FastifyReply,
  conditions: Conditions | undefined,
  shown: Shown,
  body: () => Promise<string | Uint8Array>,
): Promise<FastifyReply> {
  const tag = entityTags(shown.tag)[shown.form];
  const verdict = conditions?.judge([tag]);
  if (verdict === 'match') throw new IsthmusError('REGION_CONFLICT', { detail: `it is at "${tag}"` });
  if (verdict === 'noneMatch') {
    setRegionHeaders(served, reply, shown);
    return reply.code(304).send();
  }
  const content = await body();
  refuseDisconnected(reply);
  setRegionHeaders(served, reply, shown);
  return reply.header('content-type', contentTypeOf(shown.form)).send(content);
}

export function contentTypeOf(form: RegionForm): string {
  return form === 'json' ? `${typeOfForm(form)}; charset=utf-8` : typeOfForm(form);
}

/** The version of a table: of all its rows. */
function tableTag(rows: readonly RowImage[]): string {
  const hash = createHash('sha256');
  for (const row of rows) hash.update(`${tagOf(row)},`);
  return `table-${hash.digest('hex').slice(0, 32)}`;
}

/** How many rows become text before others have their turn. */
const ROWS_A_TURN = 1000;

async function tableText({ forms }: ServedRegion, rows: readonly RowImage[]): Promise<string> {
  const texts: string[] = [];
  for (const [index, { bytes }] of rows.entries()) {
    if (index > 0 && index % ROWS_A_TURN === 0) await turn();
    texts.push(rowText(() => forms.text(bytes), index));
  }
  return `[${texts.join(',')}]`;
}

/** The places of what is wrong in a row are places in the table. */
function rowText(text: () => string, index: number): string {
  try {
    return text();
  } catch (error) {
    if (!(error instanceof IsthmusError)) throw error;
    const fields = error.fields.map(({ pointer, message }) => ({ pointer: `/${index}${pointer}`, message }));
    throw new IsthmusError(error.code, { detail: `row ${index}: ${error.detail}`, fields, cause: error });
  }
}
