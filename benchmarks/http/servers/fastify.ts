/** Fastify and nothing else: the body is parsed, and answered. */
import Fastify from 'fastify';
import { untilEnd } from './lifetime.ts';
import { quotePath } from './quote.ts';

const app = Fastify();
app.post(quotePath, async (request) => request.body);
await untilEnd(await app.listen({ host: '127.0.0.1', port: 0 }));
process.exit();
