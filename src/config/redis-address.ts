/** A Redis, the Sentinels that know its primary, or the nodes of a cluster. */
export type RedisAddress = { readonly isTls: boolean } & Credentials &
  (
    | ({ readonly kind: 'standalone'; readonly db: number } & HostAndPort)
    | {
        readonly kind: 'sentinel';
        readonly sentinels: readonly HostAndPort[];
        readonly primaryName: string;
        /** Of the Sentinels, which have users of their own. */
        readonly sentinelCredentials: Credentials;
      }
    | { readonly kind: 'cluster'; readonly nodes: readonly HostAndPort[] }
  );

interface HostAndPort {
  readonly host: string;
  readonly port: number;
}

interface Credentials {
  readonly username?: string | undefined;
  readonly password?: string | undefined;
}

const FORM = /^redis(s?)(?:\+(sentinel|cluster))?:\/\/(?:([^/?#]*)@)?([^@/?#]+)([^#]*)$/;
const REDIS_PORT = 6379;
const SENTINEL_PORT = 26_379;
const MAX_DB = 2 ** 31 - 1;

/**
 * Parses an address of Redis:
 *
 *     redis://[user:password@]host[:port][/db]
 *     redis+sentinel://[user:password@]host[:port],…/name[?sentinelUsername=…&sentinelPassword=…]
 *     redis+cluster://[user:password@]host[:port],…
 *
 * With `rediss` instead of `redis`, all connections use TLS. `name` is the name of the primary.
 * @returns undefined if the text has none of these forms
 */
export function parseRedisAddress(text: string): RedisAddress | undefined {
  const [, tls, kind = 'standalone', userInfo = '', hosts = '', rest = ''] = FORM.exec(text) ?? [];
  const texts = hosts.split(',').map((host) => `redis://${userInfo}@${host.trim()}${rest}`);
  if (!texts.every((each) => URL.canParse(each))) return undefined;
  const urls = texts.map((each) => new URL(each));
  const [url] = urls as [URL];
  try {
    const path = decodeURIComponent(url.pathname).replace(/^\//, '');
    const common = { isTls: tls === 's', ...toCredentials(url.username, url.password) };
    return { ...common, ...toTarget(kind, urls, path) } as RedisAddress;
  } catch {
    return undefined;
  }
}

/** @throws Error if the path or the query does not fit */
function toTarget(kind: string, urls: readonly URL[], path: string) {
  const [url] = urls as [URL];
  if (kind === 'sentinel') {
    const { sentinelUsername = '', sentinelPassword = '', ...unknown } = paramsOf(url);
    if (!/^[\w.-]+$/.test(path) || Object.keys(unknown).length > 0) throw new Error('invalid');
    return {
      kind,
      sentinels: urls.map((each) => toHostAndPort(each, SENTINEL_PORT)),
      primaryName: path,
      sentinelCredentials: toCredentials(sentinelUsername, sentinelPassword),
    };
  }
  if (url.search !== '') throw new Error('invalid');
  const nodes = urls.map((each) => toHostAndPort(each, REDIS_PORT));
  if (kind === 'cluster' && path === '') return { kind, nodes };
  const db = Number(path);
  if (kind === 'cluster' || nodes.length > 1 || !/^\d*$/.test(path) || db > MAX_DB) {
    throw new Error('invalid');
  }
  return { kind, ...nodes[0], db };
}

const paramsOf = (url: URL): Partial<Record<string, string>> =>
  Object.fromEntries(url.searchParams);

function toHostAndPort({ hostname, port }: URL, defaultPort: number): HostAndPort {
  if (hostname === '') throw new Error('invalid');
  return { host: hostname.replace(/^\[|\]$/g, ''), port: Number(port || defaultPort) };
}

const toCredentials = (username: string, password: string): Credentials => ({
  username: decodeURIComponent(username) || undefined,
  password: decodeURIComponent(password) || undefined,
});
