import {
  type DocumentNode,
  type GraphQLField,
  type GraphQLObjectType,
  type GraphQLSchema,
  isAbstractType,
  Kind,
  type SelectionNode,
  type SelectionSetNode,
} from 'graphql';
import { fragmentsByName } from '../graphql-ast.ts';

/** A field that an operation selects under one response name. */
export interface SelectedField {
  readonly definition: GraphQLField<unknown, unknown>;
  /** All selections of its fields: the name may be selected several times. */
  readonly selectionSets: readonly SelectionSetNode[];
  /** True if a response may lack it, because of `@skip` or `@include`. */
  readonly isConditional: boolean;
}

/** Lists the fields of an object by their response names. */
export type SelectionReader = (
  type: GraphQLObjectType,
  selectionSets: readonly SelectionSetNode[],
) => ReadonlyMap<string, SelectedField>;

/** Creates a reader of the selections of one document (GraphQL, October 2021, §6.3.2). */
export function createSelectionReader(
  schema: GraphQLSchema,
  document: DocumentNode,
): SelectionReader {
  const fragments = fragmentsByName(document);

  return (type, selectionSets) => {
    const fields = new Map<string, SelectedField>();

    function visit(selections: readonly SelectionNode[], isOptional: boolean): void {
      for (const selection of selections) {
        const isConditional = isOptional || hasCondition(selection);
        if (selection.kind === Kind.FIELD) {
          const definition = type.getFields()[selection.name.value];
          if (!definition) continue;
          const name = (selection.alias ?? selection.name).value;
          const known = fields.get(name);
          const sets = selection.selectionSet ? [selection.selectionSet] : [];
          fields.set(name, {
            definition,
            selectionSets: [...(known?.selectionSets ?? []), ...sets],
            isConditional: isConditional && (known?.isConditional ?? true),
          });
          continue;
        }
        const isSpread = selection.kind === Kind.FRAGMENT_SPREAD;
        const fragment = isSpread ? fragments.get(selection.name.value) : selection;
        if (fragment && applies(fragment.typeCondition?.name.value)) {
          visit(fragment.selectionSet.selections, isConditional);
        }
      }
    }

    function applies(condition: string | undefined): boolean {
      if (condition === undefined || condition === type.name) return true;
      const on = schema.getType(condition);
      return isAbstractType(on) && schema.isSubType(on, type);
    }

    for (const { selections } of selectionSets) visit(selections, false);
    return fields;
  };
}

const hasCondition = ({ directives = [] }: SelectionNode): boolean =>
  directives.some(({ name }) => name.value === 'skip' || name.value === 'include');
