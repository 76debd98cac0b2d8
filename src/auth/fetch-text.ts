interface FetchLimits {
  readonly timeoutMs: number;
  readonly maxBytes: number;
}

/**
 * Fetches the body of a response with status 200. Redirects are refused: the request may contain a
 * secret, and the response is trusted because of its URL.
 * @param limits - time for request and response together, and size of the decompressed body
 * @throws Error whose message contains nothing of the body
 */
export async function fetchText(
  url: URL,
  init: RequestInit,
  { timeoutMs, maxBytes }: FetchLimits,
): Promise<string> {
  const signal = AbortSignal.timeout(timeoutMs);
  const { status, body } = await fetch(url, { ...init, redirect: 'error', signal }).catch(
    rethrowFetchError,
  );
  if (status !== 200) {
    await body?.cancel();
    throw new Error(`response status ${status}`);
  }
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of body ?? []) {
    bytes += chunk.length;
    // Throwing out of the loop closes the connection.
    if (bytes > maxBytes) throw new Error(`response larger than ${maxBytes} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}

/** Replaces fetch's constant message "fetch failed" with the cause. */
function rethrowFetchError(error: Error & { cause?: { code?: string; message?: string } }): never {
  const { code = error.cause?.message ?? error.message } = error.cause ?? {};
  throw new Error(`no response (${code})`);
}
