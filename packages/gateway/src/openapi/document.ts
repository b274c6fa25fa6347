/** The OpenAPI 3.1 document of a gateway, made from the schemas it serves. */
import { jsonSchemaOf, type Method, type Service, type Struct } from '@isthmus/schema';
import type { GatewayServices } from '../bridge-client.ts';
import { exampleOf } from './example.ts';
import { callProblemResponses, problemResponse, problemSchema } from './problems.ts';

export interface DocumentOptions {
  /** What every path begins with; empty for a whole gateway. */
  readonly prefix: string;
  /** The longest deadline that a caller may ask for, in ms. */
  readonly maxTimeoutMs: number;
}

/** Lists exactly the routes that the gateway serves, but for the page that shows this document. */
export function openApiOf(services: GatewayServices, options: DocumentOptions): object {
  const all = Object.values(services);
  const calls = all.flatMap(({ schema, examples = {} }) =>
    schema.methods.map((method) => [
      `${options.prefix}/v1/call/${schema.name}/${method.name}`,
      { post: callOperation(schema, method, Object.hasOwn(examples, method.name) ? examples[method.name] : undefined) },
    ]),
  );
  const schemas = all.flatMap(({ schema }) =>
    schema.methods.flatMap(({ input, output }) => [
      ...(input === undefined ? [] : [[componentName(schema, input, 'input'), jsonSchemaOf(input, 'input')]]),
      ...(output === undefined ? [] : [[componentName(schema, output, 'output'), jsonSchemaOf(output, 'output')]]),
    ]),
  );
  return {
    openapi: '3.1.0',
    info: {
      title: 'Isthmus gateway',
      version: '1',
      description:
        'Calls to native programs over shared memory. Every error is a problem (RFC 9457) with a stable `code`.',
    },
    servers: [{ url: '/' }],
    tags: [
      ...all.map(({ schema }) => ({
        name: schema.name,
        ...(schema.description !== undefined && { description: schema.description }),
        'x-isthmus-schema-hash': Buffer.from(schema.hash).toString('hex'),
      })),
      { name: 'gateway', description: 'The state of the gateway itself.' },
    ],
    paths: { ...Object.fromEntries(calls), ...fixedPaths(options.prefix) },
    components: {
      schemas: {
        ...Object.fromEntries(schemas),
        Empty: emptySchema,
        Readiness: readinessSchema,
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
    },
  };
}

function callOperation(schema: Service, method: Method, example: unknown): object {
  return {
    operationId: `${schema.name}_${method.name}`,
    tags: [schema.name],
    summary: method.description ?? `${schema.name}.${method.name}`,
    description: [
      method.idempotent ? 'Idempotent: safe to send again, whatever the outcome.' : undefined,
      schema.errors.length > 0
        ? `The handlers refuse with: ${schema.errors.map((name) => `\`${name}\``).join(', ')}.`
        : undefined,
      'A reply has the form of its request unless `Accept` names the other one.',
    ]
      .filter((part) => part !== undefined)
      .join('\n\n'),
    parameters: [{ $ref: '#/components/parameters/timeout' }, { $ref: '#/components/parameters/traceparent' }],
    requestBody: { required: method.input !== undefined, content: content(schema, method.input, 'input', example) },
    responses: {
      '200': {
        description: 'The reply.',
        headers: {
          'x-call-id': { $ref: '#/components/headers/callId' },
          traceparent: { $ref: '#/components/headers/traceparent' },
        },
        content: content(schema, method.output, 'output', undefined),
      },
      ...callProblemResponses(),
      '405': { $ref: '#/components/responses/methodNotAllowed' },
    },
  };
}

/** A payload in its two forms. The bytes are the C struct's: `size` of them, little-endian, padding included. */
function content(schema: Service, struct: Struct | undefined, form: Form, example: unknown): object {
  const size = struct?.layout.size ?? 0;
  const name = struct === undefined ? 'Empty' : componentName(schema, struct, form);
  return {
    'application/json': {
      schema: { $ref: `#/components/schemas/${name}` },
      example: example ?? (struct === undefined ? {} : exampleOf(struct)),
    },
    'application/octet-stream': {
      schema: {
        type: 'string',
        format: 'binary',
        minLength: size,
        maxLength: size,
        description: `The C struct: ${size} bytes.`,
      },
    },
  };
}

/** What is sent and what comes back differ in JSON: only the first may leave out defaults or write 64-bit numbers as such. */
type Form = 'input' | 'output';

/** Two services may have structs of one name, and a struct may go both ways: hence all three. */
function componentName(schema: Service, struct: Struct, form: Form): string {
  return `${schema.name}.${struct.name}.${form}`;
}

const emptySchema = { type: 'object', description: 'Nothing.', properties: {}, additionalProperties: false };

const readinessSchema = {
  type: 'object',
  required: ['ready', 'services'],
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
  },
};

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
