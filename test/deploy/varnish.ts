import { freePort } from '../../tools/free-port.ts';
import { startConfigured } from './configured-program.ts';
import { responds } from './start-command.ts';

export const PURGE_TOKEN = 'the-token-of-the-edge';

/**
 * Starts Varnish with deploy/varnish/default.vcl in front of a server. `await using` ends it.
 * @param port - to listen on; a free one by default
 */
export async function startVarnish(backend: string, port?: number) {
  const { hostname, port: backendPort } = new URL(backend);
  const address = `127.0.0.1:${port ?? (await freePort())}`;
  return startConfigured({
    config: 'varnish/default.vcl',
    edit: (vcl) =>
      vcl
        .replace('.host = "web"', `.host = "${hostname}"`)
        .replace('.port = "4000"', `.port = "${backendPort}"`),
    command: (file, folder) =>
      // Without a jail: the tests' user may be any.
      `varnishd -F -j none -a ${address} -n ${folder} -f ${file} -s malloc,16m`.split(' '),
    url: `http://${address}`,
    isReady: () => responds(`http://${address}/readyz`),
    detached: true,
    env: { EDGE_PURGE_TOKEN: PURGE_TOKEN },
  });
}
