/** The OpenAPI 3.1 document of a gateway, made from the schemas it serves. */
import { jsonSchemaOf, type Method, type Payload, type Service, type Struct } from '@isthmus/schema';
import type { AuthSettings } from '../auth/options.ts';
import type { GatewayServices } from '../bridge-client.ts';
import { protoPathOf } from '../http/fixed-routes.ts';
import {
  EVENTS_TYPE,
  formsOf,
  type Form as HttpForm,
  NDJSON_TYPE,
  OCTETS_TYPE,
  typeOfForm,
} from '../http/media-type.ts';
import { probePaths } from '../http/probes.ts';
import { type GatewayRegions, servedRegions } from '../regions/served-region.ts';
import { guardedPaths, securityOf } from './access.ts';
import { exampleOf } from './example.ts';
import { callProblemResponses, problemResponse, problemSchema, refusalSchema } from './problems.ts';
import { regionComponents, regionPaths } from './regions.ts';

export interface DocumentOptions {
  /** What every path begins with; empty for a whole gateway. */
  readonly prefix: string;
  /** The longest deadline that a caller may ask for, in ms. */
  readonly maxTimeoutMs: number;
  /** Regions beside those of the services. Default: none. */
  readonly regions?: GatewayRegions | undefined;
  /** Who may do what. Default: everybody everything. */
  readonly auth?: AuthSettings | undefined;
  /** Whether callers' requests are counted. Default false. */
  readonly isLimited?: boolean;
}

/** Lists exactly the routes that the gateway serves, but for the page that shows this document. */
export function openApiOf(services: GatewayServices, options: DocumentOptions): object {
  const all = Object.values(services);
  const regions = servedRegions(services, options.regions ?? {});
  const rules = { auth: options.auth, isLimited: options.isLimited ?? false };
  const { schemes, security } = securityOf(rules);
  const calls = all.flatMap(({ schema, examples = {} }) =>
    schema.methods.map((method) => [
      `${options.prefix}/v1/call/${schema.name}/${method.name}`,
      { post: callOperation(schema, method, Object.hasOwn(examples, method.name) ? examples[method.name] : undefined) },
    ]),
  );
  const schemas = all.flatMap(({ schema }) => [
    ...schema.methods.flatMap(({ input, output }) => [
      ...(input?.kind === 'struct' ? [[componentName(schema, input, 'input'), jsonSchemaOf(input, 'input')]] : []),
      ...(output?.kind === 'struct' ? [[componentName(schema, output, 'output'), jsonSchemaOf(output, 'output')]] : []),
    ]),
    ...(schema.errors.length > 0 ? [[refusalName(schema), refusalSchema(schema.errors)]] : []),
  ]);
  return {
    openapi: '3.1.0',
    info: {
      title: 'Isthmus gateway',
      version: '1',
      description:
        'Calls to native programs, and their state, over shared memory. Every error is a problem (RFC 9457) with a stable `code`.',
    },
    servers: [{ url: '/' }],
    tags: [
      ...all.map(({ schema }) => ({
        name: schema.name,
        ...(schema.description !== undefined && { description: schema.description }),
        'x-isthmus-schema-hash': Buffer.from(schema.hash).toString('hex'),
      })),
      ...(regions.length > 0
        ? [{ name: 'regions', description: 'Typed state in shared memory: the last value, and its changes.' }]
        : []),
      { name: 'gateway', description: 'The state of the gateway itself.' },
    ],
    ...(security.length > 0 && { security }),
    paths: guardedPaths(
      {
        ...Object.fromEntries(calls),
        ...Object.fromEntries(all.map(({ schema }) => protoPath(options.prefix, schema))),
        ...regionPaths(regions, options.prefix),
        ...fixedPaths(options.prefix),
      },
      probePaths.map((path) => `${options.prefix}${path}`),
      rules,
    ),
    components: {
      schemas: {
        ...Object.fromEntries(schemas),
        ...regionComponents(regions),
        Empty: emptySchema,
        // Where there is authentication, the probes do not tell more than that.
        Readiness: options.auth === undefined ? readinessSchema : { ...readinessSchema, required: ['ready'] },
        Problem: problemSchema,
      },
      parameters: {
        timeout: {
          name: 'x-timeout-ms',
          in: 'header',
          description: "How long the caller waits for this call, in ms. Left out: the service's default.",
          schema: { type: 'integer', minimum: 1, maximum: options.maxTimeoutMs },
        },
        traceparent: {
          name: 'traceparent',
          in: 'header',
          description: 'W3C Trace Context; reaches the handler. One that is absent or not valid begins a new trace.',
          // No example: pages offer it as the value to send, and every call tried there would land in one trace.
          schema: { type: 'string' },
        },
      },
      headers: {
        callId: {
          description: 'The id of the call within its channel to the instance.',
          schema: { type: 'string', pattern: '^[0-9]+$' },
        },
        traceparent: { description: "The caller's trace with the span of this call.", schema: { type: 'string' } },
      },
      responses: { methodNotAllowed: problemResponse('METHOD_NOT_ALLOWED') },
      ...(security.length > 0 && { securitySchemes: schemes }),
    },
  };
}

