import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { UPSTREAMS } from '../../src/datasources/upstreams.ts';
import { bffNames } from '../../tools/tree.ts';
import { until } from './until.ts';

const DEMO = fileURLToPath(new URL('../../tools/demo.ts', import.meta.url));
/** As in `npm start`. */
const PRELOAD = new URL('../../tools/compile-cache.mjs', import.meta.url).href;
/** The names of the stand-ins of services. */
export const STAND_INS = Object.keys(UPSTREAMS);
const FREE_PORTS = Object.fromEntries(
  [
    ...bffNames().flatMap((name) => [name, `${name}_admin`]),
    ...STAND_INS.map((name) => `${name}_service`),
    'identity',
    'web_page',
    'phone_page',
  ].map((name) => [`${name.toUpperCase()}_PORT`, '0']),
);

export type Demo = ReturnType<typeof startDemo>;

/** Starts `npm start` on free ports. `await using` ends it. */
export function startDemo(env: NodeJS.ProcessEnv = {}, ...args: string[]) {
  const demo = spawn(process.execPath, ['--import', PRELOAD, DEMO, ...args], {
    env: { PATH: process.env.PATH, ...FREE_PORTS, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [demo.stdout, demo.stderr]) stream.on('data', (text) => (output += text));
  const exitCode = once(demo, 'close').then(([code]) => code as number | null);

  const find = (name: string, pattern: string) =>
    new RegExp(`^${name} +\\| ${pattern}`, 'm').exec(output)?.[1] ?? '';
  return {
    output: () => output,
    urlOf: (name: string) => find(name, '(http\\S+)'),
    pidOf: (name: string) => Number(find(name, '.*process (\\d+)')),
    pids: () => [...output.matchAll(/process (\d+)\)/g)].map(([, pid]) => Number(pid)),
    ready: () => until(() => /^ready/m.test(output) || demo.exitCode !== null),
    kill: (signal: NodeJS.Signals) => demo.kill(signal),
    exitCode,
    async [Symbol.asyncDispose]() {
      demo.kill('SIGTERM');
      await exitCode;
    },
  };
}
