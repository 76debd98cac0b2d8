import { UPSTREAMS } from '../../src/datasources/upstreams.ts';
import { bffNames, loadBff } from '../tree.ts';

/** @throws Error if a BFF or a stand-in has one of the ports, so that the demo could not start */
export async function checkPorts(...ports: readonly (number | undefined)[]): Promise<void> {
  const bffs = await Promise.all(bffNames().map(loadBff));
  const taken: readonly (number | undefined)[] = [
    ...Object.values(UPSTREAMS).map(({ port }) => port),
    ...bffs.flatMap(({ port, adminPort }) => [port, adminPort]),
  ];
  const conflict = ports.find((port) => port !== undefined && taken.includes(port));
  if (conflict) throw new Error(`port ${conflict} belongs to another part of the demo`);
}
