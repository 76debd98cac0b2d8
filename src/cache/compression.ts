import { promisify } from 'node:util';
import { brotliCompress, constants, gzip } from 'node:zlib';
import { LRUCache } from 'lru-cache';
import Negotiator from 'negotiator';
import { bytesOf, type CacheEntry } from './entry.ts';

/** Shorter ones would grow, or save less than it costs to unpack them. */
const MIN_BYTES = 1_024;
/** The best that is not yet much slower than the next. */
const BROTLI = { params: { [constants.BROTLI_PARAM_QUALITY]: 5 } };
const MAX_CACHED_HEADERS = 1_000;
const MAX_HEADER_LENGTH = 256;

const compress: Readonly<Record<string, (body: Buffer) => Promise<Buffer>>> = {
  br: (body) => promisify(brotliCompress)(body, BROTLI),
  gzip: (body) => promisify(gzip)(body),
};
const CODINGS = Object.keys(compress);

/** The types of negotiator are of a version that did not take a preference yet. */
interface WithPreference {
  encodings(offered: string[], options: { readonly preferred: string[] }): string[];
}

/** Chooses content codings (RFC 9110 §12.5.3), and makes the bytes. */
export function createCompressor() {
  // Clients send few different headers.
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
    /** @returns undefined to send the body as it is */
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
     * @param coding - one that codingFor gave
     * @returns a character for each byte: zlib's own buffers are much larger than what is in them
     */
    async encode(entry: CacheEntry, coding: string): Promise<string> {
      const bytes = bytesOf(entry);
      return ((await compress[coding]?.(bytes)) ?? bytes).toString('latin1');
    },

    /** Compresses an answer that is not stored. @param coding - one that codingFor gave */
    async encodeText(text: string, coding: string): Promise<Buffer> {
      const bytes = Buffer.from(text);
      return (await compress[coding]?.(bytes)) ?? bytes;
    },
  };
}
