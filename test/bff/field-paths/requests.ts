import type { GraphQLSchema } from 'graphql';
import { anyone, inherited } from '../../../src/auth/rules.ts';
import { fieldRules, mergeTrees } from '../../../src/auth/shield.ts';
import type { BffDefinition } from '../../../src/bff.ts';
import type { Json } from '../../support/environment.ts';
import { allPaths, type FieldPath, scalarsIn, valuesAt } from '../../support/field-paths.ts';
import { mapConcurrently } from '../../support/map-concurrently.ts';
import { type Entry, isOnPath } from '../rights/domains.ts';
import type { Client } from './clients.ts';
import { type DocumentRequest, documentsFor } from './documents.ts';

/** A request for a guarded field on one path, from one entry, in one spelling. */
export interface FieldRequest {
  readonly path: FieldPath;
  readonly entry: Entry;
  readonly spelling: string;
  readonly document: DocumentRequest;
}

export interface FieldResult extends FieldRequest {
  readonly body: Json;
  /** The values of the field in the response. */
  readonly values: readonly unknown[];
}

const REFUSALS: ReadonlySet<unknown> = new Set(['UNAUTHENTICATED', 'FORBIDDEN', 'NOT_FOUND']);

/** The fields that have a rule, as "Type.field". */
export function guardedFields(schema: GraphQLSchema, bff: BffDefinition): ReadonlySet<string> {
  const tree = mergeTrees([...bff.domains, bff].map(({ permissions }) => permissions));
  return new Set(
    fieldRules(schema, tree)
      .filter(([, , rule]) => rule !== anyone && rule !== inherited)
      .map(([type, field]) => `${type}.${field}`),
  );
}

/** Every path to every guarded field, from each of the entries, in every spelling. */
export const requestsFor = (
  schema: GraphQLSchema,
  guarded: ReadonlySet<string>,
  entries: readonly Entry[],
): FieldRequest[] =>
  allPaths(schema)
    .filter(({ target }) => guarded.has(target))
    .flatMap((path) =>
      entries
        .filter((entry) => entry.root === path.steps[0]?.field && isOnPath(entry, path))
        .flatMap((entry) =>
          [...documentsFor(schema, path, entry.args, guarded)].map(([spelling, document]) => ({
            path,
            entry,
            spelling,
            document,
          })),
        ),
    );

/** True for a mutation over GET, which is always rejected. */
export const isMutationOverGet = ({ path, document }: FieldRequest): boolean =>
  path.operation === 'mutation' && document.method === 'GET';

/** @param clientFor - selects the client of each request */
export const sendAll = (
  requests: readonly FieldRequest[],
  clientFor: (request: FieldRequest) => Client | Promise<Client>,
): Promise<FieldResult[]> =>
  mapConcurrently(requests, async (request) => {
    const send = await clientFor(request);
    const body = await send(request.document);
    const values = request.document.responsePaths.flatMap((keys) =>
      valuesAt(body.data ?? {}, keys),
    );
    return { ...request, body, values };
  });

/**
 * Describes each response that has a value of the field or a secret, or that is not a refusal.
 * @param secrets - values that identify someone else
 */
export const leaks = (
  results: readonly FieldResult[],
  secrets: ReadonlySet<unknown> = new Set(),
): string[] =>
  results.flatMap((result) => {
    const { body, values } = result;
    const shown = scalarsIn(body.data).filter((scalar) => secrets.has(scalar));
    if (values.length > 0) return [describeRequest(result, `returns ${JSON.stringify(values)}`)];
    if (shown.length > 0) return [describeRequest(result, `contains ${JSON.stringify(shown)}`)];
    if (isRefused(result)) return [];
    return [describeRequest(result, `is not refused: ${JSON.stringify(body)}`)];
  });

function isRefused(result: FieldResult): boolean {
  const { body } = result;
  if (isMutationOverGet(result)) return body.data === undefined;
  const errors: Json[] = body.errors ?? [];
  return errors.length > 0 && errors.every(({ extensions }) => REFUSALS.has(extensions?.code));
}

/** Describes each response without data. */
export const rejections = (results: readonly FieldResult[]): string[] =>
  results
    .filter((result) => !isMutationOverGet(result) && !result.body.data)
    .map((result) => describeRequest(result, `is rejected: ${JSON.stringify(result.body)}`));

const describeRequest = ({ path, spelling, document }: FieldRequest, outcome: string): string =>
  `${path.target} ${spelling} ${outcome}\n    ${document.query}`;

/** The guarded fields and spellings of which no response reached the field itself. */
export function unreached(
  results: readonly FieldResult[],
  isReached: (result: FieldResult) => boolean,
): string[] {
  const executed = results.filter((result) => !isMutationOverGet(result));
  const nameOf = ({ path, spelling }: FieldRequest) => `${path.target} ${spelling} is not reached`;
  const reached = new Set(executed.filter(isReached).map(nameOf));
  return [...new Set(executed.map(nameOf)).difference(reached)];
}

export const hasValue = ({ values }: FieldResult): boolean => values.length > 0;

/** True if the rule of the field refused it, not that of a parent. */
export function isRefusedByOwnRule({ body, document }: FieldResult): boolean {
  const paths: string[] = (body.errors ?? []).map(({ path }: Json) => keysOf(path));
  return document.responsePaths.every((keys) => paths.includes(keys.join('.')));
}

/** The path of an error without positions in lists. */
const keysOf = (path: readonly (string | number)[] = []): string =>
  path.filter((key) => typeof key === 'string').join('.');
