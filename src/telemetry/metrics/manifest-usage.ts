import { Counter, type Registry } from 'prom-client';

/** The label of requests that may be of several manifests. */
const SEVERAL = 'several';

/** The operations of one version of a client. */
interface Manifest {
  /** Such as `ios@3.1`. */
  readonly client: string;
  readonly operations: ReadonlyMap<string, { readonly hash: string }>;
}

/**
 * Counts the requests for operations of manifests, so that their owner knows which version of an app is
 * still used. The label has no other values than the manifests, whatever clients send.
 *
 * An operation of one manifest alone counts for it, whoever requests it: without the manifest it would be
 * refused. Versions of an app share most operations, also with the committed ones of the BFF, and these
 * count for the manifest that the client declares to have, or for `several` if that is none of them.
 */
export class ManifestUsage {
  readonly #counter: Counter;
  readonly #isCommitted: (hash: string) => boolean;
  #clients: ReadonlySet<string> = new Set();
  #clientsByHash: ReadonlyMap<string, ReadonlySet<string>> = new Map();

  /** @param isCommitted - true for the hashes of operations that the BFF accepts without a manifest */
  constructor(registry: Registry, isCommitted: (hash: string) => boolean) {
    this.#isCommitted = isCommitted;
    this.#counter = new Counter({
      name: 'frontdesk_manifest_requests_total',
      help: 'Requests for operations of manifests, by manifest; stored responses count too.',
      labelNames: ['manifest'],
      registers: [registry],
    });
  }

  /** Takes the manifests in use instead of those before, whose series end. */
  setManifests = (manifests: readonly Manifest[]): void => {
    const byHash = new Map<string, Set<string>>();
    for (const { client, operations } of manifests) {
      for (const { hash } of operations.values()) {
        const clients = byHash.get(hash) ?? new Set();
        byHash.set(hash, clients.add(client));
      }
    }
    const clients = new Set(manifests.map(({ client }) => client));
    for (const manifest of this.#clients) {
      if (!clients.has(manifest)) this.#counter.remove({ manifest });
    }
    // Without a series at zero, a version that nobody uses looks like one that nobody has released.
    for (const manifest of clients) this.#counter.inc({ manifest }, 0);
    this.#clients = clients;
    this.#clientsByHash = byHash;
  };

  /**
   * @param hash - of an operation's text
   * @param client - the name that the client declares
   */
  count(hash: string, client: string | undefined, version: string | undefined): void {
    const clients = this.#clientsByHash.get(hash);
    if (!clients) return;
    const declared = `${client}@${version}`;
    const [first = SEVERAL] = clients;
    const isOfOne = clients.size === 1 && !this.#isCommitted(hash);
    this.#counter.inc({ manifest: clients.has(declared) ? declared : isOfOne ? first : SEVERAL });
  }
}
