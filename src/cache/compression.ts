import { promisify } from 'node:util';
import { brotliCompress, constants, gzip } from 'node:zlib';
import { LRUCache } from 'lru-cache';
import Negotiator from 'negotiator';
import { bytesOf } from './entry.ts';
import type { CacheEntry } from './types.ts';

/** Shorter bodies would grow, or save less than decompression costs. */
const MIN_BYTES = 1_024;
/** The highest quality before compression becomes much slower. */
const BROTLI = { params: { [constants.BROTLI_PARAM_QUALITY]: 5 } };
const MAX_CACHED_HEADERS = 1_000;
const MAX_HEADER_LENGTH = 256;

const compress: Readonly<Record<string, (body: Buffer) => Promise<Buffer>>> = {
  br: (body) => promisify(brotliCompress)(body, BROTLI),
  gzip: (body) => promisify(gzip)(body),
};
const CODINGS = Object.keys(compress);

/** The type definitions of negotiator predate the `preferred` option. */
interface WithPreference {
  encodings(offered: string[], options: { readonly preferred: string[] }): string[];
}

/** Chooses content codings (RFC 9110 §12.5.3) and compresses bodies. */
export function createCompressor() {
  // Clients send few distinct headers.
  const chosen = new LRUCache<string, string>({ max: MAX_CACHED_HEADERS });

  function choose(acceptEncoding: string): string {
    const known = chosen.get(acceptEncoding);
    if (known !== undefined) return known;
    const negotiator: WithPreference = new Negotiator({
      headers: { 'accept-encoding': acceptEncoding },
    });
    const offered = [...CODINGS, 'identity'];
    const [coding = ''] = negotiator.encodings(offered, { preferred: CODINGS });
    chosen.set(acceptEncoding, coding);
    return coding;
  }

  return {
    /** @returns undefined if the body is to be sent uncompressed */
    codingFor(
      { body }: Pick<CacheEntry, 'body'>,
      acceptEncoding: string | undefined,
      minBytes = MIN_BYTES,
    ): string | undefined {
      if (!acceptEncoding || acceptEncoding.length > MAX_HEADER_LENGTH) return undefined;
      if (body.length < minBytes) return undefined;
      const coding = choose(acceptEncoding);
      return CODINGS.includes(coding) ? coding : undefined;
    },

    /**
     * @param coding - a result of codingFor
     * @returns the bytes as a latin1 string: zlib's buffers are much larger than their content
     */
    async encode(entry: CacheEntry, coding: string): Promise<string> {
      const bytes = bytesOf(entry);
      return ((await compress[coding]?.(bytes)) ?? bytes).toString('latin1');
    },

    /** Compresses a response that is not stored. @param coding - a result of codingFor */
    async encodeText(text: string, coding: string): Promise<Buffer> {
      const bytes = Buffer.from(text);
      return (await compress[coding]?.(bytes)) ?? bytes;
    },
  };
}
