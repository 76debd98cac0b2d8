import { freePort } from '../../tools/free-port.ts';
import { startConfigured } from './configured-program.ts';
import { responds } from './start-command.ts';

/** The ports of the servers that nginx.conf names. */
interface Servers {
  readonly stable: number;
  readonly other: number;
  readonly canary: number;
  /** Without one, reads are not mirrored. */
  readonly shadow?: number;
}

/** Starts nginx in front of one server, without a mirror. */
export function startNginxForOne(backend: string, port?: number) {
  const server = Number(new URL(backend).port);
  return startNginx({ stable: server, other: server, canary: server }, port);
}

/**
 * Starts nginx with deploy/nginx/nginx.conf in front of servers. `await using` ends it.
 * @param given - the port to listen on; a free one by default
 */
export async function startNginx({ stable, other, canary, shadow }: Servers, given?: number) {
  const port = given ?? (await freePort());
  const servers = { 4000: stable, 4010: other, 4020: canary, 4030: shadow ?? stable };
  return startConfigured({
    config: 'nginx/nginx.conf',
    edit(original, folder) {
      let config = original.replace('listen 8080', `listen 127.0.0.1:${port}`);
      if (shadow === undefined) config = config.replace('mirror /mirror;', '');
      for (const [given, actual] of Object.entries(servers)) {
        config = config.replaceAll(`127.0.0.1:${given}`, `127.0.0.1:${actual}`);
      }
      // Its folders for bodies are root's.
      const names = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];
      const paths = names.map((name) => `${name}_temp_path ${folder}/${name};`).join(' ');
      return config.replace('\nhttp {', `\nhttp { ${paths}`);
    },
    command: (file, folder) => [
      'nginx',
      '-p',
      folder,
      '-c',
      file,
      '-e',
      'stderr',
      '-g',
      'daemon off;',
    ],
    url: `http://127.0.0.1:${port}`,
    isReady: () => responds(`http://127.0.0.1:${port}/healthz`, 404),
    detached: true,
  });
}
