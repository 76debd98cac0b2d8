import { mobile } from '../../bff-mobile/bff.ts';
import { createRequestGenerators } from '../attack/fuzzer.ts';
import { type HttpRequest, jsonPost } from '../attack/http-client.ts';
import { createRandom, type Random, SEED } from '../attack/random.ts';
import type { Answer, Client } from '../support/http-client.ts';
import { addressOf, committed, type SoakEnvironment } from './soak-environment.ts';

/** More than the BFF keeps of documents that it has seen once. */
const FILLING_DOCUMENTS = 2_500;
/** User ids 101 to 900 of the seed. */
const USERS = { first: 101, count: 800 };
/** This user sends more requests than its rate limit allows. */
const GREEDY_USER = '901';
/** The number of addresses of anonymous clients: all of them have been seen before the first round. */
const ANONYMOUS = { first: 1_024, count: 2_048 };
const MAX_BATCH = 10;
const MAX_ABANDON_MS = 15;
const SKU = 'CUP-STONE';

/** The kinds of requests, and how many of a hundred are of each. */
const WEIGHTS = {
  dashboard: 37,
  'public hit': 10,
  'not modified': 10,
  mutation: 5,
  'never-seen document': 10,
  malformed: 10,
  disconnect: 6,
  'rate-limited': 7,
  batch: 5,
} as const;

type Kind = keyof typeof WEIGHTS;

const DRAWN: readonly Kind[] = (Object.keys(WEIGHTS) as Kind[]).flatMap((kind) =>
  Array<Kind>(WEIGHTS[kind]).fill(kind),
);

const DASHBOARD = committed('Dashboard');
const PROFILE = committed('PublicProfile');
const MUTATIONS = {
  PlaceOrder: committed('PlaceOrder'),
  CancelOrder: committed('CancelOrder'),
  MarkNotificationsRead: committed('MarkNotificationsRead'),
  UpdateProfile: committed('UpdateProfile'),
};

/** What the mix must reach: without these, it proves nothing. */
const EXPECTED_OUTCOMES = [
  'dashboard 200',
  'public hit 200',
  'not modified 304',
  'mutation 200',
  'never-seen document 200',
  'malformed 400',
  'disconnect',
  'rate-limited 429',
  'batch 200',
];
/** The server failed, or broke the connection of a correct request. */
const FAILURE = / 500$|^(?!malformed).* closed$/;

/** The variables that make the BFF take part in the mix. */
export const MIX_ENV = {
  OPERATIONS: 'any',
  BATCH_MAX_OPERATIONS: String(MAX_BATCH),
  RATE_LIMIT_VIEWER: '6000',
  // Hung writes end within the calm, and a round takes hardly longer than its load.
  REQUEST_DEADLINE_MS: '500',
  UPSTREAM_ATTEMPT_TIMEOUT_MS: '250',
  // Small, so that it is full before the first round is measured.
  CACHE_MEMORY_MB: '4',
};

/**
 * Creates the mixed load of the soak.
 * @returns a function that sends the next request and returns its outcome, such as `dashboard 200`
 */
