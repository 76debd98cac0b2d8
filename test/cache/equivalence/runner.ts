import assert from 'node:assert/strict';
import { CAST } from '../../../services/support/cast.ts';
import type { CachePair } from './cache-pair.ts';
import {
  type Answer,
  idOf,
  isStaff,
  type Request,
  type Sessions,
  send,
  type ViewerName,
} from './client.ts';
import type { GeneratedDocument } from './documents.ts';
import { changeAtService, resolveMutation } from './mutations.ts';
import type { MutationStep, Requester, RequestGroup, Step } from './steps.ts';

interface RunnerOptions {
  readonly pair: CachePair;
  readonly documents: readonly GeneratedDocument[];
  readonly sessions: Sessions;
  readonly coverage: Coverage;
}

interface ViewerRequest {
  readonly viewer: ViewerName;
  readonly request: Request;
}

/** Runs steps, and asserts that both BFFs answer alike whenever no change is in progress. */
export function createRunner({ pair, documents, sessions, coverage }: RunnerOptions) {
  const trace = createTrace(documents);
  const documentAt = (at: number) => documents[at % documents.length] as GeneratedDocument;

  const credentialsOf = ({ viewer, session }: Pick<Requester, 'viewer' | 'session'>) =>
    sessions.get(viewer)?.[session] ?? {};

  /** The requests of some groups. Every requester sends its request twice, to find a stored answer. */
  function requestsOf(groups: readonly RequestGroup[]): ViewerRequest[] {
    return groups.flatMap((group) => {
      const { operations } = documentAt(group.document);
      const operation = operations[group.variant.operation % operations.length];
      coverage.countFields(operation?.fields ?? []);
      return [...group.requesters, ...group.requesters].map((requester) => ({
        viewer: requester.viewer,
        request: toRequest(group, requester),
      }));
    });
  }

  function toRequest({ document, variant }: RequestGroup, requester: Requester): Request {
    const { texts, operations, variableSets } = documentAt(document);
    const { set, operation, text, language } = { ...variant, ...requester.overrides };
    const given = Object.entries(variableSets[set] ?? {});
    const variables = Object.fromEntries(requester.isReversed ? given.reverse() : given);
    const { cacheControl } = requester;
    return {
      text: texts[text % texts.length] ?? '',
      operationName: operations[operation % operations.length]?.name,
      variables: { ...variables, ...(requester.hasUnknownVariable && { unknownVariable: 1 }) },
      transport: requester.transport,
      headers: {
        ...credentialsOf(requester),
        ...(language && { 'accept-language': language }),
        ...(cacheControl && { 'cache-control': cacheControl }),
      },
    };
  }

  async function sendToCached({ viewer, request }: ViewerRequest): Promise<Answer> {
    trace.add(viewer, request);
    const answer = await send(pair.cached, request);
    coverage.countAnswer(answer);
    assertNoCacheHonoured(answer, request);
    return answer;
  }

  async function querySequentially(groups: readonly RequestGroup[]) {
    for (const one of requestsOf(groups)) {
      assertEqualAnswers(
        await sendToCached(one),
        await send(pair.uncached, one.request),
        one.viewer,
      );
    }
  }

  async function queryConcurrently(groups: readonly RequestGroup[]) {
    const all = requestsOf(groups);
    const answers = await Promise.all(all.map(sendToCached));
    // The uncached BFF collapses concurrent requests as well, so it gets one request at a time.
    for (const [at, { viewer, request }] of all.entries()) {
      assertEqualAnswers(answers[at] as Answer, await send(pair.uncached, request), viewer);
    }
  }

  /** Queries the cached BFF only, while a change is in progress, to fill its cache. */
  const queryDuringChange = (groups: readonly RequestGroup[]) =>
    Promise.all(
      requestsOf(groups).map(async ({ viewer, request }) => {
        trace.add(`${viewer} during the change`, request);
        assertNoLeak(await send(pair.cached, request), viewer);
      }),
    );

  async function mutate(step: MutationStep) {
    const { mutation, viewer, owner, before, during, jitterMs, isRepeated } = step;
    const by = pair.hasEvents ? step.by : 'cached';
    await querySequentially(before);
    const { variables, serviceCall } = await resolveMutation(
      pair,
      mutation,
      owner ?? idOf(viewer) ?? CAST.customer,
    );
    const request: Request = {
      text: mutation.text,
      operationName: undefined,
      variables,
      transport: 'POST',
      headers: credentialsOf({ viewer, session: 0 }),
    };

    async function change() {
      trace.add(`${viewer}, mutation by ${by}`, request);
      const answer =
        by === 'service' ? await changeAtService(pair, serviceCall) : await send(pair[by], request);
      pair.setJitter(0);
      // From now on, no request may get the result of an execution that began before the change.
      await querySequentially([...before, ...during]);
      return answer;
    }

    pair.setJitter(jitterMs);
    const [answer] = await Promise.all([change(), queryDuringChange(during)]);
    await querySequentially(during);
    if (!answer || by === 'service') return;
    coverage.countMutation(mutation.field);
    assertNoLeak(answer, viewer);
    if (!isRepeated) return;
    const repeated = await send(by === 'cached' ? pair.uncached : pair.cached, request);
    const [cached, uncached] = by === 'cached' ? [answer, repeated] : [repeated, answer];
    assertEqualAnswers(cached, uncached, viewer);
  }

  function run(step: Step): Promise<void> {
    if (step.kind === 'mutation') return mutate(step);
    return step.kind === 'query' ? querySequentially(step.groups) : queryConcurrently(step.groups);
  }

  return {
    /** @throws Error with the difference and the trace of the run */
    async run(step: Step) {
      try {
        await run(step);
      } catch (error) {
        throw new Error(`${(error as Error).message}\n${trace.format()}`, { cause: error });
      }
    },
  };
}

