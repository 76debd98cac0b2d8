import { Resolver } from 'node:dns/promises';
import type { Log } from '../telemetry/log.ts';
import { createInstance, type Instance } from './load-balancer.ts';

const REFRESH_INTERVAL_MS = 10_000;
const SRV_PREFIX = /^srv\+/;

/** The instances of a service, from a fixed list or from DNS. */
export interface Discovery {
  /** The known instances; the first lookup of a name waits for DNS. */
  instances(): readonly Instance[] | Promise<readonly Instance[]>;
  close(): void;
}

/**
 * @param urls - one URL for each instance, or one name whose SRV records (RFC 2782) give host and port:
 *   `srv+http://_orders._tcp.example.org`
 * @param dnsServers - the DNS servers, as `address:port`; the system's if empty
 * @param refreshMs - the interval between lookups of the records, in milliseconds
 */
export function createDiscovery(
  urls: readonly URL[],
  dnsServers: readonly string[],
  log: Log,
  refreshMs = REFRESH_INTERVAL_MS,
): Discovery {
  const [first] = urls;
  if (first && SRV_PREFIX.test(first.protocol))
    return createSrvDiscovery(first, dnsServers, log, refreshMs);
  const fixed = urls.map(createInstance);
  return { instances: () => fixed, close: () => {} };
}

function createSrvDiscovery(
  url: URL,
  dnsServers: readonly string[],
  log: Log,
  refreshMs: number,
): Discovery {
  const resolver = new Resolver();
  if (dnsServers.length > 0) resolver.setServers(dnsServers);
  const protocol = url.protocol.replace(SRV_PREFIX, '');
  let known: readonly Instance[] = [];
  let created = 0;
  let lookup: Promise<readonly Instance[]> | undefined;

  function instanceAt(address: string): Instance {
    const fresh = createInstance(new URL(address), created);
    const existing = known.find(({ baseUrl }) => baseUrl === fresh.baseUrl);
    if (!existing) created++;
    return existing ?? fresh;
  }

  async function refresh(): Promise<readonly Instance[]> {
    try {
      const records = await resolver.resolveSrv(url.hostname);
      // RFC 2782: only the targets with the lowest priority number.
      const lowest = Math.min(...records.map(({ priority }) => priority));
      known = records
        .filter(({ priority }) => priority === lowest)
        .map(({ name, port }) => instanceAt(`${protocol}//${name}:${port}${url.pathname}`));
    } catch (error) {
      log.warn(
        { err: error, name: url.hostname },
        'DNS lookup failed; keeping the known instances',
      );
    }
    return known;
  }
  const timer = setInterval(() => void refresh(), refreshMs).unref();

  return {
    instances() {
      if (known.length > 0) return known;
      lookup ??= refresh().finally(() => {
        lookup = undefined;
      });
      return lookup;
    },
    close() {
      clearInterval(timer);
      resolver.cancel();
    },
  };
}
