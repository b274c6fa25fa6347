/** grpc-js to a server on a Unix socket, unary calls. Usage: grpc.ts --bytes N --in-flight K --ms M SOCKET */
import { join } from 'node:path';
import { Client, credentials } from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import { benchmarks } from '../../harness/toolchains.ts';
import { runClient } from './loop.ts';

/** Flow control never holds back what is in flight here: it would ask for more in small steps. */
const window = 64 * 2 ** 20;
const unlimited = -1;

const service = loadSync(join(benchmarks, 'peers/go/grpc-echo/echo.proto'))['isthmus.bench.Echo'];
if (service === undefined || 'format' in service) throw new Error('echo.proto has no service Echo');
const method = service.Call;
if (method === undefined) throw new Error('echo.proto has no method Call');

await runClient(async ({ rest: [path] }) => {
  const client = new Client(`unix:${path}`, credentials.createInsecure(), {
    'grpc.max_receive_message_length': unlimited,
    'grpc.max_send_message_length': unlimited,
    'grpc-node.flow_control_window': window,
  });
  /** What the client class does that grpc-js makes of a service. */
  const call = (request: Buffer): Promise<unknown> =>
    new Promise((resolve, reject) => {
      client.makeUnaryRequest(
        method.path,
        method.requestSerialize,
        method.responseDeserialize,
        { value: request },
        (error, reply) => {
          if (error !== null) reject(error);
          else resolve(reply !== undefined && 'value' in reply ? reply.value : undefined);
        },
      );
    });
  return { call, close: () => client.close() };
});
