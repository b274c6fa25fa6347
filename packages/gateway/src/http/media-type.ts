/** The forms that payloads take in HTTP, and which of them a request has and its reply gets. */
import type { CodecName, Payload } from '@isthmus/schema';
import Negotiator from 'negotiator';

/** A form and the codec between it and values. `struct` is the memory of the C struct itself, or plain bytes. */
export type Form = CodecName;

/** What each form is called: the first name is the one that replies have. */
const names: Readonly<Record<Form, readonly [string, ...string[]]>> = {
  json: ['application/json'],
  msgpack: ['application/msgpack', 'application/x-msgpack', 'application/vnd.msgpack'],
  protobuf: ['application/protobuf', 'application/x-protobuf', 'application/vnd.google.protobuf'],
  struct: ['application/octet-stream'],
};

export const JSON_TYPE = names.json[0];
export const OCTETS_TYPE = names.struct[0];
export const NDJSON_TYPE = 'application/x-ndjson';
export const EVENTS_TYPE = 'text/event-stream';

const forms: readonly Form[] = ['json', 'msgpack', 'protobuf', 'struct'];
const formByType = new Map(forms.flatMap((form) => names[form].map((name) => [name, form])));

/** The names of all forms that are bytes for HTTP. */
export const binaryTypes: readonly string[] = forms.filter((form) => form !== 'json').flatMap((form) => names[form]);

export function typeOfForm(form: Form): string {
  return names[form][0];
}

/** The forms that a payload can take: a struct, or nothing, any; bytes only their own. */
export function formsOf(payload: Payload | undefined): readonly Form[] {
  return payload?.kind === 'bytesTail' ? ['struct'] : forms;
}

/** The form that a content type names, without regard to its parameters. */
export function formOf(contentType: string): Form | undefined {
  const plain = formByType.get(contentType);
  if (plain !== undefined) return plain;
  const [type = ''] = contentType.split(';', 1);
  return formByType.get(type.trim().toLowerCase());
}

/**
 * The form of the reply, by `Accept` (RFC 9110, 12.5.1): the request's own where that is as good as another. A caller who
 * accepts none of them gets the request's form too, or the only one there is: there is no better answer.
 */
export function replyForm(request: Form, output: Payload | undefined, accept: string | undefined): Form {
  const offered = formsOf(output);
  const preferred = offered.includes(request) ? request : (offered[0] ?? request);
  if (acceptsAnything(accept)) return preferred;
  const types = [preferred, ...offered].flatMap((form) => names[form]);
  return formByType.get(preferredType(accept, types) ?? '') ?? preferred;
}

/** How a call with many replies is answered: bytes one after the other, JSON by lines or as server-sent events. */
export function manyReplyTypes(output: Payload | undefined): readonly [string, ...string[]] {
  return output?.kind === 'bytesTail' ? [OCTETS_TYPE] : [NDJSON_TYPE, EVENTS_TYPE];
}

/** Which of the types, the first one being as good as any, an `Accept` header prefers. */
export function preferredType(accept: string | undefined, types: readonly string[]): string | undefined {
  if (acceptsAnything(accept)) return types[0];
  return new Negotiator({ headers: { accept } }).mediaType([...types]);
}

/** As most callers do: there is nothing to weigh then. */
function acceptsAnything(accept: string | undefined): accept is undefined | '*/*' {
  return accept === undefined || accept === '*/*';
}
