import {
  type DocumentNode,
  type FieldNode,
  type FragmentDefinitionNode,
  Kind,
  type SelectionNode,
  type SelectionSetNode,
  visit,
} from 'graphql';
import { BffError } from '../errors.ts';
import type { OperationLimits } from './operation-limits.ts';

/** What a selection comes to with all its fragments taken apart. */
interface Extent {
  readonly depth: number;
  readonly fields: number;
  readonly aliases: number;
}

const NOTHING: Extent = { depth: 0, fields: 0, aliases: 0 };
/** A clear name for each limit, as the sentence for people has it. */
const NAMES: Readonly<Record<keyof OperationLimits, string>> = {
  characters: 'The number of characters',
  tokens: 'The number of tokens',
  depth: 'The depth of nested fields',
  fields: 'The number of fields, with fragments taken apart,',
  aliases: 'The number of aliases, with fragments taken apart,',
  directives: 'The number of directives',
  fragments: 'The number of fragments',
  listSize: 'The size of a list',
  cost: 'The cost',
};

/** @throws BffError QUERY_TOO_COMPLEX, with the limit's name, the limit, and what was asked for */
export function holdTo(limits: OperationLimits, name: keyof OperationLimits, actual: number): void {
  const limit = limits[name];
  if (actual <= limit) return;
  throw new BffError('QUERY_TOO_COMPLEX', `${NAMES[name]} is ${actual}: at most ${limit}.`, {
    details: { exceeded: name, limit, actual },
  });
}

/**
 * Refuses what would cost too much to validate, which takes a time that is quadratic in fields and
 * exponential in nested fragments. Each fragment is measured once, so that this takes a time that is
 * linear in the document; it needs no schema, and no document that is valid.
 *
 * @throws BffError QUERY_TOO_COMPLEX
 */
export function limitDocument(document: DocumentNode, limits: OperationLimits): void {
  const count = { directives: 0, fragments: 0 };
  const countFragment = () => {
    count.fragments++;
  };
  visit(document, {
    ListValue: ({ values }) => holdTo(limits, 'listSize', values.length),
    Directive: () => {
      count.directives++;
    },
    FragmentDefinition: countFragment,
    FragmentSpread: countFragment,
  });
  holdTo(limits, 'directives', count.directives);
  holdTo(limits, 'fragments', count.fragments);
  const extentOf = createMeter(document);
  for (const definition of document.definitions) {
    if (!('selectionSet' in definition)) continue;
    const { depth, fields, aliases } = extentOf(definition.selectionSet);
    holdTo(limits, 'depth', depth);
    holdTo(limits, 'fields', fields);
    holdTo(limits, 'aliases', aliases);
  }
}

/**
 * Refuses lists that are too long in the values of variables, which must be coerced: so their depth is
 * the schema's.
 * @throws BffError QUERY_TOO_COMPLEX
 */
export function limitVariables(value: unknown, limits: OperationLimits): void {
  if (typeof value !== 'object' || value === null) return;
  if (Array.isArray(value)) holdTo(limits, 'listSize', value.length);
  for (const part of Object.values(value)) limitVariables(part, limits);
}

function createMeter(document: DocumentNode) {
  const fragments = new Map(
    document.definitions
      .filter((definition) => definition.kind === Kind.FRAGMENT_DEFINITION)
      .map((fragment): [string, FragmentDefinitionNode] => [fragment.name.value, fragment]),
  );
  const known = new Map<string, Extent>();

  const ofSet = (set: SelectionSetNode): Extent => {
    const parts = set.selections.map(ofSelection);
    return {
      depth: Math.max(0, ...parts.map(({ depth }) => depth)),
      fields: sumOf(parts, 'fields'),
      aliases: sumOf(parts, 'aliases'),
    };
  };

  function ofSelection(selection: SelectionNode): Extent {
    if (selection.kind === Kind.FIELD) return ofField(selection);
    if (selection.kind === Kind.INLINE_FRAGMENT) return ofSet(selection.selectionSet);
    return ofFragment(selection.name.value);
  }

  function ofField({ alias, name, selectionSet }: FieldNode): Extent {
    // How deep the schema may be asked for is limited by validation itself.
    const isOfSchema = name.value.startsWith('__');
    const below = selectionSet ? ofSet(selectionSet) : NOTHING;
    return {
      depth: isOfSchema ? 1 : below.depth + 1,
      fields: below.fields + 1,
      aliases: below.aliases + (alias ? 1 : 0),
    };
  }

  function ofFragment(name: string): Extent {
    const extent = known.get(name);
    if (extent) return extent;
    // A fragment that spreads itself adds nothing more here, and is refused by validation.
    known.set(name, NOTHING);
    const fragment = fragments.get(name);
    const measured = fragment ? ofSet(fragment.selectionSet) : NOTHING;
    known.set(name, measured);
    return measured;
  }

  return ofSet;
}

const sumOf = (parts: readonly Extent[], property: keyof Extent): number =>
  parts.reduce((sum, part) => sum + part[property], 0);
