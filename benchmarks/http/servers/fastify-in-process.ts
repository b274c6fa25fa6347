/** Fastify, as one would write it by hand, with the handler as an addon in its process. */
import { quoteApp } from './fastify-app.ts';
import { untilEnd } from './lifetime.ts';
import { quoteInProcess } from './quote.ts';

await untilEnd(await quoteApp(quoteInProcess()).listen({ host: '127.0.0.1', port: 0 }));
process.exit();
