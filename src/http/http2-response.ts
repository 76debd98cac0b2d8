import { subscribe } from 'node:diagnostics_channel';
import {
  constants,
  Http2ServerResponse,
  type OutgoingHttpHeaders,
  type ServerHttp2Stream,
} from 'node:http2';

/** Time for a client to read a response: this, and more for its bytes at the lowest accepted rate. */
const READ_TIMEOUT_MS = 15_000;
const MIN_BYTES_PER_SECOND = 16 * 1_024;

/**
 * A response by HTTP/2 that tells whether its client has left (`closed`, `writableFinished`), like
 * node:http's, and whose stream is reset if the client does not read it. Node's own timeout of a stream
 * does not pass while another stream of the session, or a PING, makes progress.
 */
export class Http2Response extends Http2ServerResponse {
  #readTimer: NodeJS.Timeout | undefined;

  /**
   * Sends a flat list of headers as it is. Node's own way, which looks each of them up and waits for
   * trailers, takes a quarter more CPU for a stored response.
   */
  override writeHead(status: number, ...[headers]: unknown[]): this {
    if (!Array.isArray(headers)) return super.writeHead(status, headers as OutgoingHttpHeaders);
    const { stream } = this;
    if (stream.closed || stream.destroyed) return this;
    this.statusCode = status;
    stream.respond([':status', String(status), ...headers] as never);
    return this;
  }

  /** Called by `end`, too. */
  override write(chunk: string | Uint8Array, ...rest: unknown[]): boolean {
    this.#limitReading(chunk.length);
    return super.write(chunk, ...(rest as []));
  }

  #limitReading(bytes: number): void {
    const { stream } = this;
    if (this.#readTimer) clearTimeout(this.#readTimer);
    else stream.once('close', () => clearTimeout(this.#readTimer));
    const ms = READ_TIMEOUT_MS + (bytes / MIN_BYTES_PER_SECOND) * 1_000;
    this.#readTimer = setTimeout(() => stream.close(constants.NGHTTP2_CANCEL), ms).unref();
  }
}

/** Streams whose responses were sent completely, although Node says that they were not. */
const sentStreams = new WeakSet<ServerHttp2Stream>();

// If the last frame of a response ends its stream, because the body of the request has been read, Node
// destroys the stream before it learns that the frame was written. Only here does it tell what was sent.
subscribe('http2.server.stream.close', (message) => {
  const { stream } = message as { readonly stream: ServerHttp2Stream };
  if (!stream.writableFinished && stream.state.localClose === 1) sentStreams.add(stream);
});

// Node's class has no `closed`, although its type has it, and takes a response whose stream was reset for
// a finished one.
Object.defineProperties(Http2Response.prototype, {
  closed: {
    get(this: Http2ServerResponse) {
      return this.stream.closed || this.stream.destroyed;
    },
  },
  writableFinished: {
    get(this: Http2ServerResponse) {
      const { stream } = this;
      if (stream.rstCode !== constants.NGHTTP2_NO_ERROR) return false;
      return stream.writableFinished || sentStreams.has(stream);
    },
  },
});
