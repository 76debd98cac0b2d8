import type { DocumentTypeDecoration } from '@graphql-typed-document-node/core';
import type { ErrorCode } from '../../clients/web/error-codes.ts';

/** The data of one of the BFF's operations, and the errors of the parts that are missing. */
export interface Answer<Data> {
  readonly data: Data | null;
  readonly errors: readonly BffError[];
}

export interface BffError {
  /** A sentence for people. */
  readonly message: string;
  /** The part that is missing, such as `['viewer', 'orders']`. */
  readonly path?: readonly (string | number)[];
  readonly extensions: { readonly code: ErrorCode | 'NO_CONNECTION' };
}

interface Options {
  /** Headers of each request: a token, or `X-CSRF-Protection` with the cookie of a session. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly url?: string;
}

type Operations<Documents, Ids> = {
  [Name in keyof Ids & string as `${Name}Document` extends keyof Documents
    ? Name
    : never]: `${Name}Document` extends keyof Documents ? Documents[`${Name}Document`] : never;
};
type DataOf<Document> =
  Document extends DocumentTypeDecoration<infer Data, infer _Variables> ? Data : never;
type VariablesOf<Document> =
  Document extends DocumentTypeDecoration<infer _Data, infer Variables> ? Variables : never;

const TIMEOUT_MS = 10_000;

const NO_CONNECTION: BffError = {
  message: 'There is no connection. Check your network and try again.',
  extensions: { code: 'NO_CONNECTION' },
};
/** The response is none of the BFF, but of a proxy before it. */
const NOT_AVAILABLE: BffError = {
  message: 'This is not available right now. Try again later.',
  extensions: { code: 'NO_CONNECTION' },
};

/**
 * Creates a client of one BFF. Operations are named and sent by their id, so the page contains no GraphQL;
 * data and variables have the types of the client kit. Nothing is thrown: what failed is in `errors`.
 * @param ids - the operations' ids, from `clients/<bff>/operation-ids.ts`
 */
export function createBffClient<Documents, const Ids extends Readonly<Record<string, string>>>(
  ids: Ids,
  { headers = {}, url = '/graphql' }: Options = {},
) {
  type All = Operations<Documents, Ids>;
  type Name = keyof All & keyof Ids & string;

  return {
    /** Sends a query by GET, so that the browser's cache and any CDN can store and revalidate the response. */
    query<N extends Name>(
      name: N,
      variables: VariablesOf<All[N]>,
      cache: RequestCache = 'default',
    ): Promise<Answer<DataOf<All[N]>>> {
      const parameters = new URLSearchParams({
        documentId: ids[name] ?? '',
        variables: JSON.stringify(variables),
      });
      return send(`${url}?${parameters}`, { headers, cache });
    },

    mutate<N extends Name>(
      name: N,
      variables: VariablesOf<All[N]>,
    ): Promise<Answer<DataOf<All[N]>>> {
      return send(url, {
        method: 'POST',
        headers: { ...headers, 'content-type': 'application/json' },
        body: JSON.stringify({ documentId: ids[name], variables }),
      });
    },

    /** The address of a subscription, for `EventSource`. */
    streamUrl: (name: Name) => `${url}/stream?documentId=${ids[name]}`,
  };
}

async function send<Data>(url: string, init: RequestInit): Promise<Answer<Data>> {
  let problem = NO_CONNECTION;
  try {
    const response = await fetch(url, { ...init, signal: AbortSignal.timeout(TIMEOUT_MS) });
    problem = NOT_AVAILABLE;
    const { data = null, errors = [] } = await response.json();
    return { data, errors };
  } catch {
    return { data: null, errors: [problem] };
  }
}
