import {
  type DocumentNode,
  type FieldNode,
  type FragmentDefinitionNode,
  Kind,
  type SelectionNode,
  type SelectionSetNode,
  visit,
} from 'graphql';
import { BffError } from '../../errors.ts';
import type { IntrospectionLimits, OperationLimits } from './operation-limits.ts';

/** The size of a selection with its fragments expanded; what each limit is compared with. */
type SelectionSize = Readonly<Record<SizeName, number>>;
type SizeName = keyof IntrospectionLimits | 'depth' | 'fields' | 'aliases';

type LimitName = keyof OperationLimits | keyof IntrospectionLimits;

const EMPTY: SelectionSize = {
  depth: 0,
  fields: 0,
  aliases: 0,
  introspectionDepth: 0,
  introspectionFields: 0,
  introspectionAliases: 0,
};
/** A clear name for each limit, as the sentence for people has it. */
const NAMES: Readonly<Record<LimitName, string>> = {
  characters: 'The number of characters',
  tokens: 'The number of tokens',
  depth: 'The depth of nested fields',
  fields: 'The number of fields, with fragments taken apart,',
  aliases: 'The number of aliases, with fragments taken apart,',
  introspectionDepth: 'The depth of nested introspection fields',
  introspectionFields: 'The number of introspection fields, with fragments taken apart,',
  introspectionAliases: 'The number of introspection aliases, with fragments taken apart,',
  directives: 'The number of directives',
  fragments: 'The number of fragments',
  listSize: 'The size of a list',
  cost: 'The cost',
};

/** @throws BffError QUERY_TOO_COMPLEX, with the limit's name, the limit, and what was asked for */
export function enforceLimit<Name extends LimitName>(
  limits: Readonly<Record<Name, number>>,
  name: Name,
  actual: number,
): void {
  const limit = limits[name];
  if (actual <= limit) return;
  throw new BffError('QUERY_TOO_COMPLEX', `${NAMES[name]} is ${actual}: at most ${limit}.`, {
    details: { exceeded: name, limit, actual },
  });
}

/**
 * Refuses what would cost too much to validate, which takes a time that is quadratic in fields and
 * exponential in nested fragments. Each fragment is measured at most twice (in data and in
 * introspection), so that this takes a time that is linear in the document; it needs no schema, and no
 * document that is valid.
 *
 * @param introspection - the limits of what is selected below `__schema` and `__type`, and of their
 *   aliases; without them it counts as any other field
 * @throws BffError QUERY_TOO_COMPLEX
 */
export function enforceDocumentLimits(
  document: DocumentNode,
  limits: OperationLimits,
  introspection?: IntrospectionLimits,
): void {
  const count = { directives: 0, fragments: 0 };
  const countFragment = () => {
    count.fragments++;
  };
  visit(document, {
    ListValue: ({ values }) => enforceLimit(limits, 'listSize', values.length),
    Directive: () => {
      count.directives++;
    },
    FragmentDefinition: countFragment,
    FragmentSpread: countFragment,
  });
  enforceLimit(limits, 'directives', count.directives);
  enforceLimit(limits, 'fragments', count.fragments);
  limitSelections(document, limits, introspection);
}

function limitSelections(
  { definitions }: DocumentNode,
  limits: OperationLimits,
  introspection: IntrospectionLimits | undefined,
): void {
  const fragments = definitions.filter(
    (definition) => definition.kind === Kind.FRAGMENT_DEFINITION,
  );
  const meter = createSelectionMeter(fragments, introspection !== undefined);
  const limit = (size: SelectionSize) => {
    enforceLimit(limits, 'depth', size.depth);
    enforceLimit(limits, 'fields', size.fields);
    enforceLimit(limits, 'aliases', size.aliases);
    if (!introspection) return;
    enforceLimit(introspection, 'introspectionDepth', size.introspectionDepth);
    enforceLimit(introspection, 'introspectionFields', size.introspectionFields);
    enforceLimit(introspection, 'introspectionAliases', size.introspectionAliases);
  };
  for (const definition of definitions) {
    if (definition.kind === Kind.OPERATION_DEFINITION) limit(meter.sizeOf(definition.selectionSet));
  }
  // Validation also reads fragments that no operation spreads, and all fragments of one name.
  for (const { name, selectionSet } of fragments) {
    limit(meter.sizeOf(selectionSet, meter.isForIntrospection(name.value)));
  }
}

