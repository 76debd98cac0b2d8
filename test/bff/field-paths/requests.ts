import type { GraphQLSchema } from 'graphql';
import { anyone, inherited } from '../../../src/auth/rules.ts';
import { fieldRules, mergeTrees } from '../../../src/auth/shield.ts';
import type { BffDefinition } from '../../../src/bff.ts';
import type { Json } from '../../support/environment.ts';
import { leavesOf, valuesAt } from '../../support/reach.ts';
import type { Entry } from '../rights/entries.ts';
import type { Desk } from './clients.ts';
import { type Asked, documentsFor, type Path, pathsTo } from './documents.ts';

/** One document that goes to a guarded field. */
export interface Way {
  readonly path: Path;
  readonly entry: Entry;
  /** In which manner. */
  readonly how: string;
  readonly asked: Asked;
}

export interface Gone extends Way {
  readonly body: Json;
  readonly values: readonly unknown[];
}

const AT_ONCE = 16;
const REFUSALS: ReadonlySet<unknown> = new Set(['UNAUTHENTICATED', 'FORBIDDEN', 'NOT_FOUND']);

/** The fields that have a rule of their own, as "Type.field". */
export function guardedFields(schema: GraphQLSchema, bff: BffDefinition): ReadonlySet<string> {
  const tree = mergeTrees([...bff.domains, bff].map(({ permissions }) => permissions));
  return new Set(
    fieldRules(schema, tree)
      .filter(([, , rule]) => rule !== anyone && rule !== inherited)
      .map(([type, field]) => `${type}.${field}`),
  );
}

/** Every nested way to every guarded field, from each of the entries, in every manner. */
export function waysFrom(
  schema: GraphQLSchema,
  guarded: ReadonlySet<string>,
  entries: readonly Entry[],
): Way[] {
  return pathsTo(schema, guarded).flatMap((path) =>
    entries
      .filter(({ root }) => root === path.steps[0]?.field)
      .flatMap((entry) =>
        [...documentsFor(schema, path, entry.args, guarded)].map(([how, asked]) => ({
          path,
          entry,
          how,
          asked,
        })),
      ),
  );
}

/** A change that is asked for over GET is refused to everyone. */
export const isChangeOverGet = ({ path, asked }: Way): boolean =>
  path.operation === 'mutation' && asked.method === 'GET';

/** @param deskOf - where each of them is asked */
export async function goAll(
  ways: readonly Way[],
  deskOf: (way: Way) => Desk | Promise<Desk>,
): Promise<Gone[]> {
  const gone: Gone[] = [];
  const left = ways.entries();
  const work = async () => {
    for (const [index, way] of left) {
      const desk = await deskOf(way);
      const body = await desk(way.asked);
      const values = way.asked.places.flatMap((place) => valuesAt(body.data ?? {}, place));
      gone[index] = { ...way, body, values };
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  return gone;
}

/** What came back that should not have: a value, a mark of somebody else, or no refusal at all. */
export function breaches(gone: readonly Gone[], marks: ReadonlySet<unknown> = new Set()): string[] {
  return gone.flatMap((way) => {
    const shown = leavesOf(way.body.data).filter((leaf) => marks.has(leaf));
    if (way.values.length > 0) return [tell(way, `holds ${JSON.stringify(way.values)}`)];
    if (shown.length > 0) return [tell(way, `shows ${JSON.stringify(shown)}`)];
    return isRefused(way) ? [] : [tell(way, `was not refused: ${JSON.stringify(way.body)}`)];
  });
}

function isRefused(way: Gone): boolean {
  if (isChangeOverGet(way)) return way.body.data === undefined;
  const errors: Json[] = way.body.errors ?? [];
  return errors.length > 0 && errors.every(({ extensions }) => REFUSALS.has(extensions?.code));
}

export const tell = ({ path, how, asked }: Way, what: string): string =>
  `${path.target} ${how} ${what}\n    ${asked.query}`;

/** The guarded fields and manners of which none of the answers came as far as the field itself. */
export function unreached(gone: readonly Gone[], isReached: (gone: Gone) => boolean): string[] {
  const asked = gone.filter((way) => !isChangeOverGet(way));
  const nameOf = ({ path, how }: Way) => `${path.target} ${how}`;
  const reached = new Set(asked.filter(isReached).map(nameOf));
  return [...new Set(asked.map(nameOf)).difference(reached)];
}

/** Whether a value came back. */
export const hasValue = ({ values }: Gone): boolean => values.length > 0;

/** Whether the field's own rule refused it, and not one above it. */
export function isRefusedThere({ body, asked }: Gone): boolean {
  const paths: string[] = (body.errors ?? []).map(({ path }: Json) => keysOf(path));
  return asked.places.every((place) => paths.includes(place.join('.')));
}

/** Without the positions in lists. */
const keysOf = (path: readonly (string | number)[] = []): string =>
  path.filter((key) => typeof key === 'string').join('.');
