/**
 * Measures, for each edge of deploy/, how many requests of a mix it answers itself, and how long it shows
 * what a mutation has changed: `npm run -s edges`, with the seconds for each edge and the pause of each
 * client in milliseconds as arguments.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { web } from '../../bff-web/bff.ts';
import { freePort } from '../../tools/free-port.ts';
import { authorization, startEnvironment } from '../support/environment.ts';
import { getFrom } from './edge-client.ts';
import { BEHIND_AN_EDGE } from './edge-suite.ts';
import { startNginxForOne } from './nginx.ts';
import { PURGE_TOKEN, startVarnish } from './varnish.ts';

const SECONDS = Number(process.argv[2] ?? 30);
const CLIENTS = 20;
/** Of a client between two requests. */
const PAUSE_MS = Number(process.argv[3] ?? 10);
const PROFILES = 50;
const MUTATION_PAUSE_MS = 1_000;
const LANGUAGES = ['en-GB,en;q=0.9', 'de-DE,de;q=0.9,en;q=0.8', 'fr'];
const PRIVATE = '{ viewer { user { id name } unreadCount } }';
const UPDATE =
  'mutation ($name: String!) { updateProfile(input: { name: $name }) { user { name } } }';

const profileOf = (id: number): string => `{ profile(id: "${id}") { name } }`;
/** Some are asked for much more often than others. */
const anyProfile = (): number => 1 + Math.floor(PROFILES * Math.random() ** 3);
const anyOf = <T>(values: readonly T[]): T =>
  values[Math.floor(Math.random() * values.length)] as T;

interface Front extends AsyncDisposable {
  readonly url: string;
}

interface Setup {
  readonly name: string;
  readonly isPurged?: boolean;
  readonly start: (backend: string, port: number) => Promise<Front>;
}

const SETUPS: readonly Setup[] = [
  { name: 'nginx', start: startNginxForOne },
  { name: 'Varnish, not purged', start: startVarnish },
  { name: 'Varnish, purged', isPurged: true, start: startVarnish },
];

async function measure({ name, isPurged, start }: Setup): Promise<Record<string, unknown>> {
  const port = await freePort();
  await using environment = await startEnvironment(web, {
    ...BEHIND_AN_EDGE,
    ...(isPurged && {
      EDGE_PURGE_URL: `http://127.0.0.1:${port}/purge`,
      EDGE_PURGE_TOKEN: PURGE_TOKEN,
    }),
  });
  await using edge = await start(environment.url, port);
  const counts = { public: 0, publicHits: 0, private: 0, privateHits: 0 };
  const delaysMs: number[] = [];
  const end = performance.now() + SECONDS * 1_000;

  async function read(): Promise<void> {
    while (performance.now() < end) {
      if (Math.random() < 0.2) {
        const { isHit } = await getFrom(edge, PRIVATE, await authorization(String(anyProfile())));
        counts.private++;
        if (isHit) counts.privateHits++;
      } else {
        const query = Math.random() < 0.2 ? '{ announcements { title } }' : profileOf(anyProfile());
        const { isHit } = await getFrom(edge, query, { 'accept-language': anyOf(LANGUAGES) });
        counts.public++;
        if (isHit) counts.publicHits++;
      }
      await sleep(PAUSE_MS);
    }
  }

  /** Changes a name, and waits until the edge shows it. */
  async function change(): Promise<void> {
    for (let n = 0; performance.now() < end; n++) {
      const id = anyProfile();
      const nameNow = `Name ${n}`;
      const { body } = await environment.send(UPDATE, {
        as: String(id),
        variables: { name: nameNow },
      });
      // Some users are deleted.
      if (!body.data?.updateProfile) continue;
      const changedAt = performance.now();
      const language = { 'accept-language': LANGUAGES[0] as string };
      while ((await getFrom(edge, profileOf(id), language)).data.profile.name !== nameNow) {
        await sleep(2);
      }
      delaysMs.push(performance.now() - changedAt);
      await sleep(MUTATION_PAUSE_MS);
    }
  }

  await Promise.all([change(), ...Array.from({ length: CLIENTS }, read)]);
  delaysMs.sort((a, b) => a - b);
  const percent = (part: number, whole: number) => `${((100 * part) / whole).toFixed(1)} %`;
  return {
    edge: name,
    'public requests': counts.public,
    'public hits': percent(counts.publicHits, counts.public),
    'private requests': counts.private,
    'private hits': counts.privateHits,
    'hits of all': percent(counts.publicHits, counts.public + counts.private),
    changes: delaysMs.length,
    'shown after, median ms': Math.round(delaysMs[Math.floor(delaysMs.length / 2)] ?? 0),
    'shown after, max ms': Math.round(delaysMs.at(-1) ?? 0),
  };
}

const rows = [];
for (const setup of SETUPS) rows.push(await measure(setup));
console.table(rows);