/** A seeded e-mail address; it ends in the id of its user. */
const EMAIL = /[a-z.]+(\d+)@example\.(?:com|net|org)/g;

function assertEqualAnswers(cached: Answer, uncached: Answer, viewer: ViewerName): void {
  const actual = toText(cached);
  const expected = toText(uncached);
  if (actual === expected) return;
  const known = new Set(expected.match(EMAIL));
  const leaked = actual.match(EMAIL)?.find((email) => !known.has(email));
  if (leaked) throw new Error(`${viewer} was shown ${leaked}`);
  assert.deepEqual(comparable(cached), comparable(uncached));
  throw new Error(`same data in a different order:\n${actual}\n${expected}`);
}

/** Asserts all that is known of an answer while a change is in progress. */
function assertNoLeak(answer: Answer, viewer: ViewerName): void {
  const foreign = toText(answer)
    .matchAll(EMAIL)
    .find(([, id]) => id !== idOf(viewer));
  if (foreign && !isStaff(viewer)) throw new Error(`${viewer} was shown ${foreign[0]}`);
}

/** A request with `no-cache` gets neither a stored answer nor the result of another's execution. */
function assertNoCacheHonoured({ cacheStatus }: Answer, { headers }: Request): void {
  if (headers['cache-control'] !== 'no-cache') return;
  if (/; (hit|collapsed)/.test(cacheStatus ?? '')) throw new Error(`no-cache got ${cacheStatus}`);
}

const comparable = ({ status, body }: Answer) => ({ status, ...body });
const toText = (answer: Answer): string => JSON.stringify(comparable(answer));

const MAX_TRACE_LINES = 16;

/** The requests of one run; printed are the last ones, and the documents that they refer to. */
function createTrace(documents: readonly GeneratedDocument[]) {
  const lines: string[] = [];
  const names = new Map(
    documents.flatMap(({ texts }, at) =>
      texts.map((text, spelling) => [text, `document ${at} in spelling ${spelling}`] as const),
    ),
  );

  return {
    add(label: string, { text, transport, headers, ...rest }: Request) {
      const language = headers['accept-language'] ?? 'any language';
      const cacheControl = headers['cache-control'];
      const how = cacheControl ? `${transport} with ${cacheControl}` : transport;
      const what = names.get(text) ?? text;
      lines.push(`${label}, ${language}, ${how}: ${what} ${JSON.stringify(rest)}`);
    },

    format(): string {
      const last = lines.slice(-MAX_TRACE_LINES);
      const texts = documents.flatMap(({ texts: [text] }, at) =>
        last.some((line) => line.includes(`document ${at} `)) ? [`document ${at}: ${text}`] : [],
      );
      return `The last of ${lines.length} steps:\n  ${[...last, ...texts].join('\n  ')}`;
    },
  };
}

/** Counts what all runs together have covered. */
export function createCoverage() {
  const timesByField = new Map<string, number>();
  const counts = { answers: 0, withoutErrors: 0, hits: 0, mutations: 0 };

  function countFields(fields: Iterable<string>) {
    for (const field of fields) timesByField.set(field, (timesByField.get(field) ?? 0) + 1);
  }

  return {
    counts: counts as Readonly<typeof counts>,
    countFields,

    countAnswer({ body, cacheStatus }: Answer) {
      counts.answers++;
      if (!body.errors) counts.withoutErrors++;
      if (cacheStatus?.includes('; hit')) counts.hits++;
    },

    /** @param field - the mutation's name */
    countMutation(field: string) {
      counts.mutations++;
      countFields([`Mutation.${field}`]);
    },

    /** The field, of those given as "Type.field", that was selected least often. */
    leastSelected(fields: readonly string[]): readonly [field: string, times: number] {
      const times = fields.map((field) => [field, timesByField.get(field) ?? 0] as const);
      return times.reduce((least, one) => (one[1] < least[1] ? one : least));
    },
  };
}

export type Coverage = ReturnType<typeof createCoverage>;
