import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { BffDefinition } from '../../src/bff.ts';
import { SERVICE_NAMES, startServices } from '../support/services.ts';
import { until } from '../support/until.ts';
import { PRELOADED, type Vitals } from './process-metrics.ts';
import { takeCalls } from './service-calls.ts';

/** In words, or as JSON in production. */
const LISTENING = /(?:^\w+ listening on |"url":")(http:[^\s"]+)/m;
const ADMIN_LISTENING = /(?:^\w+ admin listening on |"adminUrl":")(http:[^\s"]+)/m;

/**
 * A BFF as a process, so that it can die, hold up its event loop and take memory by itself, in front
 * of stand-in services in this process.
 */
export async function startProcess({ name }: BffDefinition, env: NodeJS.ProcessEnv = {}) {
  await using started = new AsyncDisposableStack();
  const { services, env: addresses } = started.use(await startServices(SERVICE_NAMES));
  const prefix = name.toUpperCase();
  const child = spawn(
    process.execPath,
    ['--expose-gc', '--import', PRELOADED, `bff-${name}/main.ts`],
    {
      env: {
        PATH: process.env.PATH,
        [`${prefix}_PORT`]: '0',
        [`${prefix}_ADMIN_PORT`]: '0',
        LOG_LEVEL: 'fatal',
        ...addresses,
        ...env,
      },
      stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
    },
  );
  const exited = once(child, 'exit');
  started.defer(async () => {
    child.kill('SIGKILL');
    await exited;
  });
  let output = '';
  child.stdout?.on('data', (chunk) => {
    output += chunk;
  });
  const isUp = () => ADMIN_LISTENING.test(output);
  await until(() => isUp() || child.exitCode !== null);
  if (!isUp()) throw new Error(`${name} did not start: ${output}`);
  const [, endpoint = ''] = LISTENING.exec(output) ?? [];
  const [, adminUrl = ''] = ADMIN_LISTENING.exec(output) ?? [];

  const rest = started.move();
  return {
    endpoint,
    url: new URL(endpoint).origin,
    adminUrl,
    takeCalls: () => takeCalls(services),
    pid: child.pid,

    /** How the process does; and the delays of its event loop are measured anew. */
    async vitals(): Promise<Vitals> {
      const told = once(child, 'message');
      child.send('?');
      return (await told)[0];
    },

    isAlive: () => child.exitCode === null && child.signalCode === null,

    [Symbol.asyncDispose]: () => rest.disposeAsync(),
  };
}
