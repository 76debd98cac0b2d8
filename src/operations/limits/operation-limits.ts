/** The most that one operation may ask for; what asks for more is refused before it executes. */
export interface OperationLimits {
  /** Characters of the document's text, with all white space and comments. */
  readonly characters: number;
  /** Tokens of the document's text. Parsing, validation and execution recurse with it. */
  readonly tokens: number;
  /** How deep fields may be nested, a root field's depth being 1. */
  readonly depth: number;
  /** Selected fields, fragments taken apart. */
  readonly fields: number;
  /** Fields with an alias, also `__typename`, fragments taken apart. */
  readonly aliases: number;
  /** Directives of the whole document. */
  readonly directives: number;
  /** Fragments that the document defines, and those that it spreads. */
  readonly fragments: number;
  /** Objects that one list may be asked for, and entries of a list that is given. */
  readonly listSize: number;
  /** The static cost of the operation: see cost.ts. */
  readonly cost: number;
}

/** For clients that are ours to write; our own largest operation takes less than a fifth of each. */
export const STANDARD_LIMITS: OperationLimits = {
  characters: 20_000,
  tokens: 2_000,
  depth: 12,
  fields: 300,
  aliases: 30,
  directives: 50,
  fragments: 50,
  listSize: 100,
  cost: 5_000,
};

/** The maximum of one operation below `__schema` and `__type`, on every BFF outside production. */
export interface IntrospectionLimits {
  /** How deep fields may be nested, the depth of `__schema`'s own fields being 1. */
  readonly introspectionDepth: number;
  /** Selected fields, fragments expanded. */
  readonly introspectionFields: number;
  /** Fields with an alias, `__schema` and `__type` themselves as well, fragments expanded. */
  readonly introspectionAliases: number;
}

/** The query for the whole schema of graphql itself has a depth of 14, some 230 fields and no alias. */
export const INTROSPECTION_LIMITS: IntrospectionLimits = {
  introspectionDepth: 20,
  introspectionFields: 350,
  introspectionAliases: 10,
};
