import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { ROOT } from '../../tools/tree.ts';
import { freePort } from '../support/free-port.ts';
import { until } from '../support/until.ts';

const SERVER = /^ {4}server (\w+) 127\.0\.0\.1:\d+$/gm;

/**
 * Starts HAProxy with deploy/haproxy/haproxy.cfg in front of these ports, one for each `server` line.
 * `await using` ends it.
 */
export async function startHaproxy(ports: readonly number[]) {
  const folder = await mkdtemp(join(tmpdir(), 'haproxy-'));
  const port = await freePort();
  const socket = join(folder, 'stats');
  const names: string[] = [];
  const original = await readFile(new URL('deploy/haproxy/haproxy.cfg', ROOT), 'utf8');
  const config = original
    .replace('\nglobal\n', `\nglobal\n    stats socket ${socket} mode 600\n`)
    .replace('bind :8080', `bind 127.0.0.1:${port}`)
    .replaceAll(SERVER, (_line, name: string) => {
      names.push(name);
      return `    server ${name} 127.0.0.1:${ports[names.length - 1]}`;
    });
  if (names.length !== ports.length) throw new Error(`haproxy.cfg has ${names.length} servers`);
  const file = join(folder, 'haproxy.cfg');
  await writeFile(file, config);
  const child = spawn('haproxy', ['-db', '-f', file], { stdio: ['ignore', 'ignore', 'pipe'] });
  let output = '';
  child.stderr.on('data', (chunk) => {
    output += chunk;
  });
  const exited = once(child, 'exit');
  // A test that is killed disposes of nothing.
  process.once('exit', () => child.kill('SIGKILL'));

  /** The column `status` of its statistics, such as `UP` or `DOWN`. */
  async function statusOf(index: number): Promise<string | undefined> {
    if (child.exitCode !== null) throw new Error(`haproxy ended: ${output}`);
    const connection = connect(socket);
    try {
      await once(connection, 'connect');
      connection.write('show stat\n');
      const [head = '', ...rows] = (await text(connection)).split('\n');
      const columns = head.replace(/^# /, '').split(',');
      const row = rows.find((each) => each.startsWith(`web,${names[index]},`));
      return row?.split(',')[columns.indexOf('status')];
    } catch {
      return undefined;
    } finally {
      connection.destroy();
    }
  }

  return {
    url: `http://127.0.0.1:${port}`,
    /** Waits until it sends requests to a server, or no longer does. */
    untilStatus: (index: number, status: 'UP' | 'DOWN') =>
      until(async () => (await statusOf(index))?.startsWith(status) === true),
    async [Symbol.asyncDispose]() {
      child.kill('SIGKILL');
      await exited;
      await rm(folder, { recursive: true, force: true });
    },
  };
}
