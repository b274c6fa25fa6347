/** Fastify, as one would write it by hand; what answers is a gRPC server in another process. Usage: fastify-grpc.ts PROTO SERVER SOCKET */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { Client, credentials, status } from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import { quoteApp } from './fastify-app.ts';
import { untilEnd } from './lifetime.ts';
import { type QuoteReply, type QuoteRequest, Refusal } from './quote.ts';

const [proto = '', server = '', socket = ''] = process.argv.slice(2);
// It ends with its stdin, and so with this process.
const child = spawn(server, ['-socket', socket], { stdio: ['pipe', 'pipe', 'inherit'] });
await once(createInterface({ input: child.stdout }), 'line');

// What `defaults` is for: a number that is 0 is not sent.
const service = loadSync(proto, { defaults: true })['isthmus.bench.Pricing'];
if (service === undefined || 'format' in service) throw new Error(`${proto} has no service Pricing`);
const method = service.Quote;
if (method === undefined) throw new Error(`${proto} has no method Quote`);
const client = new Client(`unix:${socket}`, credentials.createInsecure());

/** What the client class does that grpc-js makes of a service. */
const quote = (request: QuoteRequest): Promise<QuoteReply> =>
  new Promise((resolve, reject) => {
    client.makeUnaryRequest(
      method.path,
      method.requestSerialize,
      method.responseDeserialize,
      { ...request, kind: request.kind === 'put' ? 'PUT' : 'CALL' },
      (error, reply) => {
        if (error !== null) reject(error.code === status.INVALID_ARGUMENT ? new Refusal(error.details) : error);
        // It was made from quote.proto, with every field in its place.
        else resolve(reply as QuoteReply);
      },
    );
  });

await untilEnd(await quoteApp(quote).listen({ host: '127.0.0.1', port: 0 }));
process.exit();