function callOperation(schema: Service, method: Method, example: unknown): object {
  const { input, output, replies } = method;
  return {
    operationId: `${schema.name}_${method.name}`,
    tags: [schema.name],
    summary: method.description ?? `${schema.name}.${method.name}`,
    description: [
      method.idempotent ? 'Idempotent: safe to send again, whatever the outcome.' : undefined,
      schema.errors.length > 0 && replies !== 'none'
        ? `The handlers refuse with: ${schema.errors.map((name) => `\`${name}\``).join(', ')}.`
        : undefined,
      replyForms[replies],
    ]
      .filter((part) => part !== undefined)
      .join('\n\n'),
    parameters: [{ $ref: '#/components/parameters/timeout' }, { $ref: '#/components/parameters/traceparent' }],
    requestBody: {
      required: input !== undefined,
      content: Object.fromEntries(
        formsOf(input).map((form) => [typeOfForm(form), content(schema, input, form, 'input', example)]),
      ),
    },
    responses: {
      ...(replies === 'none'
        ? { '202': { description: 'The call was sent. Nothing more will be known of it.', headers: callHeaders } }
        : {
            '200': {
              description: replies === 'many' ? 'The replies, one by one.' : 'The reply.',
              headers: callHeaders,
              content: replies === 'many' ? manyContent(schema, output) : oneContent(schema, output),
            },
          }),
      ...callProblemResponses(method, schema.errors.length > 0 ? refusalName(schema) : undefined),
      '405': { $ref: '#/components/responses/methodNotAllowed' },
    },
  };
}

const replyForms = {
  one: 'A reply has the form of its request unless `Accept` prefers another one.',
  many:
    'There may be any number of replies: one JSON value a line, or server-sent events where `Accept` prefers them. An error ' +
    'after the first reply is a last line `{"$problem": …}`, or an event `problem`; the last event of all others is `end`.',
  none: 'Nothing comes back, and nobody learns whether the call was executed.',
} as const;

const callHeaders = {
  'x-call-id': { $ref: '#/components/headers/callId' },
  traceparent: { $ref: '#/components/headers/traceparent' },
};

function oneContent(schema: Service, output: Payload | undefined): object {
  return Object.fromEntries(
    formsOf(output).map((form) => [typeOfForm(form), content(schema, output, form, 'output', undefined)]),
  );
}

function manyContent(schema: Service, output: Payload | undefined): object {
  if (output?.kind === 'bytesTail') return { [OCTETS_TYPE]: { schema: binary('The replies, one after the other.') } };
  const { schema: item } = content(schema, output, 'json', 'output', undefined);
  return {
    // OpenAPI 3.1 has no word for a sequence of values yet: this is the schema of each.
    [NDJSON_TYPE]: { schema: item },
    [EVENTS_TYPE]: { schema: { type: 'string', description: 'Events whose data is one reply each, as JSON.' } },
  };
}

interface Content {
  readonly schema: object;
  readonly example?: unknown;
}

/** A payload in one of its forms. */
function content(
  schema: Service,
  payload: Payload | undefined,
  form: HttpForm,
  direction: Direction,
  example: unknown,
): Content {
  if (payload?.kind === 'bytesTail') return { schema: binary('Bytes without any form.') };
  const reference = {
    $ref: `#/components/schemas/${payload === undefined ? 'Empty' : componentName(schema, payload, direction)}`,
  };
  switch (form) {
    case 'json':
      return { schema: reference, example: example ?? (payload === undefined ? {} : exampleOf(payload)) };
    case 'msgpack':
      return { schema: reference };
    case 'protobuf':
      return {
        schema: binary(payload === undefined ? 'Nothing.' : `The message ${payload.name} of ${schema.name}.proto.`),
      };
    case 'struct': {
      const size = payload?.layout.size ?? 0;
      const fixed = payload === undefined || !payload.layout.hasTails;
      const what = fixed ? `The C struct: ${size} bytes.` : `The C struct, ${size} bytes, and what lies behind it.`;
      return { schema: { ...binary(what), minLength: size, ...(fixed && { maxLength: size }) } };
    }
  }
}

