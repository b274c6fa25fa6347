/** The quote in Fastify, as one would write it by hand: bodies are validated, and replies serialized, by JSON Schema. */
import Fastify, { type FastifyInstance } from 'fastify';
import { type QuoteReply, type QuoteRequest, quotePath, replySchema, requestSchema } from './quote.ts';

/** @param quote Answers a request. @returns The app, which does not listen yet. */
export function quoteApp(quote: (request: QuoteRequest) => QuoteReply | Promise<QuoteReply>): FastifyInstance {
  const app = Fastify();
  app.post<{ Body: QuoteRequest }>(
    quotePath,
    { schema: { body: requestSchema, response: { 200: replySchema } } },
    async (request) => quote(request.body),
  );
  return app;
}
