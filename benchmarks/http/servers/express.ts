/** Express and nothing else: the body is parsed, and answered. */
import { createServer } from 'node:http';
import express from 'express';
import { listen, untilEnd } from './lifetime.ts';
import { quotePath } from './quote.ts';

const app = express();
app.post(quotePath, express.json(), (request, response) => {
  response.json(request.body);
});
await untilEnd(await listen(createServer(app)));
process.exit();
