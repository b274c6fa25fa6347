/** `PUT` and `PATCH` of a region, and of one row. */
import type { Expected, RowImage, Stamp } from '@isthmus/core';
import { IsthmusError } from '@isthmus/schema';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { ServedRegion } from '../regions/served-region.ts';
import { tagOf } from '../regions/tag.ts';
import { Conditions } from './entity-tags.ts';
import { JSON_TYPE, OCTETS_TYPE } from './media-type.ts';
import { refuseMethod } from './other-methods.ts';
import { queryOf } from './query.ts';
import { contentTypeOf, entityTags, formFor, setRegionHeaders } from './region-reads.ts';
import { type RegionTarget, targetOf } from './region-target.ts';

/** JSON Merge Patch (RFC 7396). */
export const MERGE_PATCH_TYPE = 'application/merge-patch+json';

/** Replaces the value. A new row is answered 201. */
export async function putRegion(
  served: ServedRegion,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const target = writableTarget(served, request, reply);
  const type = bodyType(request, [JSON_TYPE, OCTETS_TYPE]);
  const { forms, region } = served;
  const bytes = type === JSON_TYPE ? forms.fromJson(jsonOf(request.body)) : forms.fromBytes(bytesOf(request.body));
  if (target.key !== undefined) forms.requireKey(bytes, target.key);
  const expected = await expectedOf(target, request);
  const stamp = await region.write(bytes, { expected });
  // Versions of a row begin with 1. What is attached is always there, and its versions are no numbers in a row.
  if (served.service !== undefined && stamp.version === 1n) reply.code(201);
  return answerWritten(served, request, reply, bytes, stamp);
}

/** Changes some of the fields; no write in between is lost. */
export async function patchRegion(
  served: ServedRegion,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const target = writableTarget(served, request, reply);
  reply.header('accept-patch', MERGE_PATCH_TYPE);
  bodyType(request, [MERGE_PATCH_TYPE]);
  const patch = jsonOf(request.body);
  const expected = await expectedOf(target, request);
  let written: Uint8Array = new Uint8Array();
  const change = (bytes: Uint8Array): Uint8Array => {
    written = served.forms.patched(bytes, patch);
    return written;
  };
  const stamp = await served.region.update(target.key, change, { expected });
  return answerWritten(served, request, reply, written, stamp);
}

/** A table is written row by row. */
function writableTarget(served: ServedRegion, request: FastifyRequest, reply: FastifyReply): RegionTarget {
  const target = targetOf(served, request, queryOf(request, ['key']).key);
  if (served.rows !== undefined && target.key === undefined) {
    refuseMethod(
      reply,
      ['GET', 'HEAD'],
      'each row of a table is written at a path of its own, with its key behind this one',
    );
  }
  return target;
}

/**
 * What a body is. As for calls it must be said: none of the types is one that a browser sends to another site without asking
 * first, so no foreign page writes through somebody's browser.
 */
function bodyType<const Type extends string>(request: FastifyRequest, allowed: readonly Type[]): Type {
  const given = request.headers['content-type'] ?? '';
  const name = given.split(';', 1)[0]?.trim().toLowerCase();
  const type = allowed.find((one) => one === name);
  if (type !== undefined) return type;
  const detail = `the content type must be ${allowed.join(' or ')}, not ${given === '' ? 'left out' : given}`;
  throw new IsthmusError('UNSUPPORTED_MEDIA_TYPE', { detail });
}

function jsonOf(body: unknown): unknown {
  if (body !== undefined) return body;
  const message = 'the body is empty';
  throw new IsthmusError('MALFORMED_BODY', { detail: message, fields: [{ pointer: '', message }] });
}

function bytesOf(body: unknown): Uint8Array {
  return body instanceof Uint8Array ? body : new Uint8Array();
}

/**
 * What the write depends on, by the request's conditions: they are held against what there is now, and the write against
 * nothing having come between.
 *
 * @throws IsthmusError `REGION_CONFLICT` when they do not hold.
 */
async function expectedOf({ served, key }: RegionTarget, request: FastifyRequest): Promise<Expected | undefined> {
  if (request.headers['if-unmodified-since'] !== undefined) {
    const detail = 'a time in seconds does not tell versions apart: use if-match in place of if-unmodified-since';
    throw new IsthmusError('INVALID_ARGUMENT', { detail });
  }
  const conditions = Conditions.of(request.headers);
  if (conditions === undefined) return undefined;
  const current = await currentOf({ served, key });
  if (conditions.judge(current === undefined ? [] : Object.values(entityTags(tagOf(current)))) !== 'pass') {
    const detail = current === undefined ? 'there is nothing yet' : `it is at "${tagOf(current)}"`;
    throw new IsthmusError('REGION_CONFLICT', { detail });
  }
  if (current === undefined) return 'none';
  return conditions.dependOnVersion ? current : undefined;
}

async function currentOf({ served, key }: RegionTarget): Promise<RowImage | undefined> {
  try {
    return await served.region.read(key);
  } catch (error) {
    if (error instanceof IsthmusError && (error.code === 'REGION_EMPTY' || error.code === 'UNKNOWN_ROW'))
      return undefined;
    throw error;
  }
}

/** What was written, with its version: the caller's body may have left out defaults. */
function answerWritten(
  served: ServedRegion,
  request: FastifyRequest,
  reply: FastifyReply,
  bytes: Uint8Array,
  stamp: Stamp,
): FastifyReply {
  const form = formFor(request);
  setRegionHeaders(served, reply, { form, rows: [{ ...stamp, bytes }], tag: tagOf(stamp) });
  return reply
    .header('content-location', request.url)
    .header('content-type', contentTypeOf(form))
    .send(form === 'json' ? served.forms.text(bytes) : bytes);
}
