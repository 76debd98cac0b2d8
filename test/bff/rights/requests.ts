import type { GraphQLSchema } from 'graphql';
import {
  authorization,
  type Environment,
  type Json,
  type TestViewer,
} from '../../support/environment.ts';
import {
  leavesOf,
  NO_VALUE,
  toOperation,
  verdictOf,
  type Way,
  waysThrough,
} from '../../support/reach.ts';
import type { Entry } from './entries.ts';
import { COLUMNS, type Column, type RightsTable, rowFor } from './rights-table.ts';

/** One operation of one asker, and the cell that says what comes of it. */
export interface Trial {
  readonly row: string;
  readonly column: Column;
  readonly way: Way;
  readonly as: TestViewer;
  readonly operation: string;
}

export interface Tried extends Trial {
  readonly verdict: string;
  readonly body: Json;
}

const AT_ONCE = 16;

/** Every way to every field, from each of the entries. */
export function trialsOf(
  schema: GraphQLSchema,
  table: RightsTable,
  as: TestViewer,
  entries: readonly Entry[],
): Trial[] {
  return waysThrough(schema).flatMap((way) => {
    const [root = '', ...below] = way.steps;
    const isInMistake = below.length > 1 && below[0] === 'userErrors';
    return entries
      .filter((entry) => entry.root === root)
      .flatMap((entry) => {
        const args = isInMistake ? entry.mistaken : entry.args;
        if (args === undefined) return [];
        const operation = toOperation(schema, way, args);
        const row = rowFor(table, way.target, root);
        return [{ row, column: columnOf(as, entry.whose), way, as, operation }];
      });
  });
}

function columnOf(as: TestViewer, whose: Entry['whose']): Column {
  if (as === 'anonymous') return 'anonymous';
  if (as !== 'staff') return whose;
  return whose === 'own' ? 'staff: own' : 'staff: any';
}

export async function tryAll(environment: Environment, trials: readonly Trial[]): Promise<Tried[]> {
  const askers = [...new Set(trials.map(({ as }) => as))];
  const headers = new Map(
    await Promise.all(askers.map(async (as) => [as, await authorization(as)] as const)),
  );
  const tried: Tried[] = [];
  const left = trials.entries();
  const work = async () => {
    for (const [index, trial] of left) {
      const { body } = await environment.post({ query: trial.operation }, headers.get(trial.as));
      tried[index] = { ...trial, body, verdict: verdictOf(body, trial.way) };
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  return tried;
}

/** What the table declares and the answers do not bear out, a few lines for each such cell. */
export function differences(table: RightsTable, tried: readonly Tried[]): string[] {
  const rowsWithValue = new Set(
    tried.filter(({ verdict }) => verdict === 'yes').map(({ row }) => row),
  );
  const byCell = Map.groupBy(tried, ({ row, column }) => `${row} | ${column}`);
  return [...table].flatMap(([row, cells]) =>
    COLUMNS.flatMap((column) => {
      const answers = byCell.get(`${row} | ${column}`) ?? [];
      const declared = cells[column];
      if (answers.length === 0 && declared !== '-') {
        return [`${row} | ${column}: declared ${declared}, but nothing asks for it`];
      }
      // A placed order has no carrier yet; that says nothing, if other orders show one.
      const hasValue = declared === 'yes' && rowsWithValue.has(row);
      const others = answers.filter(
        ({ verdict }) => verdict !== declared && !(hasValue && verdict === NO_VALUE),
      );
      const [first] = others;
      if (!first) return [];
      const count = others.length > 1 ? ` in ${others.length} ways, such as` : '';
      return [
        `${row} | ${column}: declared ${declared}, answered ${first.verdict}${count}\n    ${first.operation}`,
      ];
    }),
  );
}

/** Answers that hold what they should not: anything at all when refused, or marks of someone else. */
export function leaks(tried: readonly Tried[], marks: readonly unknown[]): string[] {
  return tried.flatMap(({ row, column, verdict, body, operation }) => {
    const isRefused = verdict !== 'yes' && verdict !== 'userError';
    const isPublic = verdict === 'yes' && column !== 'own';
    const held = isRefused ? leavesOf(body.data) : [];
    const seen = isPublic ? [] : leavesOf({ data: body.data, errors: body.errors?.map(messageOf) });
    const found = [...held, ...seen.filter((leaf) => marks.some((mark) => shows(leaf, mark)))];
    if (found.length === 0) return [];
    return [`${row} | ${column}: holds ${JSON.stringify(found)}\n    ${operation}`];
  });
}

const messageOf = ({ message }: Json): string => message;

/** Ids are so short that they stand in cursors and times by chance. */
const shows = (leaf: unknown, mark: unknown): boolean =>
  leaf === mark || (String(mark).length > 6 && String(leaf).includes(String(mark)));
