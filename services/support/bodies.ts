import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { constants, crc32, createDeflateRaw, deflateRawSync } from 'node:zlib';

// Large answers, made while they are sent: a stand-in never holds one. Blanks after the first
// brace leave the JSON valid and right, so that nothing but its size tells it apart.

const MEGABYTE = 1_048_576;
const OVERSIZED_BYTES = 64 * MEGABYTE;
const BOMB_BYTES = 100 * MEGABYTE;
const BLANKS = Buffer.alloc(65_536, ' ');
const GZIP_HEADER = Buffer.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255]);

export const oversized = (text: string): Readable =>
  Readable.from(padded(text, OVERSIZED_BYTES), { objectMode: false });

export const endless = (text: string): Readable =>
  Readable.from(padded(text, Number.POSITIVE_INFINITY), { objectMode: false });

let bomb: Promise<{ deflated: Buffer; crc: number }> | undefined;

/** Some 100 kB that inflate to 100 MB. All but the end is the same every time, and packed once. */
export async function gzipBomb(text: string): Promise<Buffer> {
  bomb ??= packBlanks();
  const { deflated, crc } = await bomb;
  const rest = Buffer.from(text.slice(1));
  const trailer = Buffer.alloc(8);
  trailer.writeUInt32LE(crc32(rest, crc), 0);
  trailer.writeUInt32LE(1 + BOMB_BYTES + rest.length, 4);
  return Buffer.concat([GZIP_HEADER, deflated, deflateRawSync(rest), trailer]);
}

async function packBlanks() {
  let crc = 0;
  const chunks: Buffer[] = [];
  await pipeline(
    function* () {
      for (const chunk of padding(BOMB_BYTES)) {
        crc = crc32(chunk, crc);
        yield chunk;
      }
    },
    // A full flush instead of an end: another deflated part may follow.
    createDeflateRaw({ level: 9, finishFlush: constants.Z_FULL_FLUSH }),
    async (source: AsyncIterable<Buffer>) => {
      for await (const chunk of source) chunks.push(chunk);
    },
  );
  return { deflated: Buffer.concat(chunks), crc };
}

function* padded(text: string, bytes: number) {
  yield* padding(bytes);
  yield Buffer.from(text.slice(1));
}

function* padding(bytes: number) {
  yield Buffer.from('{');
  for (let sent = 0; sent < bytes; sent += BLANKS.length) yield BLANKS;
}
