/** What authentication and limits add to the OpenAPI document: how to prove who one is, and what else may be answered. */
import { type ErrorCode, errors } from '@isthmus/schema';
import type { AuthSettings } from '../auth/options.ts';
import { problemResponse } from './problems.ts';

/** What a gateway asks of its callers. */
export interface AccessRules {
  readonly auth: AuthSettings | undefined;
  /** Whether requests are counted. Where there is authentication, wrong credentials always are. */
  readonly isLimited: boolean;
}

type Operation = Readonly<Record<string, unknown>> & { readonly responses: Readonly<Record<string, object>> };

/** The codes that every route but the probes may be answered with besides. */
export function accessErrorsOf({ auth, isLimited }: AccessRules): readonly ErrorCode[] {
  if (auth === undefined) return isLimited ? ['RATE_LIMITED'] : [];
  return ['UNAUTHENTICATED', 'FORBIDDEN', 'RATE_LIMITED'];
}

/** Of an operation that not everybody may use, or not as often as he likes. */
export function guarded<T extends object>(operation: T, rules: AccessRules): T {
  if (!isOperation(operation)) return operation;
  const responses: Record<string, object> = { ...operation.responses };
  for (const code of accessErrorsOf(rules)) {
    const status = errors[code].http;
    const there = responses[status];
    const more = `\`${code}\`: ${errors[code].message}.`;
    responses[status] =
      there === undefined
        ? problemResponse(code)
        : { ...there, description: `${String(Reflect.get(there, 'description'))} ${more}` };
  }
  return { ...operation, responses };
}

/** The parts of the document that say how to authenticate; empty where nobody has to. */
export function securityOf({ auth }: AccessRules): { readonly schemes: object; readonly security: readonly object[] } {
  if (auth === undefined) return { schemes: {}, security: [] };
  const hasKeys = auth.apiKeys.length > 0;
  const schemes = {
    ...((hasKeys || auth.jwt !== undefined) && {
      bearer: {
        type: 'http',
        scheme: 'bearer',
        description: [hasKeys && 'An API key', auth.jwt !== undefined && `A token of ${auth.jwt.issuer}`]
          .filter((part) => part !== false)
          .join('. '),
      },
    }),
    ...(hasKeys && { apiKey: { type: 'apiKey', in: 'header', name: 'x-api-key' } }),
    ...(auth.mtls.length > 0 && { certificate: { type: 'mutualTLS' } }),
  };
  const anybody = auth.anonymous.scopes.length > 0 ? [{}] : [];
  return { schemes, security: [...Object.keys(schemes).map((name) => ({ [name]: [] })), ...anybody] };
}

function isOperation(value: object): value is Operation {
  return 'responses' in value && typeof value.responses === 'object';
}

/** The document's paths, each operation with what access adds to it; the probes are for everybody. */
export function guardedPaths(
  paths: Readonly<Record<string, object>>,
  probes: readonly string[],
  rules: AccessRules,
): Record<string, object> {
  return Object.fromEntries(
    Object.entries(paths).map(([path, operations]) => [
      path,
      Object.fromEntries(
        Object.entries(operations).map(([method, operation]: [string, object]) => [
          method,
          probes.includes(path) ? open(operation, rules) : guarded(operation, rules),
        ]),
      ),
    ]),
  );
}

function open(operation: object, { auth }: AccessRules): object {
  return auth === undefined ? operation : { ...operation, security: [] };
}
