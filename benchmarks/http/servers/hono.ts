/** Hono and nothing else: the body is parsed, and answered. */
import { createAdaptorServer } from '@hono/node-server';
import { Hono } from 'hono';
import { listen, untilEnd } from './lifetime.ts';
import { quotePath } from './quote.ts';

const app = new Hono();
app.post(quotePath, async (context) => context.json(await context.req.json()));
await untilEnd(await listen(createAdaptorServer({ fetch: app.fetch })));
process.exit();