export async function createMix({ url, endpoint, headersOf }: SoakEnvironment) {
  const ids = Array.from({ length: USERS.count }, (_, index) => String(USERS.first + index));
  const headers = new Map<string, Record<string, string>>();
  for (const id of [...ids, GREEDY_USER]) headers.set(id, await headersOf(id));
  const malformed = createRequestGenerators(mobile);
  /** The last ETag of each user's dashboard. */
  const etags = new Map<string, string>();
  const runId = SEED.toString(36);
  let number = 0;

  const get = (
    hash: string,
    variables: object,
    sent: HttpRequest['headers'] = {},
  ): HttpRequest => ({
    url: `${endpoint}?documentId=${hash}&variables=${encodeURIComponent(JSON.stringify(variables))}`,
    headers: sent,
  });
  const anonymous = (random: Random) => ({
    'x-forwarded-for': addressOf(ANONYMOUS.first + random.below(ANONYMOUS.count)),
  });
  const post = (id: string, body: unknown) => jsonPost(endpoint, body, headers.get(id));
  const neverSeen = (id: string) => ({
    query: `query Soak_${runId}_${number} { profile(id: "${id}") { id n${number}: name } }`,
  });

  const requests: Record<Kind, (random: Random, id: string) => HttpRequest> = {
    dashboard: (_random, id) => post(id, { query: DASHBOARD.text }),
    'public hit': (random) =>
      get(PROFILE.hash, { id: String(42 + random.below(8)) }, anonymous(random)),
    'not modified': (_random, id) =>
      get(DASHBOARD.hash, {}, { ...headers.get(id), 'if-none-match': etags.get(id) ?? '"none"' }),
    mutation: (random, id) => post(id, mutation(random, `${runId}-${number}`)),
    'never-seen document': (random, id) =>
      jsonPost(endpoint, neverSeen(id), random.chance(0.5) ? headers.get(id) : anonymous(random)),
    malformed(random) {
      const { path, ...rest } = random.pick(malformed)(random);
      // The generator's header wins: proxies send what clients send.
      return { ...rest, url: url + path, headers: { ...anonymous(random), ...rest.headers } };
    },
    disconnect: (random, id) =>
      post(id, random.chance(0.5) ? { query: DASHBOARD.text } : neverSeen(id)),
    'rate-limited': () => post(GREEDY_USER, Array(MAX_BATCH).fill({ query: DASHBOARD.text })),
    batch: (random, id) =>
      post(id, [
        { query: DASHBOARD.text },
        { documentId: PROFILE.hash, variables: { id } },
        neverSeen(String(USERS.first + random.below(USERS.count))),
      ]),
  };

  const recordEtag = (id: string, { headers: { etag } }: Answer) => etag && etags.set(id, etag);
  const readEtag = async (client: Client, id: string): Promise<void> => {
    const request = get(DASHBOARD.hash, {}, headers.get(id));
    const answer = await client.send(request).catch(() => undefined);
    if (answer) recordEtag(id, answer);
  };

  return {
    async next(client: Client): Promise<string> {
      const random = createRandom(SEED + number++);
      const kind = random.pick(DRAWN);
      const id = random.pick(ids);
      if (kind === 'not modified' && !etags.has(id)) await readEtag(client, id);
      const request = requests[kind](random, id);
      if (kind === 'disconnect') {
        await client.abandon(request, random.below(MAX_ABANDON_MS));
        return kind;
      }
      const answer: Answer | undefined = await client.send(request).catch(() => undefined);
      if (kind === 'not modified' && answer) recordEtag(id, answer);
      return `${kind} ${answer?.status ?? 'closed'}`;
    },

    /** Requests that fill the BFF's bounded stores, so that filling them is no growth. */
    *filling(): Generator<HttpRequest> {
      for (const id of ids) yield post(id, { query: DASHBOARD.text });
      for (let n = 0; n < FILLING_DOCUMENTS; n++) {
        number++;
        const address = addressOf(ANONYMOUS.first + (n % ANONYMOUS.count));
        yield jsonPost(endpoint, neverSeen(String(USERS.first)), { 'x-forwarded-for': address });
      }
    },
  };
}

/** The faults that the outcomes of a run show. */
export const faultsOfMix = (outcomes: Readonly<Record<string, number>>): string[] => [
  ...EXPECTED_OUTCOMES.filter((name) => !outcomes[name]).map((name) => `there was no "${name}"`),
  ...Object.keys(outcomes)
    .filter((name) => FAILURE.test(name))
    .map((name) => `${outcomes[name]} requests failed: ${name}`),
];

function mutation(random: Random, key: string): unknown {
  const input = () => {
    const kind = random.below(4);
    if (kind === 0) {
      const items = [{ sku: SKU, quantity: 1 }];
      return ['PlaceOrder', { input: { idempotencyKey: key, currency: 'GBP', items } }] as const;
    }
    if (kind === 1) return ['CancelOrder', { id: String(20_000 + random.below(2_000)) }] as const;
    if (kind === 2) {
      return ['MarkNotificationsRead', { ids: [String(50_000 + random.below(2_000))] }] as const;
    }
    return ['UpdateProfile', { input: { name: `Soak ${key}` } }] as const;
  };
  const [name, variables] = input();
  return { documentId: MUTATIONS[name].hash, variables };
}
