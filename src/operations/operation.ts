import { hash } from 'node:crypto';
import { type DocumentNode, parse } from 'graphql';

/** A parsed and valid document, identified by the hash of its text. */
export interface Operation {
  /** SHA-256 of the text, in hex, as in automatic persisted queries. */
  readonly hash: string;
  readonly source: string;
  readonly document: DocumentNode;
}

export const documentHash = (source: string): string => hash('sha256', source);

/** @throws GraphQLError if the text can't be parsed */
export const toOperation = (source: string): Operation => ({
  hash: documentHash(source),
  source,
  document: parse(source),
});
