import type { GraphQLSchema } from 'graphql';
import { CAST } from '../../../services/support/cast.ts';
import type { UpstreamTable } from '../../../src/datasources/upstreams.ts';
import { type Answer, type Request, send } from '../../cache/equivalence/client.ts';
import type { GeneratedDocument } from '../../cache/equivalence/documents.ts';
import { resolveMutation } from '../../cache/equivalence/mutations.ts';
import type { Environment } from '../../support/environment.ts';
import { until } from '../../support/until.ts';
import type { Case, GeneratedMutation, GeneratedRequest } from './cases.ts';
import type { Coverage } from './coverage.ts';
import { clearFaults, type GeneratedFault, injectFault } from './faults.ts';
import { createReference } from './reference.ts';
import {
  assertSameResponse,
  type ComparableResponse,
  isSameResponse,
  toComparableResponse,
} from './responses.ts';
import type { TestViewer } from './viewers.ts';

interface RunnerOptions {
  readonly environment: Environment;
  readonly schema: GraphQLSchema;
  readonly upstreams: UpstreamTable;
  readonly viewers: readonly TestViewer[];
  readonly coverage: Coverage;
}

interface ViewerRequest {
  readonly viewer: TestViewer;
  readonly request: Request;
}

/** A request, and the response of the reference. */
interface ExpectedResponse extends ViewerRequest {
  readonly expected: ComparableResponse;
}

/** Number of times that each request is sent: interpreted, compiled, and from the cache. */
const ROUNDS = 3;
/** Responses with the cost of their operation are executed, never cached. */
const NO_CACHE = { 'graphql-cost': 'report' };

/** Sends requests to a BFF, and asserts that its responses are those of the reference. */
export function createRunner(options: RunnerOptions) {
  const { environment, schema, upstreams, viewers, coverage } = options;
  const reference = createReference(schema, upstreams, environment.services);
  const { endpoint } = environment;

  const viewerAt = (index: number): TestViewer => viewers[index % viewers.length] as TestViewer;

  const withReference = ({ documents, requests }: Case): Promise<ExpectedResponse[]> =>
    Promise.all(
      requests.map(async (generated) => {
        const document = documents[generated.document] as GeneratedDocument;
        const viewer = viewerAt(generated.viewer);
        const { fields, ...request } = toRequest(document, generated, viewer);
        const expected = await reference(request, viewer.viewer);
        if (expected.data !== undefined) coverage.countFields(fields);
        return { viewer, request, expected };
      }),
    );

  async function assertResponse(one: ExpectedResponse, isCacheAllowed: boolean): Promise<void> {
    const { request, expected } = one;
    const headers = { ...request.headers, ...(!isCacheAllowed && NO_CACHE) };
    const response = await send(endpoint, { ...request, headers });
    // The limits of a BFF are not compared.
    if (isTooComplex(response)) return coverage.countTooComplex();
    coverage.countResponse(response, expected);
    try {
      assertSameResponse(toComparableResponse(response), expected);
    } catch (error) {
      const source = isCacheAllowed ? `cache ${response.cacheStatus}` : 'executed';
      throw new Error(`${(error as Error).message}\n${describe(one)}, ${source}`);
    }
  }

  /** Waits for all responses, also after a failure, because open requests would delay the end of the environment. */
  async function assertConcurrently(all: readonly ExpectedResponse[]): Promise<void> {
    const sent = all.flatMap((one) => [assertResponse(one, false), assertResponse(one, true)]);
    await Promise.allSettled(sent);
    await Promise.all(sent);
  }

  async function toMutationRequest(generated: GeneratedMutation): Promise<ViewerRequest> {
    const { mutation, isOwn } = generated;
    const viewer = viewerAt(generated.viewer);
    const ownId = 'id' in viewer.viewer ? viewer.viewer.id : CAST.customer;
    const owner = isOwn ? ownId : CAST.otherCustomer;
    const { variables } = await resolveMutation({ read: environment.read }, mutation, owner);
    const request = {
      text: mutation.text,
      operationName: undefined,
      variables,
      transport: 'POST',
      headers: { ...viewer.headers },
    } as const;
    return { viewer, request };
  }

  /** Mutations of the services are idempotent, so the reference can repeat one. */
  async function mutate(one: ViewerRequest): Promise<void> {
    const response = await send(endpoint, one.request);
    if (isTooComplex(response)) return coverage.countTooComplex();
    const expected = await reference(one.request, one.viewer.viewer);
    coverage.countMutation();
    try {
      assertSameResponse(toComparableResponse(response), expected);
    } catch (error) {
      throw new Error(`${(error as Error).message}\n${describe(one)}`);
    }
  }

  /** A breaker may still be open for a while; no error may have been cached. */
  async function assertRecovers(one: ExpectedResponse): Promise<void> {
    const hasRecovered = async () => {
      const response = await send(endpoint, one.request);
      return isTooComplex(response) || isSameResponse(toComparableResponse(response), one.expected);
    };
    await until(hasRecovered).catch(() => assertResponse(one, true));
  }

  return {
    async run(generated: Case): Promise<void> {
      const all = await withReference(generated);
      for (let round = 0; round < ROUNDS; round++) await assertConcurrently(all);
      if (!generated.mutation) return;
      await mutate(await toMutationRequest(generated.mutation));
      await assertConcurrently(await withReference(generated));
    },

    /**
     * Sends the requests before a fault, without filling the cache, during it and after it. No
     * mutation is sent: the fault matrix tests those, whose outcome can be unknown.
     */
    async runWithFault(generated: Case, fault: GeneratedFault): Promise<void> {
      for (const one of await withReference(generated)) await assertResponse(one, false);
      injectFault(environment, fault);
      const all = await withReference(generated);
      for (let round = 0; round < ROUNDS; round++) await assertConcurrently(all);
      clearFaults(environment);
      for (const one of await withReference(generated)) await assertRecovers(one);
    },
  };
}

function toRequest(
  { texts, operations, variableSets }: GeneratedDocument,
  { operation, variableSet, text, transport }: GeneratedRequest,
  { headers }: TestViewer,
): Request & { readonly fields: ReadonlySet<string> } {
  const { name, fields } = operations[
    operation % operations.length
  ] as GeneratedDocument['operations'][number];
  const given = Object.entries(variableSets[variableSet] ?? {}).filter(
    ([, value]) => value !== undefined,
  );
  // A body with this key is rejected, a URL is not.
  const needsGet = given.some(([variable]) => variable === '__proto__');
  return {
    text: texts[text % texts.length] ?? '',
    operationName: name,
    variables: Object.fromEntries(given),
    transport: needsGet ? 'GET' : transport,
    headers: { ...headers },
    fields,
  };
}

const isTooComplex = ({ body }: Answer): boolean =>
  body.errors?.[0]?.extensions.code === 'QUERY_TOO_COMPLEX';

const describe = ({ viewer, request }: ViewerRequest): string => {
  const { text, operationName, variables, transport } = request;
  return `${viewer.name} over ${transport}: ${text} ${JSON.stringify({ operationName, variables })}`;
};
