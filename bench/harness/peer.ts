import { PEERS, type SchemaName } from '../peers/index.ts';
import type { Cores } from './cores.ts';
import { freePort } from './free-port.ts';
import { type Server, startQuietServer, startServer } from './processes.ts';
import { startRedis } from './redis.ts';
import { scratchFolder } from './scratch.ts';

type Env = Readonly<Record<string, string>>;

/**
 * Starts a peer on the server's core.
 * @param told - what all peers are told
 * @throws Error if there is none of this name, or it does not start
 */
export async function startPeer(
  cores: Cores,
  name: string,
  schema: SchemaName,
  told: Env,
): Promise<Server> {
  const peer = PEERS[name];
  if (!peer) throw new Error('there is no such peer');
  const redis: Env = peer.hasRedis ? { REDIS_URL: await startRedis(cores.load) } : {};
  const env = { ...told, ...peer.env, ...redis, BENCH_FOLDER: scratchFolder };
  const program = peer.program(schema);
  if (!peer.isQuiet) return startServer(cores.server, program, env);
  const port = await freePort();
  const ports = { MOBILE_PORT: String(port), WEB_PORT: String(port) };
  return startQuietServer(cores.server, program, { ...env, ...ports }, port);
}
