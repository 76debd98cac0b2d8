import { once } from 'node:events';
import { connect } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { freePort } from '../../tools/free-port.ts';
import { until } from '../support/until.ts';
import { startConfigured } from './configured-program.ts';

const SERVER = /^ {4}server (\w+) 127\.0\.0\.1:\d+/gm;

/**
 * Starts HAProxy with deploy/haproxy/haproxy.cfg in front of these ports, one for each server.
 * `await using` ends it.
 * @param options.maxRequests - instead of the requests that each server gets at a time
 * @param options.certificate - the path of a certificate with its key, for TLS
 */
export async function startHaproxy(
  ports: readonly number[],
  { certificate, maxRequests = 1_000 }: { certificate?: string; maxRequests?: number } = {},
) {
  const port = await freePort();
  const names: string[] = [];
  const haproxy = await startConfigured({
    config: 'haproxy/haproxy.cfg',
    edit(original, folder) {
      const config = original
        .replace('\nglobal\n', `\nglobal\n    stats socket ${folder}/stats mode 600\n`)
        .replace(
          'bind :8080',
          `bind 127.0.0.1:${port}${certificate ? ` ssl crt ${certificate}` : ''}`,
        )
        .replace('maxconn 1000', `maxconn ${maxRequests}`)
        .replaceAll(SERVER, (_line, name: string) => {
          if (!names.includes(name)) names.push(name);
          return `    server ${name} 127.0.0.1:${ports[names.indexOf(name)]}`;
        });
      if (names.length !== ports.length) throw new Error(`haproxy.cfg has ${names.length} servers`);
      return config;
    },
    command: (file) => ['haproxy', '-db', '-f', file],
    url: `http://127.0.0.1:${port}`,
    isReady: async (folder) => (await readStatistics(folder)).length > 0,
  });

  /** The column `status` of its statistics, such as `UP` or `DOWN`. */
  async function statusOf(index: number): Promise<string | undefined> {
    const [head = '', ...rows] = await readStatistics(haproxy.folder);
    const columns = head.replace(/^# /, '').split(',');
    const row = rows.find((each) => each.startsWith(`web,${names[index]},`));
    return row?.split(',')[columns.indexOf('status')];
  }

  return {
    ...haproxy,
    /** Waits until it sends requests to a server, or no longer does. */
    untilStatus: (index: number, status: 'UP' | 'DOWN') =>
      until(async () => (await statusOf(index))?.startsWith(status) === true),
  };
}

/** The lines of its statistics; none if it does not listen. */
async function readStatistics(folder: string): Promise<readonly string[]> {
  const connection = connect(join(folder, 'stats'));
  try {
    await once(connection, 'connect');
    connection.write('show stat\n');
    return (await text(connection)).split('\n');
  } catch {
    return [];
  } finally {
    connection.destroy();
  }
}
