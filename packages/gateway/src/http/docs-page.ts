/** `GET /docs`: the OpenAPI document as a page, from the files of @fastify/swagger-ui, so that it works offline. */
import swagger from '@fastify/swagger';
import swaggerUi from '@fastify/swagger-ui';
import type { FastifyInstance } from 'fastify';

/** Where the page is, below the gateway's own prefix. */
export const DOCS_PATH = '/docs';

/** Whether the page can be served in this app: not where the app already serves a Swagger page of its own. */
export function canServeDocs(scope: FastifyInstance): boolean {
  return !scope.hasDecorator('swaggerCSP');
}

/** To be called in a scope of its own, below the gateway's. */
export async function addDocsPage(scope: FastifyInstance, document: object): Promise<void> {
  // swagger-ui insists on @fastify/swagger, which may only be there once; an app that has it already keeps its own
  // document, and the page shows ours all the same.
  if (!scope.hasPlugin('@fastify/swagger')) {
    const placeholder = { openapi: '3.1.0', info: { title: '', version: '' }, paths: {} };
    await scope.register(swagger, { mode: 'static', specification: { document: placeholder } });
  }
  await scope.register(swaggerUi, {
    routePrefix: DOCS_PATH,
    staticCSP: contentSecurityPolicy,
    // Without the bar at the top: it shows Fastify's logo, and a field to load other documents, which the policy forbids.
    uiConfig: { layout: 'BaseLayout' },
    theme: { title: 'Isthmus gateway' },
    transformSpecification: () => ({ ...document }),
    transformSpecificationClone: false,
  });
}

/** Everything from this server; swagger-ui sets styles from scripts and has its icons in data: URLs. */
const contentSecurityPolicy = [
  "default-src 'self'",
  "img-src 'self' data:",
  "style-src 'self' 'unsafe-inline'",
  "object-src 'none'",
  "base-uri 'self'",
  "frame-ancestors 'none'",
].join('; ');
