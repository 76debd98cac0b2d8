import { Counter, type Registry } from 'prom-client';
import { BoundedLabel, MAX_CLIENTS, OTHER } from './label.ts';

const MAX_PENDING_PLANS = 1_000;

interface Client {
  readonly client: string;
  readonly version: string;
}

/** What a client says of itself. */
interface DeclaredClient {
  readonly client: string | undefined;
  readonly version: string | undefined;
}

/**
 * Counts the requests of each field, by client and version, so that an owner of the schema knows who
 * still uses a field. A request only counts its plan; the fields of a plan are counted when metrics are
 * collected, because a stored response must not cost one increment for each of its fields.
 */
export class FieldUsage {
  /** The number of requests by the fields of their plan and by client. */
  readonly #pending = new Map<readonly string[], Map<string, number>>();
  readonly #clients = new Map<string, Client>();
  readonly #names = new BoundedLabel(MAX_CLIENTS);
  readonly #isDeprecated: (field: string) => boolean;
  readonly #counter: Counter;

  /** @param isDeprecated - by schema coordinate, such as `Order.total` */
  constructor(registry: Registry, isDeprecated: (field: string) => boolean) {
    this.#isDeprecated = isDeprecated;
    this.#counter = new Counter({
      name: 'frontdesk_field_requests_total',
      help: 'Requests for a field, by client and version; stored responses count too.',
      labelNames: ['field', 'deprecated', 'client', 'version'],
      registers: [registry],
      collect: () => this.#flush(),
    });
  }

  /**
   * @param fields - of a plan; the same array for all of its requests
   * @param isKnownViewer - false for an anonymous one, whose client gets no name of its own
   */
  count(
    fields: readonly string[],
    { client = 'unknown', version = 'unknown' }: DeclaredClient,
    isKnownViewer: boolean,
  ): void {
    const key = this.#clientKey({ client, version }, isKnownViewer);
    let counts = this.#pending.get(fields);
    if (!counts) {
      if (this.#pending.size >= MAX_PENDING_PLANS) this.#flush();
      counts = new Map();
      this.#pending.set(fields, counts);
    }
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }

  #clientKey({ client, version }: Client, mayAdd: boolean): string {
    const isUndeclared = client === 'unknown' && version === 'unknown';
    const key = this.#names.valueOf(`${client} ${version}`, mayAdd || isUndeclared);
    if (!this.#clients.has(key)) {
      const isOther = key === OTHER;
      this.#clients.set(key, isOther ? { client: OTHER, version: OTHER } : { client, version });
    }
    return key;
  }

  #flush(): void {
    for (const [fields, counts] of this.#pending) {
      for (const [key, count] of counts) {
        const client = this.#clients.get(key) as Client;
        for (const field of fields) {
          const deprecated = String(this.#isDeprecated(field));
          this.#counter.inc({ field, deprecated, ...client }, count);
        }
      }
    }
    this.#pending.clear();
  }
}
