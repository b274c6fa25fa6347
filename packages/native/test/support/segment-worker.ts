/** A Worker that waits for a guard which is not free, until it is ended. */
import { parentPort, workerData } from 'node:worker_threads';
import { guardKinds, loadNative, segmentKinds } from '@isthmus/native';

const { file, timeoutMs } = workerData as { readonly file: string; readonly timeoutMs: number };

const segment = await loadNative().attachSegment({
  kind: segmentKinds.file,
  name: file,
  offset: 8,
  bytes: 8,
  writable: 0,
  guard: guardKinds.seqlock,
  guardWidth: 8,
});
const waiting = segment.read(0, 8, false, timeoutMs);
parentPort?.postMessage('waiting');
await waiting;
