interface Bounds {
  readonly timeoutMs: number;
  readonly mostBytes: number;
}

/**
 * The text of an answer with status 200. Redirects are refused: what we send may be a secret, and
 * what we get is trusted because of where it is from.
 * @param bounds - the whole exchange's time, and the body's bytes after decompression
 * @throws Error that says nothing of the body
 */
export async function fetchText(
  url: URL,
  init: RequestInit,
  { timeoutMs, mostBytes }: Bounds,
): Promise<string> {
  const signal = AbortSignal.timeout(timeoutMs);
  const { status, body } = await fetch(url, { ...init, redirect: 'error', signal }).catch(rethrow);
  if (status !== 200) {
    await body?.cancel();
    throw new Error(`the answer's status is ${status}`);
  }
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of body ?? []) {
    bytes += chunk.length;
    // Leaving the loop closes the connection.
    if (bytes > mostBytes) throw new Error(`the answer is larger than ${mostBytes} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}

/** fetch says "fetch failed", whatever it was. */
function rethrow(error: Error & { cause?: { code?: string; message?: string } }): never {
  const { code = error.cause?.message ?? error.message } = error.cause ?? {};
  throw new Error(`there is no answer (${code})`);
}
