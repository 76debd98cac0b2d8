import { once } from 'node:events';
import { connect as connectTcp } from 'node:net';
import { type ConnectionOptions, connect, type TLSSocket } from 'node:tls';
import { until } from './until.ts';

/** Frame types of HTTP/2 (RFC 9113 §6). */
export const FRAME = {
  DATA: 0,
  HEADERS: 1,
  PRIORITY: 2,
  RST_STREAM: 3,
  SETTINGS: 4,
  PING: 6,
  GOAWAY: 7,
  WINDOW_UPDATE: 8,
  CONTINUATION: 9,
} as const;
export const FLAG = { ACK: 1, END_STREAM: 1, END_HEADERS: 4 } as const;
const HEADER_BYTES = 9;
const PREFACE = 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n';
/** The first byte of a response's headers: `:status: 200` of the static table (RFC 7541 appendix A). */
const STATUS_200 = 0x88;

export interface Frame {
  readonly type: number;
  readonly flags: number;
  readonly stream: number;
  readonly payload: Buffer;
}

/** Encodes a frame. */
export function frame(type: number, flags: number, stream: number, payload: Buffer | string = '') {
  const bytes = Buffer.from(payload);
  const head = Buffer.alloc(HEADER_BYTES);
  head.writeUIntBE(bytes.length, 0, 3);
  head.writeUInt8(type, 3);
  head.writeUInt8(flags, 4);
  head.writeUInt32BE(stream, 5);
  return Buffer.concat([head, bytes]);
}

/** Encodes a 32-bit number, such as an error code or an increment. */
export function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

/** Encodes settings by their ids (RFC 9113 §6.5.2). */
export const settings = (values: Readonly<Record<number, number>> = {}): Buffer =>
  frame(
    FRAME.SETTINGS,
    0,
    0,
    Buffer.concat(
      Object.entries(values).map(([id, value]) =>
        Buffer.concat([uint32(Number(id)).subarray(2), uint32(value)]),
      ),
    ),
  );

/** Encodes headers as literals that no table stores (HPACK, RFC 7541 §6.2.2). */
export const headerBlock = (headers: readonly (readonly [string, string])[]): Buffer =>
  Buffer.concat(headers.flatMap(([name, value]) => [Buffer.of(0), literal(name), literal(value)]));

function literal(text: string): Buffer {
  const bytes = Buffer.from(text);
  if (bytes.length < 127) return Buffer.concat([Buffer.of(bytes.length), bytes]);
  const length = [127];
  let rest = bytes.length - 127;
  for (; rest >= 128; rest >>= 7) length.push((rest & 127) | 128);
  return Buffer.concat([Buffer.of(...length, rest), bytes]);
}

/** The headers of a request. */
export const requestBlock = (path: string, method = 'GET', extra: [string, string][] = []) =>
  headerBlock([
    [':method', method],
    [':scheme', 'https'],
    [':authority', 'x'],
    [':path', path],
    ...extra,
  ]);

/** A whole GET request. */
export const get = (stream: number, path: string): Buffer =>
  frame(FRAME.HEADERS, FLAG.END_STREAM | FLAG.END_HEADERS, stream, requestBlock(path));

interface FrameOptions {
  /** The settings of this client, by their ids. */
  readonly own?: Readonly<Record<number, number>>;
  /** Keeps this side open when the server closes its own. */
  readonly allowHalfOpen?: boolean;
  /** Default true. */
  readonly confirmsSettings?: boolean;
  /** Called for each frame that arrives. */
  readonly onFrame?: (frame: Frame) => void;
}

/**
 * Opens an HTTP/2 connection, to write any frames. It confirms settings and answers PING, and does
 * nothing else by itself. `using` destroys it.
 */
export async function openFrames(
  url: string,
  { own, onFrame, allowHalfOpen = false, confirmsSettings = true }: FrameOptions = {},
) {
  const { hostname: host, port } = new URL(url);
  const socket: TLSSocket = connect({
    // TLS sockets take this option from the one below them only.
    socket: connectTcp({ host, port: Number(port), allowHalfOpen }),
    allowHalfOpen,
    ALPNProtocols: ['h2'],
    rejectUnauthorized: false,
  } as ConnectionOptions);
  await once(socket, 'secureConnect');
  const frames: Frame[] = [];
  let isClosed = false;
  // The server may break the connection at any time.
  socket.on('error', () => {});
  socket.on('close', () => {
    isClosed = true;
  });
  let rest: Buffer = Buffer.alloc(0);
  socket.on('data', (chunk: Buffer) => {
    rest = Buffer.concat([rest, chunk]);
    for (;;) {
      const length = rest.length < HEADER_BYTES ? Infinity : rest.readUIntBE(0, 3);
      if (rest.length < HEADER_BYTES + length) return;
      receive({
        type: rest.readUInt8(3),
        flags: rest.readUInt8(4),
        stream: rest.readUInt32BE(5),
        payload: rest.subarray(HEADER_BYTES, HEADER_BYTES + length),
      });
      rest = rest.subarray(HEADER_BYTES + length);
    }
  });

  function write(bytes: Buffer): void {
    if (socket.writable) socket.write(bytes);
  }

  function receive(received: Frame): void {
    frames.push(received);
    onFrame?.(received);
    const { type, flags, payload } = received;
    if (type === FRAME.SETTINGS && !(flags & FLAG.ACK) && confirmsSettings)
      write(frame(type, FLAG.ACK, 0));
    if (type === FRAME.PING && !(flags & FLAG.ACK)) {
      write(frame(type, FLAG.ACK, 0, payload));
    }
  }

  write(Buffer.concat([Buffer.from(PREFACE), settings(own)]));
  await until(() => frames.length > 0 || isClosed);
  const received = (type: number) => frames.filter((one) => one.type === type);

  return {
    socket,
    write,
    /** The frames of this type that have arrived. */
    received,
    isClosed: () => isClosed,
    /** True if the server has ended the connection, or has announced that it will. */
    isEnded: () => isClosed || received(FRAME.GOAWAY).length > 0,
    /** The streams that were answered completely with status 200. */
    answered: () =>
      received(FRAME.HEADERS)
        .filter(({ payload }) => payload[0] === STATUS_200)
        .map(({ stream }) => stream)
        .filter((stream) =>
          frames.some(
            (one) =>
              one.stream === stream &&
              (one.type === FRAME.DATA || one.type === FRAME.HEADERS) &&
              one.flags & FLAG.END_STREAM,
          ),
        ),
    [Symbol.dispose]: () => socket.destroy(),
  };
}

export type FrameConnection = Awaited<ReturnType<typeof openFrames>>;
