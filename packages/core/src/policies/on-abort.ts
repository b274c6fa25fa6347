import { IsthmusError } from '@isthmus/schema';

export function cancelled(signal: AbortSignal): IsthmusError {
  return new IsthmusError('CANCELLED', { cause: signal.reason });
}

/** Has `listener` called when the signal aborts. @returns What takes the listener away. */
export function onAbort(signal: AbortSignal | undefined, listener: (error: IsthmusError) => void): () => void {
  if (signal === undefined) return () => {};
  const tell = (): void => listener(cancelled(signal));
  signal.addEventListener('abort', tell, { once: true });
  return () => signal.removeEventListener('abort', tell);
}

/** Waits. @throws IsthmusError `CANCELLED` */
export function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) {
      reject(cancelled(signal));
      return;
    }
    const timer = setTimeout(() => {
      stopListening();
      resolve();
    }, ms);
    const stopListening = onAbort(signal, (error) => {
      clearTimeout(timer);
      reject(error);
    });
  });
}
