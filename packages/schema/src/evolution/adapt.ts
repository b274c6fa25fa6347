import { type Codec, emptyCodec } from '../codec/codec.ts';
import type { CodecName, Payload } from '../language/call.ts';
import { collectTypes } from '../language/collect.ts';
import type { Writers } from '../language/region.ts';
import { type RegionLayout, regionLayoutOf } from '../language/region-layout.ts';
import type { Service } from '../language/service.ts';
import type { PlacedField, Struct } from '../language/types.ts';
import { canonicalText, type MethodShape } from '../text/canonical.ts';
import { hashOf } from '../text/hash.ts';
import { parseSchema, type SchemaShape } from '../text/parse.ts';
import { AdaptedCodec, uncheckedCodec } from './adapted-codec.ts';
import { linesOf } from './change.ts';
import { compareSchemas } from './compare.ts';

/** A method of ours as a peer with another version of the schema has it. */
export interface PeerMethod {
  /** Its number there. */
  readonly id: number;
  /** Between our version's values and the peer's messages. */
  readonly inputCodec: Codec<unknown, unknown>;
  readonly outputCodec: Codec<unknown, unknown>;
  /** Whether both versions say so. */
  readonly idempotent: boolean;
  /** Whether the messages of both versions are the same bytes. */
  readonly isSameLayout: boolean;
}

/** A region of ours as a peer with another version of the schema has it. */
export interface PeerRegion {
  /** Its number there. */
  readonly id: number;
  /** What a row is there. */
  readonly struct: Struct;
  /** The field that tells rows apart, where it lies there. */
  readonly key: PlacedField | undefined;
  readonly writers: Writers;
  /** Between our version's values and the bytes of a row there. */
  readonly codec: Codec<unknown, unknown>;
  /** Whether the rows of both versions are the same bytes. */
  readonly isSameLayout: boolean;
}

/** How a client of one version of a schema calls an instance of another. */
export interface Adaptation {
  /** Why it cannot, a line each; empty: it can. */
  readonly problems: readonly string[];
  /** The hash of the peer's version: SHA-256, 32 bytes. */
  readonly hash: Uint8Array;
  /** By our number, less 1. Undefined: the peer lacks the method. Empty where there are problems. */
  readonly methods: readonly (PeerMethod | undefined)[];
  /** The same of regions. */
  readonly regions: readonly (PeerRegion | undefined)[];
  /** All regions of the peer, in its order: what tells where in its memory each one lies. */
  readonly regionLayouts: readonly RegionLayout[];
}

/**
 * Adapts a client to an instance of another version of its schema, older or newer: `docs/evolution.md` has the rules. The codecs
 * take and give values of our version:
 *
 * - what goes out has our defaults and ranges. A field, flag or value that the peer lacks is `INVALID_INPUT`, with its pointer,
 *   unless it is what it is where nobody gives it: nothing is silently left out;
 * - what comes in lacks the fields that we do not know, and has our defaults for those that the peer does not; a value of a closed
 *   enumeration that we do not know, and more elements than we allow, is `HANDLER_FAULT`.
 *
 * @param theirText The canonical text of the peer's schema. It may hold anything.
 * @param codecFor The codec of a payload on its way. It is asked for payloads of either version.
 */
export function adaptService(
  ours: Service,
  theirText: string,
  codecFor: (codec: CodecName, payload: Payload | undefined) => Codec<unknown, unknown>,
): Adaptation {
  const hash = hashOf(theirText);
  const { schema: theirs, problem } = parseSchema(theirText);
  const refused = (problems: readonly string[]): Adaptation => ({ ...nothing, problems, hash });
  if (theirs === undefined) return refused([`the schema text there cannot be read: ${problem}`]);
  const problems = linesOf(compareSchemas(ours, theirs).filter(({ isAdaptable }) => !isAdaptable));
  if (problems.length > 0) return refused(problems);

  const codecBetween = (name: CodecName, own: Payload | undefined, peer: Payload | undefined) => {
    if (own === undefined || peer === undefined) return emptyCodec;
    return isSame(own, peer) ? codecFor(name, own) : new AdaptedCodec(own, peer, codecFor(name, peer));
  };
  const peers = new Map(theirs.methods.map((method) => [method.name, method]));
  const methods = ours.methods.map((method): PeerMethod | undefined => {
    const peer = peers.get(method.name);
    return (
      peer && {
        id: peer.id,
        inputCodec: codecBetween(method.codec, method.input, peer.input),
        outputCodec: codecBetween(method.codec, method.output, peer.output),
        idempotent: method.idempotent && peer.idempotent,
        isSameLayout: isSameLayout(method.input, peer.input) && isSameLayout(method.output, peer.output),
      }
    );
  });
  const regions = peerRegions(ours, theirs);
  return { problems, hash, methods, regions, regionLayouts: theirs.regionList.map(regionLayoutOf) };
}

const nothing = { methods: [], regions: [], regionLayouts: [] };

function peerRegions(ours: Service, theirs: SchemaShape): (PeerRegion | undefined)[] {
  const peers = new Map(theirs.regionList.map((region) => [region.name, region]));
  return ours.regionList.map(({ name, struct }): PeerRegion | undefined => {
    const peer = peers.get(name);
    if (peer === undefined) return undefined;
    const { id, key, writers } = peer;
    const isSameLayout = isSame(struct, peer.struct);
    const theirCodec = uncheckedCodec(isSameLayout ? struct : peer.struct);
    const codec = isSameLayout ? theirCodec : new AdaptedCodec(struct, peer.struct, theirCodec);
    return { id, struct: peer.struct, key, writers, codec, isSameLayout };
  });
}

/** Whether two payloads are the same in every respect that counts. */
function isSame(a: Payload | undefined, b: Payload | undefined): boolean {
  return payloadText(a) === payloadText(b);
}

/** Bytes without a form have none, however many there may be. */
function isSameLayout(a: Payload | undefined, b: Payload | undefined): boolean {
  return (a?.kind === 'bytesTail' && b?.kind === 'bytesTail') || isSame(a, b);
}

function payloadText(input: Payload | undefined): string {
  const method: MethodShape = {
    name: '',
    id: 0,
    input,
    output: undefined,
    replies: 'one',
    codec: 'struct',
    idempotent: false,
  };
  const shape = { name: '', methods: [method], regionList: [], errors: [] };
  return canonicalText(shape, collectTypes(shape));
}
