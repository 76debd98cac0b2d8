import type { TestResponse } from '../support/environment.ts';
import { CAST } from '../support/fixture/cast.ts';
import type { LibraryEnvironment } from '../support/fixture/environment.ts';

/** A batched read of the lending service. */
export const LOANS = '{ home { loans { id } } }';

/** An unbatched read of the lending service, for librarians. */
export const RECENT = '{ recentLoans(first: 1) { id } }';

const BORROW = `mutation ($key: ID!) {
  borrow(input: { idempotencyKey: $key, title: "Emma" }) { loan { id } }
}`;

/** The code of the first error of a response, or `none`. */
export const codeOf = ({ body }: TestResponse): string =>
  body.errors?.[0].extensions.code ?? 'none';

/** Sends LOANS one after the other, each as another member, so that no two share a batch key. */
export async function sendLoans(environment: LibraryEnvironment, times: number) {
  const responses: TestResponse[] = [];
  for (let n = 0; n < times; n++) {
    responses.push(await environment.send(LOANS, { as: String(100 + (n % 200)) }));
  }
  return responses;
}

let borrowed = 0;

/** Sends a write to the lending service, which borrows another book each time. */
export const sendBorrow = (
  environment: LibraryEnvironment,
  headers: Record<string, string> = {},
): Promise<TestResponse> =>
  environment.send(BORROW, {
    as: CAST.reader,
    variables: { key: `key-${borrowed++}` },
    headers,
  });
