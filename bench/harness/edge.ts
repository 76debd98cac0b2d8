import { spawnSync } from 'node:child_process';
import { startNginxForOne } from '../../test/deploy/nginx.ts';
import { PURGE_TOKEN, startVarnish } from '../../test/deploy/varnish.ts';
import { freePort } from '../../tools/free-port.ts';
import { moveToCore } from './cores.ts';
import type { Server } from './server-process.ts';

type Env = Readonly<Record<string, string>>;

const EDGES = {
  nginx: { version: ['nginx', '-v'], start: startNginxForOne, purges: () => ({}) },
  varnish: {
    version: ['varnishd', '-V'],
    start: startVarnish,
    purges: (port: number) => ({
      EDGE_PURGE_URL: `http://127.0.0.1:${port}/purge`,
      EDGE_PURGE_TOKEN: PURGE_TOKEN,
    }),
  },
} as const;

/** A shared cache with its configuration from deploy/. */
export type EdgeName = keyof typeof EDGES;

/**
 * Starts a BFF, and an edge in front of it on the same core.
 * @param startBff - starts it with some more variables
 * @returns the edge as the server under test
 * @throws Error if it is not installed, or does not start
 */
export async function startBehindEdge(
  core: number,
  name: EdgeName,
  startBff: (env: Env) => Promise<Server>,
): Promise<Server> {
  const { version, start, purges } = EDGES[name];
  const [program, flag] = version;
  if (spawnSync(program, [flag]).error) throw new Error(`${program} is not installed`);
  const port = await freePort();
  const bff = await startBff({ TRUSTED_PROXIES: '127.0.0.1', ...purges(port) });
  try {
    const edge = await start(bff.origin, port);
    moveToCore(edge.pid, core);
    const stop = async () => {
      await edge.kill();
      await bff.stop();
    };
    return { pid: edge.pid, origin: edge.url, admin: bff.admin, stop };
  } catch (error) {
    await bff.stop();
    throw error;
  }
}