function binary(description: string): object {
  return { type: 'string', format: 'binary', description };
}

/** What is sent and what comes back differ in JSON: only the first may leave out defaults or write 64-bit numbers as such. */
type Direction = 'input' | 'output';

/** Two services may have structs of one name, and a struct may go both ways: hence all three. */
function componentName(schema: Service, struct: Struct, direction: Direction): string {
  return `${schema.name}.${struct.name}.${direction}`;
}

/** No struct's name begins with a lower-case letter. */
function refusalName(schema: Service): string {
  return `${schema.name}.refusal`;
}

const emptySchema = { type: 'object', description: 'Nothing.', properties: {}, additionalProperties: false };

const readinessSchema = {
  type: 'object',
  required: ['ready', 'services', 'regions'],
  properties: {
    ready: { type: 'boolean', description: 'Whether every service has a live instance.' },
    services: {
      type: 'array',
      items: {
        type: 'object',
        required: ['name', 'instances', 'inFlight'],
        properties: {
          name: { type: 'string' },
          instances: { type: 'integer', description: 'Live instances.' },
          inFlight: { type: 'integer', description: 'Calls in flight to them.' },
        },
      },
    },
    regions: {
      type: 'array',
      items: {
        type: 'object',
        required: ['name', 'live'],
        properties: {
          name: { type: 'string' },
          live: { type: 'boolean', description: 'Whether its owner is there.' },
        },
      },
    },
  },
};

function protoPath(prefix: string, schema: Service): [string, object] {
  const response = {
    description: 'A proto3 file.',
    content: { 'text/plain': { schema: { type: 'string' } } },
  };
  const operation = {
    operationId: `${schema.name}.proto`,
    summary: `The messages of ${schema.name} for application/protobuf`,
    tags: [schema.name],
    responses: { '200': response, '405': { $ref: '#/components/responses/methodNotAllowed' } },
  };
  return [`${prefix}${protoPathOf(schema)}`, { get: operation }];
}

function fixedPaths(prefix: string): Record<string, object> {
  const anyObject = { type: 'object' };
  const readiness = { 'application/json': { schema: { $ref: '#/components/schemas/Readiness' } } };
  const status = {
    type: 'object',
    required: ['status'],
    properties: { status: { type: 'string', const: 'ok' } },
  };
  const get = (operationId: string, summary: string, responses: Record<string, object>) => ({
    get: {
      operationId,
      summary,
      tags: ['gateway'],
      responses: { ...responses, '405': { $ref: '#/components/responses/methodNotAllowed' } },
    },
  });
  const ok = (description: string, schema: object) => ({
    '200': { description, content: { 'application/json': { schema } } },
  });
  return {
    [`${prefix}/`]: get('index', 'What this gateway serves', ok('The routes.', anyObject)),
    [`${prefix}/healthz`]: get('health', 'Whether the gateway runs', ok('It runs.', status)),
    [`${prefix}/readyz`]: get('readiness', 'Whether every service has a live instance', {
      '200': { description: 'Every service has one.', content: readiness },
      '503': { description: 'A service has none.', content: readiness },
    }),
    [`${prefix}/openapi.json`]: get('openapi', 'This document', ok('The document.', anyObject)),
  };
}
