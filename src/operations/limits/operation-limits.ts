/** The maximum size of one operation; a larger one is rejected before it executes. */
export interface OperationLimits {
  /** Characters of the document's text, including white space and comments. */
  readonly characters: number;
  /** Tokens of the document's text, which bound the recursion of parsing, validation and execution. */
  readonly tokens: number;
  /** Nesting of fields; a root field has depth 1. */
  readonly depth: number;
  /** Selected fields, fragments expanded. */
  readonly fields: number;
  /** Fields with an alias, including `__typename`, fragments expanded. */
  readonly aliases: number;
  /** Directives of the whole document. */
  readonly directives: number;
  /** Fragment definitions plus fragment spreads. */
  readonly fragments: number;
  /** Objects requested of one list, and entries of an input list. */
  readonly listSize: number;
  /** The static cost of the operation: see cost.ts. */
  readonly cost: number;
}

/** For first-party clients, whose largest operation takes less than a fifth of each limit. */
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
  /** Nesting of fields; the fields of `__schema` itself have depth 1. */
  readonly introspectionDepth: number;
  /** Selected fields, fragments expanded. */
  readonly introspectionFields: number;
  /** Fields with an alias, including `__schema` and `__type` themselves, fragments expanded. */
  readonly introspectionAliases: number;
}

/** graphql-js's introspection query has a depth of 14, about 230 fields and no alias. */
export const INTROSPECTION_LIMITS: IntrospectionLimits = {
  introspectionDepth: 20,
  introspectionFields: 350,
  introspectionAliases: 10,
};
