import { freePort } from '../../tools/free-port.ts';
import { PEERS, type SchemaName } from '../peers/index.ts';
import type { Cores } from './cores.ts';
import { startBehindEdge } from './edge.ts';
import { startRedis } from './redis.ts';
import { scratchFolder } from './scratch.ts';
import {
  type Server,
  startOtlpReceiver,
  startServer,
  startServerByPolling,
} from './server-process.ts';

type Env = Readonly<Record<string, string>>;

/**
 * Starts a peer on the server's core.
 * @param baseEnv - the environment that all peers of the workload share
 * @throws Error if no peer has this name, or it does not start
 */
export async function startPeer(
  cores: Cores,
  name: string,
  schema: SchemaName,
  baseEnv: Env,
): Promise<Server> {
  const peer = PEERS[name];
  if (!peer) throw new Error('unknown peer');
  const redis: Env = peer.usesRedis ? { REDIS_URL: await startRedis(cores.load) } : {};
  const traces: Env = peer.exportsTraces
    ? { OTEL_EXPORTER_OTLP_ENDPOINT: await startOtlpReceiver(cores.load) }
    : {};
  const env = { ...baseEnv, ...peer.env, ...redis, ...traces, BENCH_FOLDER: scratchFolder };
  const { nodeOptions } = peer;
  const program = peer.program(schema);
  if (peer.edge) {
    return startBehindEdge(cores.server, peer.edge, (more) =>
      startServer(cores.server, program, { ...env, ...more }, nodeOptions),
    );
  }
  if (!peer.discardsOutput) return startServer(cores.server, program, env, nodeOptions);
  const port = await freePort();
  const ports = { MOBILE_PORT: String(port), WEB_PORT: String(port) };
  return startServerByPolling(cores.server, program, { ...env, ...ports }, port, nodeOptions);
}
