/**
 * The gateway as it is, but with the addon in its process in the place of a channel to the C program: what isolation costs is the
 * difference to gateway.ts.
 */
import { type CallOptions, type ClientMethod, createGateway } from '@isthmus/gateway';
import { call, IsthmusError, type Memory, service } from '@isthmus/schema';
import { pricing } from '../../../examples/pricing/pricing.schema.ts';
import { bindAddon, replyBytes, requestBytes } from './addon.ts';
import { untilEnd } from './lifetime.ts';

const { input, output, inputCodec, outputCodec } = pricing.calls.quote;
const schema = service('pricing', { quote: call({ input, output, idempotent: true }) });

const request = memoryOf(requestBytes);
const reply = memoryOf(replyBytes);
const answer = bindAddon(request.view.buffer, reply.view.buffer);
let callId = 0n;

/** As the client of a channel does, up to where that would send. */
const quote: ClientMethod = Object.assign(
  (value: unknown, options?: CallOptions) => answerTo(() => json(value, options)),
  {
    json: (value: unknown, options?: CallOptions) => answerTo(() => json(value, options)),
    jsonText: (value: unknown, options?: CallOptions) => answerTo(() => jsonText(value, options)),
  },
);

await using gateway = await createGateway({
  port: 0,
  services: { pricing: { schema, client: Object.assign({ quote }, { $instances: [] }) } },
});
await untilEnd(await gateway.listen());

async function answerTo(work: () => unknown): Promise<unknown> {
  return work();
}

function json(value: unknown, options: CallOptions | undefined): unknown {
  ask(value, options);
  return outputCodec.decodeJson(reply, 0, replyBytes);
}

function jsonText(value: unknown, options: CallOptions | undefined): string {
  ask(value, options);
  return outputCodec.decodeJsonText(reply, 0, replyBytes);
}

function ask(value: unknown, { info, signal }: CallOptions = {}): void {
  signal?.throwIfAborted();
  inputCodec.encodeJson(value, request, 0);
  if (info !== undefined) info.callId = ++callId;
  const refusal = answer();
  if (refusal !== undefined) throw new IsthmusError('HANDLER_REFUSED', { detail: refusal });
}

function memoryOf(bytes: number): Memory & { readonly view: { readonly buffer: ArrayBuffer } } {
  const buffer = new ArrayBuffer(bytes);
  return { view: new DataView(buffer), bytes: Buffer.from(buffer) };
}
