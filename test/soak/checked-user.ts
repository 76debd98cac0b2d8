import { type HttpRequest, jsonPost } from '../attack/http-client.ts';
import type { Random } from '../attack/random.ts';
import type { Answer, Client } from '../support/http-client.ts';
import type { ExpectedDashboard } from './expected-dashboards.ts';
import { committed } from './soak-environment.ts';

const DASHBOARD = committed('Dashboard');
const PROFILE = committed('PublicProfile');
const UPDATE_PROFILE = committed('UpdateProfile');
const MAX_SHOWN_CHARACTERS = 200;

/**
 * A response that is not the one that the user must get; undefined if it is. `refused`: the server says
 * that it is overloaded, and has done nothing.
 */
export type Verdict =
  | { readonly kind: 'failed' | 'refused' | 'wrong'; readonly reason: string }
  | undefined;

interface CheckedUserOptions {
  readonly id: string;
  readonly endpoint: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly expected: ExpectedDashboard;
  /** The profiles of the other users, whose names they change. */
  readonly others: readonly ExpectedDashboard[];
}

/** A user who knows what each of its responses must be, to the byte, also after its own changes. */
export function createCheckedUser(options: CheckedUserOptions) {
  const { id, endpoint, headers, expected, others } = options;
  let { name } = expected.user;
  let changes = 0;
  let known: { readonly etag: string; readonly text: string } | undefined;

  const dashboard = () => toBody({ dashboard: { ...expected, user: { ...expected.user, name } } });
  const get = (
    hash: string,
    variables: object,
    sent: Record<string, string> = {},
  ): HttpRequest => ({
    url: `${endpoint}?documentId=${hash}&variables=${encodeURIComponent(JSON.stringify(variables))}`,
    headers: { ...headers, ...sent },
  });

  async function postDashboard(client: Client): Promise<Verdict> {
    const answer = await client.send(jsonPost(endpoint, { query: DASHBOARD.text }, headers));
    return compare(answer, dashboard());
  }

  async function revalidateDashboard(client: Client): Promise<Verdict> {
    const sent = known && { 'if-none-match': known.etag };
    const answer = await client.send(get(DASHBOARD.hash, {}, sent));
    if (answer.status === 304)
      return compare({ ...answer, status: 200, text: known?.text ?? '' }, dashboard());
    const { etag } = answer.headers;
    known = etag ? { etag, text: answer.text } : undefined;
    return compare(answer, dashboard());
  }

  async function readProfile(client: Client, random: Random): Promise<Verdict> {
    const { user } = random.pick(others);
    const answer = await client.send(get(PROFILE.hash, { id: user.id }));
    // The other user may change its name meanwhile: to one with its own id.
    const text = answer.text.replace(nameOf(user.id, '\\d+'), user.name);
    return compare({ ...answer, text }, toBody({ profile: user }));
  }

  async function changeName(client: Client): Promise<Verdict> {
    const next = `Canary ${id} ${++changes}.`;
    const body = { documentId: UPDATE_PROFILE.hash, variables: { input: { name: next } } };
    const answer = await client.send(jsonPost(endpoint, body, headers));
    const [, changed] = /"user":\{"id":"(\d+)"/.exec(answer.text) ?? [];
    const isApplied = changed === id && answer.text.includes(JSON.stringify(next));
    const verdict = compare(answer, isApplied ? answer.text : `a profile named "${next}"`);
    if (!verdict) name = next;
    return verdict;
  }

  return {
    async step(client: Client, random: Random): Promise<Verdict> {
      try {
        const choice = random.below(100);
        if (choice < 60) return await postDashboard(client);
        if (choice < 80) return await revalidateDashboard(client);
        if (choice < 95) return await readProfile(client, random);
        return await changeName(client);
      } catch (error) {
        return { kind: 'failed', reason: String(error) };
      }
    },
  };
}

const toBody = (data: object): string => `${JSON.stringify({ data })}\n`;

const nameOf = (id: string, number: string) => new RegExp(`Canary ${id} ${number}\\.`);

/** Compares a response with the only right one. */
export function compare(
  { status, text }: Pick<Answer, 'status' | 'text'>,
  expected: string,
): Verdict {
  if (status === 503 && text.includes('"OVERLOADED"')) return { kind: 'refused', reason: text };
  if (status !== 200) return { kind: 'failed', reason: `status ${status}: ${excerpt(text, 0)}` };
  if (text === expected) return undefined;
  if (text.includes('"errors":')) return { kind: 'failed', reason: excerpt(text, 0) };
  let at = 0;
  while (text[at] === expected[at]) at++;
  const reason = `expected ${excerpt(expected, at)}, got ${excerpt(text, at)}`;
  return { kind: 'wrong', reason };
}

const excerpt = (text: string, from: number): string =>
  text.slice(Math.max(0, from - MAX_SHOWN_CHARACTERS / 4), from + MAX_SHOWN_CHARACTERS);
