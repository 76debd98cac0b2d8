import {
  type GraphQLInputObjectType,
  type GraphQLInputType,
  getNamedType,
  getNullableType,
  isEnumType,
  isInputObjectType,
  isListType,
  isRequiredInputField,
} from 'graphql';
import { USER_ID } from './bffs.ts';

interface LiteralWithVariable {
  readonly literal: string;
  readonly type: string;
  readonly path: readonly string[];
}

/**
 * Literals of a type, each with `$a` at one of the positions that take an id or a string.
 * @param outer - the input types around it, which it does not repeat
 */
export function literalsWithVariable(
  type: GraphQLInputType,
  outer: readonly GraphQLInputType[] = [],
): LiteralWithVariable[] {
  const nullable = getNullableType(type);
  if (outer.includes(nullable)) return [];
  if (isListType(nullable)) {
    return literalsWithVariable(nullable.ofType, outer).map((inner) => ({
      ...inner,
      literal: `[${inner.literal}]`,
    }));
  }
  if (!isInputObjectType(nullable)) {
    const { name } = getNamedType(nullable);
    return name === 'ID' || name === 'String' ? [{ literal: '$a', type: name, path: [] }] : [];
  }
  return Object.values(nullable.getFields()).flatMap((field) =>
    literalsWithVariable(field.type, [...outer, nullable]).map(({ literal, path, ...rest }) => ({
      ...rest,
      literal: objectLiteral(nullable, { [field.name]: literal }),
      path: [field.name, ...path],
    })),
  );
}

/**
 * A value of an input type.
 * @param length - of the outermost lists; those inside have one element
 * @param outer - the input types around it, which it does not repeat
 */
export function sampleValue(
  type: GraphQLInputType,
  length: number,
  outer: readonly GraphQLInputType[] = [],
): unknown {
  const nullable = getNullableType(type);
  if (isListType(nullable)) {
    return Array.from({ length }, () => sampleValue(nullable.ofType, 1, outer));
  }
  if (isInputObjectType(nullable)) {
    const inside = [...outer, nullable];
    const fields = Object.values(nullable.getFields()).filter(
      ({ type }) => !inside.some((seen) => seen === getNamedType(type)),
    );
    return Object.fromEntries(
      fields.map(({ name, type }) => [name, sampleValue(type, length, inside)]),
    );
  }
  if (isEnumType(nullable)) return nullable.getValues()[0]?.name;
  return SAMPLES[getNamedType(nullable).name] ?? 'x';
}

const SAMPLES: Readonly<Record<string, unknown>> = {
  ID: USER_ID,
  Int: 1,
  Float: 1.5,
  Boolean: true,
};

/** The literal of a sample value. */
export function sampleLiteral(type: GraphQLInputType): string {
  const nullable = getNullableType(type);
  if (isListType(nullable)) return `[${sampleLiteral(nullable.ofType)}]`;
  if (isInputObjectType(nullable)) return objectLiteral(nullable);
  const value = sampleValue(nullable, 1);
  return isEnumType(nullable) ? String(value) : JSON.stringify(value);
}

/** An input object with its required fields and the given ones. */
function objectLiteral(type: GraphQLInputObjectType, given: Record<string, string> = {}): string {
  const fields = Object.values(type.getFields()).flatMap((field) => {
    const literal = given[field.name] ?? (isRequiredInputField(field) && sampleLiteral(field.type));
    return literal ? [`${field.name}: ${literal}`] : [];
  });
  return `{ ${fields.join(', ')} }`;
}
