import type { CallToolResult } from '@modelcontextprotocol/server';
import { bytesOf, type ExecutionResult } from '../../cache/index.ts';
import { type ClientError, toClientError, unauthenticated } from '../../errors.ts';
import type { Refusal } from '../../http/error-handler.ts';
import type { OperationResponse } from '../../pipeline/index.ts';
import { toBody } from '../graphql-over-http/representation.ts';

type Structure = NonNullable<CallToolResult['structuredContent']>;

/**
 * The result of a call: the body of the operation's response over GraphQL, for programs and as text.
 * @throws BffError UNAUTHENTICATED if there is no data because the viewer must sign in
 */
export function toToolResult(response: OperationResponse): CallToolResult {
  if (response.kind === 'shared') {
    const text = bytesOf(response.entry).toString().trimEnd();
    return { content: [{ type: 'text', text }], structuredContent: JSON.parse(text) };
  }
  const { result } = response;
  const isError = hasNoData(result);
  const refusal = isError && result.errors?.find(isSignInRequired);
  if (refusal) throw unauthenticated(refusal.message);
  return toResult(toBody(result), isError);
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

const isSignInRequired = ({ extensions }: NonNullable<ExecutionResult['errors']>[number]) =>
  extensions?.code === 'UNAUTHENTICATED';
