import { fillTag } from '../../datasources/index.ts';

/** What the path of a request has in the places of names and of the `*`. */
export interface PathMatch {
  readonly parameters: Readonly<Record<string, string>>;
  readonly rest: readonly string[];
}

const NAME = /^\{(\w+)\}$/;
const LITERAL = /^[\w.~-]+$/;

/**
 * Compiles the path of a route: literal segments, names (`{id}`), and at the end a `*`.
 * @throws Error for a path of another form
 */
export function compilePath(path: string) {
  const segments = path.slice(1).split('/');
  const hasRest = segments.at(-1) === '*';
  const fixed = hasRest ? segments.slice(0, -1) : segments;
  const names = fixed.flatMap((segment) => NAME.exec(segment)?.[1] ?? []);
  const isValid =
    path.startsWith('/') && fixed.every((segment) => NAME.test(segment) || LITERAL.test(segment));
  if (!isValid || fixed.length === 0) throw new Error(`${path} is no path of a route`);
  const firstName = fixed.findIndex((segment) => NAME.test(segment));
  const literals = firstName < 0 ? fixed : fixed.slice(0, firstName);

  return {
    names,
    hasRest,
    /** The segments before the first name and the `*`. */
    literals,

    /** @returns undefined if the path is not that of a request */
    match(given: readonly string[]): PathMatch | undefined {
      if (given.length < fixed.length || (given.length > fixed.length && !hasRest))
        return undefined;
      const parameters: Record<string, string> = {};
      for (const [n, segment] of fixed.entries()) {
        const value = given[n] as string;
        const [, name] = NAME.exec(segment) ?? [];
        if (name) parameters[name] = value;
        else if (segment !== value) return undefined;
      }
      return { parameters, rest: given.slice(fixed.length) };
    },

    /** The segments with the values of a match. */
    fill: ({ parameters, rest }: PathMatch): string[] => [
      ...fixed.map((segment) => parameters[NAME.exec(segment)?.[1] ?? ''] ?? segment),
      ...rest,
    ],
  };
}

export type PathTemplate = ReturnType<typeof compilePath>;

/** The names in the template of a tag. */
export const namesInTag = (tag: string): string[] =>
  [...tag.matchAll(/\{(\w*)\}/g)].map(([, name = '']) => name);

export const fillTags = (tags: readonly string[], { parameters }: PathMatch): string[] =>
  tags.map((tag) => fillTag(tag, parameters));