/**
 * Refuses lists that are too long in the values of variables, which must be coerced: so their depth is
 * the schema's.
 * @throws BffError QUERY_TOO_COMPLEX
 */
export function enforceVariableLimits(value: unknown, limits: OperationLimits): void {
  if (typeof value !== 'object' || value === null) return;
  if (Array.isArray(value)) enforceLimit(limits, 'listSize', value.length);
  for (const part of Object.values(value)) enforceVariableLimits(part, limits);
}

/** @param isSeparate - whether introspection is measured apart from data */
function createSelectionMeter(definitions: readonly FragmentDefinitionNode[], isSeparate: boolean) {
  const fragments = new Map(definitions.map((fragment) => [fragment.name.value, fragment]));
  const inData = new Map<string, SelectionSize>();
  const inIntrospection = new Map<string, SelectionSize>();

  /** @param isIntrospection - whether the selection is below `__schema` or `__type` */
  function sizeOf({ selections }: SelectionSetNode, isIntrospection = false): SelectionSize {
    return selections
      .map((selection) => sizeOfSelection(selection, isIntrospection))
      .reduce(combine, EMPTY);
  }

  function sizeOfSelection(selection: SelectionNode, isIntrospection: boolean): SelectionSize {
    if (selection.kind === Kind.FIELD) return sizeOfField(selection, isIntrospection);
    if (selection.kind === Kind.INLINE_FRAGMENT) {
      return sizeOf(selection.selectionSet, isIntrospection);
    }
    return sizeOfFragment(selection.name.value, isIntrospection);
  }

  function sizeOfField(
    { alias, name, selectionSet }: FieldNode,
    isIntrospection: boolean,
  ): SelectionSize {
    const isMeta = name.value.startsWith('__');
    const isBelowIntrospection = isIntrospection || (isSeparate && isMeta);
    const below = selectionSet ? sizeOf(selectionSet, isBelowIntrospection) : EMPTY;
    const isAliased = alias !== undefined;
    if (isIntrospection) {
      return {
        ...below,
        introspectionDepth: below.introspectionDepth + 1,
        introspectionFields: below.introspectionFields + 1,
        introspectionAliases: below.introspectionAliases + Number(isAliased),
      };
    }
    const counted =
      isBelowIntrospection && name.value !== '__typename' ? 'introspectionAliases' : 'aliases';
    const size = { ...below, [counted]: below[counted] + Number(isAliased) };
    // Validation itself limits how deep the lists of introspection may be nested.
    return { ...size, depth: isMeta ? 1 : below.depth + 1, fields: below.fields + 1 };
  }

  function sizeOfFragment(name: string, isIntrospection: boolean): SelectionSize {
    const known = isIntrospection ? inIntrospection : inData;
    const size = known.get(name);
    if (size) return size;
    // A fragment that spreads itself adds nothing more here, and is refused by validation.
    known.set(name, EMPTY);
    const fragment = fragments.get(name);
    const measured = fragment ? sizeOf(fragment.selectionSet, isIntrospection) : EMPTY;
    known.set(name, measured);
    return measured;
  }

  /** Whether the selections measured so far spread it, and only below `__schema` or `__type`. */
  const isForIntrospection = (name: string) => inIntrospection.has(name) && !inData.has(name);

  return { sizeOf, isForIntrospection };
}

const combine = (a: SelectionSize, b: SelectionSize): SelectionSize => ({
  depth: Math.max(a.depth, b.depth),
  fields: a.fields + b.fields,
  aliases: a.aliases + b.aliases,
  introspectionDepth: Math.max(a.introspectionDepth, b.introspectionDepth),
  introspectionFields: a.introspectionFields + b.introspectionFields,
  introspectionAliases: a.introspectionAliases + b.introspectionAliases,
});
