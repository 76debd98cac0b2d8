import type { Page } from '../src/datasources/models.ts';

/** A page as a Relay connection (Relay Cursor Connections Specification, §4 and §5). */
export const toConnection = <T>({ edges, hasNextPage }: Page<T>, after?: string | null) => ({
  edges: [...edges],
  pageInfo: {
    hasNextPage,
    hasPreviousPage: after != null,
    startCursor: edges[0]?.cursor ?? null,
    endCursor: edges.at(-1)?.cursor ?? null,
  },
});
