import type { GraphQLSchema } from 'graphql';
import { CAST } from '../../../services/support/cast.ts';
import { type Answer, type Request, send } from '../../cache/equivalence/client.ts';
import type { GeneratedDocument } from '../../cache/equivalence/documents.ts';
import { resolveMutation } from '../../cache/equivalence/mutations.ts';
import type { Environment } from '../../support/environment.ts';
import { createNaive, type PlainAnswer } from '../../support/naive.ts';
import { until } from '../../support/until.ts';
import type { Ask, ChangeBy, Group } from './cases.ts';
import type { Tally } from './coverage.ts';
import { type Fault, recover, strike } from './faults.ts';
import { demandSame, isSame, toPlainAnswer } from './responses.ts';
import type { TestViewer } from './viewers.ts';

interface Setup {
  readonly environment: Environment;
  readonly schema: GraphQLSchema;
  readonly askers: readonly TestViewer[];
  readonly tally: Tally;
}

/** An ask, ready to be sent, and what graphql-js by itself answers it. */
interface Ready {
  readonly asker: TestViewer;
  readonly request: Request;
  readonly naive: PlainAnswer;
}

/** How often each ask is sent, so that it is executed in its compiled form, and then cached. */
const ROUNDS = 3;
/** Whoever wants to know what an operation costs is answered by an execution, never by the cache. */
const EXECUTED = { 'graphql-cost': 'report' };

/** Asks over HTTP, and demands of every answer what graphql-js by itself answers. */
export function openTrial({ environment, schema, askers, tally }: Setup) {
  const naive = createNaive(schema, environment.services);
  const { endpoint } = environment;

  const askerAt = (at: number): TestViewer => askers[at % askers.length] as TestViewer;

  const prepare = ({ questions, asks }: Group): Promise<Ready[]> =>
    Promise.all(
      asks.map(async (ask) => {
        const question = questions[ask.question] as GeneratedDocument;
        const asker = askerAt(ask.asker);
        const { fields, ...request } = requestOf(question, ask, asker);
        const answer = await naive(request, asker.viewer);
        if (answer.data !== undefined) tally.draw(fields);
        return { asker, request, naive: answer };
      }),
    );

  async function once({ asker, request, naive }: Ready, isExecuted: boolean): Promise<void> {
    const headers = { ...request.headers, ...(isExecuted && EXECUTED) };
    const answer = await send(endpoint, { ...request, headers });
    // How much may be asked for is not what is compared.
    if (isTooComplex(answer)) return tally.refuse();
    tally.answer(answer, naive);
    try {
      demandSame(toPlainAnswer(answer), naive);
    } catch (error) {
      const how = isExecuted ? 'not from the cache' : `cache ${answer.cacheStatus}`;
      throw new Error(`${(error as Error).message}\n${tell(asker, request)}, ${how}`);
    }
  }

  /** Waits for all, also after one has failed: a request under way would hold up the end of the environment. */
  async function atOnce(all: readonly Ready[]): Promise<void> {
    const sent = all.flatMap((one) => [once(one, true), once(one, false)]);
    await Promise.allSettled(sent);
    await Promise.all(sent);
  }

  async function aimed({ change, asker: at, isOwn }: ChangeBy) {
    const asker = askerAt(at);
    const own = 'id' in asker.viewer ? asker.viewer.id : CAST.customer;
    const owner = isOwn ? own : CAST.otherCustomer;
    const { variables } = await resolveMutation({ read: environment.read }, change, owner);
    const { headers } = asker;
    return {
      asker,
      request: {
        text: change.text,
        operationName: undefined,
        variables,
        transport: 'POST',
        headers,
      },
    } as const;
  }

  async function change({ asker, request }: Pick<Ready, 'asker' | 'request'>): Promise<void> {
    const answer = await send(endpoint, request);
    if (isTooComplex(answer)) return tally.refuse();
    // Whatever was done once is answered alike when it is asked for again.
    const expected = await naive(request, asker.viewer);
    tally.change();
    try {
      demandSame(toPlainAnswer(answer), expected);
    } catch (error) {
      throw new Error(`${(error as Error).message}\n${tell(asker, request)}`);
    }
  }

  /** A breaker may still be open; nothing that was lost may have been kept. */
  async function heal(one: Ready): Promise<void> {
    const isWhole = async () => {
      const answer = await send(endpoint, one.request);
      return isTooComplex(answer) || isSame(toPlainAnswer(answer), one.naive);
    };
    await until(isWhole).catch(() => once(one, false));
  }

  return {
    async ask(group: Group): Promise<void> {
      const all = await prepare(group);
      for (let round = 0; round < ROUNDS; round++) await atOnce(all);
      if (!group.change) return;
      await change(await aimed(group.change));
      await atOnce(await prepare(group));
    },

    /**
     * Asks before a fault strikes, without filling the cache, then while it does, then after it. What
     * changes then is in the fault matrix: of a lost answer nobody knows whether it was done.
     */
    async askStruck(group: Group, fault: Fault): Promise<void> {
      for (const one of await prepare(group)) await once(one, true);
      strike(environment, fault);
      const struck = await prepare(group);
      for (let round = 0; round < ROUNDS; round++) await atOnce(struck);
      recover(environment);
      for (const one of await prepare(group)) await heal(one);
    },
  };
}

function requestOf(
  { texts, operations, variableSets: sets }: GeneratedDocument,
  ask: Ask,
  { headers }: TestViewer,
): Request & { readonly fields: ReadonlySet<string> } {
  const { name, fields } = operations[
    ask.operation % operations.length
  ] as GeneratedDocument['operations'][number];
  const given = Object.entries(sets[ask.set] ?? {}).filter(([, value]) => value !== undefined);
  // The key is refused in a body, and taken from an address.
  const isForGet = given.some(([variable]) => variable === '__proto__');
  return {
    text: texts[ask.text % texts.length] ?? '',
    operationName: name,
    variables: Object.fromEntries(given),
    transport: isForGet ? 'GET' : ask.way,
    headers: { ...headers },
    fields,
  };
}

const isTooComplex = ({ body }: Answer): boolean =>
  body.errors?.[0]?.extensions.code === 'QUERY_TOO_COMPLEX';

const tell = (
  { name }: TestViewer,
  { text, operationName, variables, transport: way }: Request,
): string => `${name} by ${way}: ${text} ${JSON.stringify({ operationName, variables })}`;
