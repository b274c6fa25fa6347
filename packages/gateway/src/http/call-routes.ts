/** `POST /v1/call/{service}/{method}`: one static route for each method, made once from the schemas. */
import { IsthmusError } from '@isthmus/schema';
import type { FastifyInstance } from 'fastify';
import { clientMethodOf, type GatewayService, type GatewayServices } from '../bridge-client.ts';
import type { Admission } from './admission.ts';
import { handleCall } from './call-handler.ts';
import { parseJsonBody } from './json-body.ts';
import { binaryTypes, JSON_TYPE } from './media-type.ts';
import { refuseMethod, refuseOtherMethods } from './other-methods.ts';
import { PayloadForms } from './payload.ts';
import { ServedCall } from './served-call.ts';
import { timeoutOf } from './timeout.ts';

export interface CallRouteOptions {
  readonly services: GatewayServices;
  /** The largest body, in bytes. */
  readonly bodyLimitBytes: number;
  /** The longest deadline that a caller may ask for, in ms. */
  readonly maxTimeoutMs: number;
  readonly admission: Admission;
}

/** Where the call routes are, below the gateway's own prefix. */
export const CALL_PREFIX = '/v1/call';

/**
 * Adds the call routes to a scope whose prefix is `CALL_PREFIX`.
 *
 * The body is checked once, by the codec that writes the struct: it already lists every bad field with its JSON pointer,
 * and it checks what JSON Schema cannot say (bytes of UTF-8, the range of 64-bit integers in decimal). Running ajv over
 * the JSON Schema first would do the same work twice on every good request; instead a property test holds that the codec
 * and the published JSON Schema agree on what is accepted and on which fields are bad.
 */
export function addCallRoutes(scope: FastifyInstance, options: CallRouteOptions): void {
  scope.removeAllContentTypeParsers();
  scope.addContentTypeParser<Buffer>(JSON_TYPE, { parseAs: 'buffer' }, (_request, body, done) => {
    done(null, parseJsonBody(body));
  });
  scope.addContentTypeParser<Buffer>([...binaryTypes], { parseAs: 'buffer' }, (_request, body, done) => {
    done(null, body);
  });
  for (const service of Object.values(options.services)) {
    for (const method of service.schema.methods) {
      const client = clientMethodOf(service, method.name);
      const target = {
        service: service.schema,
        method,
        client,
        input: new PayloadForms(method.input),
        output: new PayloadForms(method.output),
        maxTimeoutMs: options.maxTimeoutMs,
      };
      const url = `/${service.schema.name}/${method.name}`;
      scope.route({
        method: 'POST',
        url,
        bodyLimit: options.bodyLimitBytes,
        schema: { hide: true },
        onRequest(request, reply, done) {
          request.isthmusCall = new ServedCall(service.schema, method, request.headers.traceparent);
          options.admission.admit(reply);
          refuseEarly(service, method.name, timeoutOf(request.headers['x-timeout-ms'], options.maxTimeoutMs));
          done();
        },
        handler: (request, reply) => handleCall(target, request, reply),
      });
      refuseOtherMethods(scope, url, ['POST']);
    }
  }
  refuseUnknownCalls(scope, options.services);
}

/** What the client's policies would refuse anyhow is refused before the body is read. */
function refuseEarly({ client }: GatewayService, method: string, timeoutMs: number | undefined): void {
  const refusal = client.$refusal?.(method, timeoutMs === undefined ? {} : { timeoutMs });
  if (refusal !== undefined) throw refusal;
}

/** 404 that says which part of the path is unknown, before any body is read. */
function refuseUnknownCalls(scope: FastifyInstance, services: GatewayServices): void {
  const names = Object.keys(services).join(', ');
  scope.addHook('onRequest', async (request, reply) => {
    if (!request.is404) return;
    const path = request.url.split('?', 1)[0] ?? '';
    const [serviceName = '', methodName = '', ...rest] = path.slice(scope.prefix.length + 1).split('/');
    const service = Object.hasOwn(services, serviceName) ? services[serviceName] : undefined;
    if (service === undefined) {
      throw new IsthmusError('UNKNOWN_SERVICE', { detail: `there is no service ${serviceName}; there is ${names}` });
    }
    const methods = service.schema.methods.map((method) => method.name);
    if (!methods.includes(methodName)) {
      const detail = `service ${serviceName} has no method ${methodName}; it has ${methods.join(', ')}`;
      throw new IsthmusError('UNKNOWN_METHOD', { detail });
    }
    if (rest.length === 0) refuseMethod(reply, ['POST']);
    throw new IsthmusError('NOT_FOUND', { detail: `there is nothing at ${path}` });
  });
  // Never reached: the hook above answers first. It takes a handler of its own for Fastify to route to this scope.
  scope.setNotFoundHandler(() => {
    throw new IsthmusError('NOT_FOUND');
  });
}
