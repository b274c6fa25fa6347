/** Instances of siege.schema.ts under a supervisor, which starts them again. */
import { Supervisor, type SupervisorLog } from '../../packages/gateway/src/supervisor/index.ts';

/** Instances die all the time here: that is not worth a line. What an instance writes is. */
const quietLog: SupervisorLog = {
  info: (fields, message) => {
    if ('stream' in fields) console.log('an instance wrote:', message);
  },
  warn: () => {},
  error: () => {},
};

export function startSupervisor(
  program: string,
  instances: number,
  ledger: string,
  runtimeParent: string,
  log = quietLog,
): Promise<Supervisor> {
  const command = [program, '--threads', '2', '--wait', 'block'];
  const service = { name: 'siege', command, instances, cwd: runtimeParent, env: { SIEGE_LEDGER: ledger } };
  return Supervisor.start({ services: [service], log, runtimeParent, backoff: { baseMs: 20, maxMs: 100 } });
}
