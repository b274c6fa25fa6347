/** What Ctrl-C and its relatives do: the first one asks to stop, a second one ends the process at once. */
import { type SetExitCode, signalExitCode } from './exit-codes.ts';

const names = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/**
 * One Ctrl-C can arrive twice: the terminal sends it to the whole foreground group, and npm passes its own on. Within this
 * time, in ms, a further signal counts as the same.
 */
const echoMs = 300;

export interface StopSignals extends Disposable {
  /** Aborts at the first signal. */
  readonly signal: AbortSignal;
  /** Which it was, once there was one. */
  readonly received: 'SIGINT' | 'SIGTERM' | 'SIGHUP' | undefined;
}

/**
 * Begins to listen for signals; disposing it gives them their usual meaning back, unless there was one: then the process is
 * about to end. At a second signal the process exits with 128 + its number, which runs the exit handlers: whoever owns processes
 * or files must have one.
 */
export function catchSignals(): StopSignals {
  const controller = new AbortController();
  let received: StopSignals['received'];
  let receivedAt = 0;
  const handlers = names.map((name) => {
    const handler = () => {
      if (received === undefined) {
        received = name;
        receivedAt = performance.now();
        controller.abort();
      } else if (performance.now() - receivedAt > echoMs) {
        process.exit(signalExitCode(name));
      }
    };
    process.on(name, handler);
    return () => process.off(name, handler);
  });
  return {
    signal: controller.signal,
    get received() {
      return received;
    },
    [Symbol.dispose]() {
      if (received === undefined) {
        for (const remove of handlers) remove();
      } else {
        // An echo may come as late as now. Node, where it ends for want of work, takes its handlers away some time before.
        process.once('beforeExit', () => process.exit());
      }
    },
  };
}

/** Does what a command is for. A signal aborts it and decides the exit code, whatever the work then comes to. */
export async function untilSignal(
  setExitCode: SetExitCode,
  work: (signal: AbortSignal) => Promise<void>,
): Promise<void> {
  using signals = catchSignals();
  try {
    await work(signals.signal);
  } catch (error) {
    if (signals.received === undefined) throw error;
  }
  if (signals.received !== undefined) setExitCode(signalExitCode(signals.received));
}
