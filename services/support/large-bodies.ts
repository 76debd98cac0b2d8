import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { constants, crc32, createDeflateRaw, deflateRawSync } from 'node:zlib';

// Large responses, generated while they are sent, so that a stand-in never holds one in memory.
// Spaces after the first brace keep the JSON valid: only its size differs from the correct response.

const MEGABYTE = 1_048_576;
export const OVERSIZED_BYTES = 64 * MEGABYTE;
const GZIP_BOMB_BYTES = 100 * MEGABYTE;
const SPACES = Buffer.alloc(65_536, ' ');
const GZIP_HEADER = Buffer.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255]);

export const oversized = (json: string): Readable =>
  Readable.from(padded(json, OVERSIZED_BYTES), { objectMode: false });

export const endless = (json: string): Readable =>
  Readable.from(padded(json, Number.POSITIVE_INFINITY), { objectMode: false });

/** The compressed padding, which is the same for every response. */
let gzipPadding: Promise<{ deflated: Buffer; crc: number }> | undefined;

/** About 100 kB that inflate to 100 MB. */
export async function gzipBomb(json: string): Promise<Buffer> {
  gzipPadding ??= compressPadding();
  const { deflated, crc } = await gzipPadding;
  const rest = Buffer.from(json.slice(1));
  const trailer = Buffer.alloc(8);
  trailer.writeUInt32LE(crc32(rest, crc), 0);
  trailer.writeUInt32LE(1 + GZIP_BOMB_BYTES + rest.length, 4);
  return Buffer.concat([GZIP_HEADER, deflated, deflateRawSync(rest), trailer]);
}

async function compressPadding() {
  let crc = 0;
  const chunks: Buffer[] = [];
  await pipeline(
    function* () {
      for (const chunk of padding(GZIP_BOMB_BYTES)) {
        crc = crc32(chunk, crc);
        yield chunk;
      }
    },
    // A full flush instead of an end, so that another deflated block can follow.
    createDeflateRaw({ level: 9, finishFlush: constants.Z_FULL_FLUSH }),
    async (source: AsyncIterable<Buffer>) => {
      for await (const chunk of source) chunks.push(chunk);
    },
  );
  return { deflated: Buffer.concat(chunks), crc };
}

function* padded(json: string, bytes: number) {
  yield* padding(bytes);
  yield Buffer.from(json.slice(1));
}

function* padding(bytes: number) {
  yield Buffer.from('{');
  for (let sent = 0; sent < bytes; sent += SPACES.length) yield SPACES;
}
