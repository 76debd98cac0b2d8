import { X509Certificate } from 'node:crypto';
import { createSecureContext } from 'node:tls';
import type { ClientTls, ServiceTls } from '../config/index.ts';
import type { Log } from '../telemetry/log.ts';
import type { UpstreamClient } from './client.ts';
import { watchFiles } from './watch-files.ts';

export interface ReloadingClient extends UpstreamClient {
  /** The certificates that new connections take. */
  readonly currentTls: () => ClientTls;
}

/** The time after which the calls of a replaced client have ended. */
const GRACE_MS = 60_000;

/**
 * A client that takes renewed certificates for new connections; calls in flight end on those that they
 * have. Until all files are valid and belong together, the old certificates stay.
 * @param createClient - creates the client of a protocol
 */
export function createReloadingClient(
  createClient: (tls: ClientTls) => UpstreamClient,
  { files, ...initial }: ServiceTls,
  { name: upstream, log }: { readonly name: string; readonly log: Log },
): ReloadingClient {
  const kinds = Object.keys(files) as (keyof typeof files)[];
  const open = new Set<UpstreamClient>();
  let tls: ClientTls = initial;
  let client = create(tls);

  function create(tls: ClientTls): UpstreamClient {
    const created = createClient(tls);
    open.add(created);
    return created;
  }

  function replace(texts: readonly string[]): void {
    try {
      const renewed = Object.fromEntries(kinds.map((kind, index) => [kind, texts[index]]));
      assertUsable(renewed);
      const old = client;
      tls = renewed;
      client = create(tls);
      setTimeout(() => {
        open.delete(old);
        old.close();
      }, GRACE_MS).unref();
      log.info({ upstream }, 'certificates for an upstream reloaded');
    } catch (error) {
      const reason = (error as Error).message;
      log.warn({ upstream, reason }, 'renewed certificates for an upstream not usable');
    }
  }

  const stopWatching =
    kinds.length > 0
      ? watchFiles(
          Object.values(files),
          kinds.map((kind) => initial[kind] ?? ''),
          replace,
        )
      : undefined;

  return {
    send: (call, signal) => client.send(call, signal),
    currentTls: () => tls,
    close() {
      stopWatching?.();
      for (const each of open) each.close();
    },
  };
}

/** @throws Error for a text that is not PEM, and a key that is not that of the certificate */
function assertUsable(tls: ClientTls): void {
  if (tls.ca !== undefined) new X509Certificate(tls.ca);
  createSecureContext(tls);
}
