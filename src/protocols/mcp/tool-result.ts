import type { CallToolResult } from '@modelcontextprotocol/server';
import { bytesOf, type ExecutionResult } from '../../cache/index.ts';
import { type ClientError, toClientError } from '../../errors.ts';
import type { Refusal } from '../../http/error-handler.ts';
import type { OperationResponse } from '../../pipeline/index.ts';
import { toBody } from '../graphql-over-http/representation.ts';

interface TokenError {
  readonly message: string;
  /** Empty if there is no valid token. */
  readonly missingScopes: readonly string[];
}

type Structure = NonNullable<CallToolResult['structuredContent']>;

/** The result of a call: the body of the operation's response over GraphQL, for programs and as text. */
export function toToolResult(response: OperationResponse): CallToolResult {
  if (response.kind === 'shared') {
    const text = bytesOf(response.entry).toString().trimEnd();
    return { content: [{ type: 'text', text }], structuredContent: JSON.parse(text) };
  }
  const { result } = response;
  return toResult(toBody(result), hasNoData(result));
}

/**
 * The reason why there is no data, if another token is the remedy: the viewer must sign in, or the token
 * lacks scopes. That is for the client, not for its model.
 */
export function findTokenError(response: OperationResponse): TokenError | undefined {
  if (response.kind === 'shared' || !hasNoData(response.result)) return undefined;
  for (const { message, extensions: { code, scope } = {} } of response.result.errors ?? []) {
    if (code === 'UNAUTHENTICATED') return { message, missingScopes: [] };
    if (typeof scope === 'string') return { message, missingScopes: scope.split(' ') };
  }
  return undefined;
}

/** The result of a call that was refused before it was executed. */
export const toErrorResult = (
  { code, message, details }: Refusal,
  requestId: string,
): CallToolResult => toResult({ errors: [toClientError(code, message, requestId, details)] }, true);

function toResult(
  body: ReturnType<typeof toBody> | { readonly errors: readonly ClientError[] },
  isError: boolean,
): CallToolResult {
  const text = JSON.stringify(body);
  return {
    content: [{ type: 'text', text }],
    structuredContent: body as Structure,
    ...(isError && { isError }),
  };
}

/** True if there is nothing but errors. Data without some of its parts is a result. */
const hasNoData = ({ data, errors = [] }: ExecutionResult): boolean =>
  errors.length > 0 && Object.values(data ?? {}).every((value) => value === null);
