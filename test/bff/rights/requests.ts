import { type GraphQLSchema, getNamedType, isCompositeType, isObjectType } from 'graphql';
import { CAST } from '../../../services/support/cast.ts';
import {
  authorization,
  type Environment,
  type Json,
  type TestViewer,
} from '../../support/environment.ts';
import {
  type FieldPath,
  fieldNames,
  scalarsIn,
  shortestPaths,
  valuesAt,
} from '../../support/field-paths.ts';
import { mapConcurrently } from '../../support/map-concurrently.ts';
import { subscribeOnce } from '../../support/subscribe-once.ts';
import type { Entry } from './domains.ts';
import { COLUMNS, type Column, type RightsTable, rowFor } from './rights-table.ts';

/** An operation of one viewer, and the cell of the table that it tests. */
export interface RightsRequest {
  readonly row: string;
  readonly column: Column;
  readonly path: FieldPath;
  readonly viewer: TestViewer;
  readonly operation: string;
  readonly entry: Entry;
}

export interface RightsResult extends RightsRequest {
  /** A word of the table, or a description of anything else. */
  readonly outcome: string;
  readonly body: Json;
}

const KINDS = ['query', 'mutation', 'subscription'] as const;

/** A null without an error: the object has no such value. */
const NO_VALUE = 'null without an error';

/** One operation for the shortest path to each field, from each of the entries. */
export const requestsFor = (
  schema: GraphQLSchema,
  table: RightsTable,
  viewer: TestViewer,
  entries: readonly Entry[],
): RightsRequest[] =>
  shortestPaths(schema, KINDS).flatMap((path) => {
    const [root = '', ...below] = fieldNames(path);
    const isInUserError = below.length > 1 && below[0] === 'userErrors';
    return entries
      .filter((entry) => entry.root === root)
      .flatMap((entry) => {
        const args = isInUserError ? entry.invalidArgs : entry.args;
        if (args === undefined) return [];
        const row = rowFor(table, path.target, root);
        const column = columnFor(viewer, entry.whose);
        return [{ row, column, path, viewer, entry, operation: toOperation(schema, path, args) }];
      });
  });

function columnFor(viewer: TestViewer, whose: Entry['whose']): Column {
  if (viewer === 'anonymous') return 'anonymous';
  if (viewer !== 'staff') return whose;
  return whose === 'own' ? 'staff: own' : 'staff: any';
}

/**
 * Writes the operation that selects the last field of a path only. A mutation selects its user errors
 * as well, as `refusals`, because one of them may be the refusal.
 * @param args - the root field's, as in GraphQL: `(id: "1")`, or ''
 */
function toOperation(schema: GraphQLSchema, path: FieldPath, args: string): string {
  const [root = '', ...below] = fieldNames(path);
  const last = path.steps.at(-1);
  const type = last && schema.getType(last.on);
  const field = isObjectType(type) && last ? type.getFields()[last.field] : undefined;
  const leaf = field && isCompositeType(getNamedType(field.type)) ? ' { __typename }' : '';
  const inner = below.reduceRight((selection, name) => ` { ${name}${selection} }`, leaf);
  if (path.operation === 'query') return `{ ${root}${args}${inner} }`;
  if (path.operation === 'subscription') return `subscription { ${root}${args}${inner} }`;
  const withRefusals = inner.replace(/}$/, 'refusals: userErrors { code } }');
  return `mutation { ${root}${args}${withRefusals} }`;
}

export async function sendAll(
  environment: Environment,
  requests: readonly RightsRequest[],
): Promise<RightsResult[]> {
  const viewers = [...new Set(requests.map(({ viewer }) => viewer))];
  const headers = new Map(
    await Promise.all(
      viewers.map(async (viewer) => [viewer, await authorization(viewer)] as const),
    ),
  );
  const subscribe = createSubscriber(environment);
  return mapConcurrently(requests, async (request) => {
    const { operation: query, viewer, path } = request;
    const body =
      path.operation === 'subscription'
        ? await subscribe(request, headers.get(viewer))
        : (await environment.post({ query }, headers.get(viewer))).body;
    return { ...request, body, outcome: outcomeOf(body, path) };
  });
}

/** Sends one subscription at a time, so that each gets the event that is meant for it. */
function createSubscriber(environment: Environment) {
  let last: Promise<unknown> = Promise.resolve();
  return ({ operation, viewer, entry }: RightsRequest, headers = {}): Promise<Json> => {
    const { type = '', id = '' } = entry.event ?? {};
    const user = viewer === 'staff' ? CAST.staff : viewer;
    const event = { type, data: { user, id } };
    const result = last.then(() =>
      subscribeOnce(environment, { query: operation }, headers, event),
    );
    last = result;
    return result;
  };
}

function outcomeOf(body: Json, path: FieldPath): string {
  const [error] = body.errors ?? [];
  if (error) return error.extensions?.code ?? 'an error without a code';
  const keys = fieldNames(path);
  const refusals: { code: string }[] = body.data[keys[0] ?? '']?.refusals ?? [];
  const missing = refusals.filter(({ code }) => code === 'NOT_FOUND');
  if (missing.length > 0) return missing.length === refusals.length ? 'userError' : 'half refused';
  return valuesAt(body.data, keys).length > 0 ? 'yes' : NO_VALUE;
}

/** Describes each cell of the table from which responses differ. */
export function differences(table: RightsTable, results: readonly RightsResult[]): string[] {
  const rowsWithValue = new Set(
    results.filter(({ outcome }) => outcome === 'yes').map(({ row }) => row),
  );
  const byCell = Map.groupBy(results, ({ row, column }) => `${row} | ${column}`);
  return [...table].flatMap(([row, cells]) =>
    COLUMNS.flatMap((column) => {
      const declared = cells[column];
      const inCell = byCell.get(`${row} | ${column}`) ?? [];
      if (inCell.length === 0 && declared !== '-') {
        return [`${row} | ${column}: declared ${declared}, but no request tests it`];
      }
      // One object may lack a value (a placed order has no carrier) that another one has.
      const mayBeNull = declared === 'yes' && rowsWithValue.has(row);
      const others = inCell.filter(
        ({ outcome }) => outcome !== declared && !(mayBeNull && outcome === NO_VALUE),
      );
      const [first] = others;
      if (!first) return [];
      const count = others.length > 1 ? ` on ${others.length} paths, such as` : '';
      return [
        `${row} | ${column}: declared ${declared}, but ${first.outcome}${count}\n    ${first.operation}`,
      ];
    }),
  );
}

/** Describes each refusal that contains data, and each response with values that identify another user. */
export function leaks(results: readonly RightsResult[], secrets: readonly unknown[]): string[] {
  return results.flatMap(({ row, column, outcome, body, operation }) => {
    const isRefused = outcome !== 'yes' && outcome !== 'userError';
    const isPublic = outcome === 'yes' && column !== 'own';
    const refused = isRefused ? scalarsIn(body.data) : [];
    const shown = isPublic ? [] : scalarsIn({ data: body.data, errors: body.errors?.map(toText) });
    const leaked = shown.filter((scalar) => secrets.some((secret) => contains(scalar, secret)));
    const found = [...refused, ...leaked];
    if (found.length === 0) return [];
    return [`${row} | ${column}: contains ${JSON.stringify(found)}\n    ${operation}`];
  });
}

const toText = ({ message }: Json): string => message;

/** Ids are too short to search for: cursors and times contain the same digits by chance. */
const contains = (scalar: unknown, secret: unknown): boolean =>
  scalar === secret || (String(secret).length > 6 && String(scalar).includes(String(secret)));
