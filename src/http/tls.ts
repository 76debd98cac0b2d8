import type { ServerOptions } from 'node:http';
import type { Http2ServerResponse, SecureServerOptions } from 'node:http2';
import type { SecureContextOptions } from 'node:tls';
import type { CertificateWithKey } from '../config/index.ts';
import { CountedHttp2Request } from './http2-request.ts';
import { Http2Response } from './http2-response.ts';

/** Time for the handshake; Node's default is two minutes. */
const HANDSHAKE_TIMEOUT_MS = 10_000;
/** Time for which an idle HTTP/1.1 connection is kept; that of Fastify without TLS. */
const KEEP_ALIVE_MS = 72_000;
/** Requests of one client at a time: the least that RFC 9113 §6.5.2 recommends, and enough for any page. */
const MAX_CONCURRENT_STREAMS = 100;
/** Those beyond it, after which a client that ignores the limit is disconnected. */
const MAX_REJECTED_STREAMS = 100;
/** The headers of a request, in bytes; as node:http's --max-http-header-size. */
const MAX_HEADER_BYTES = 16 * 1_024;
/** Browsers send about 30. HTTP/2 counts a header more than its bytes, since repetition is compressed. */
const MAX_HEADERS = 100;
/** Requests, and responses that wait for a slow client, in megabytes; Node refuses further streams. */
const MAX_SESSION_MEMORY_MB = 10;
/** Frames that break the protocol; no client sends one on purpose. */
const MAX_INVALID_FRAMES = 100;
/**
 * Streams that a client may reset in a row, and further ones per second (rapid reset, CVE-2023-44487).
 * A proxy that loses all its clients resets MAX_CONCURRENT_STREAMS at the same time.
 */
const STREAM_RESETS = { burst: 2 * MAX_CONCURRENT_STREAMS, perSecond: 33 };
/** Clients send one frame with all their settings. */
const MAX_SETTINGS = 32;

/** The TLS parameters of a certificate. Node forgets those of the old one when a renewed one is set. */
export const toSecureContext = ({ cert, key }: CertificateWithKey): SecureContextOptions => ({
  cert,
  key,
  // RFC 8996: 1.0 and 1.1 must not be used. Node's cipher suites for 1.2 include some without forward
  // secrecy, for old clients; these are the ones that every client of the last ten years has.
  minVersion: 'TLSv1.2',
  ciphers: [
    'TLS_AES_256_GCM_SHA384',
    'TLS_CHACHA20_POLY1305_SHA256',
    'TLS_AES_128_GCM_SHA256',
    'ECDHE-ECDSA-AES128-GCM-SHA256',
    'ECDHE-RSA-AES128-GCM-SHA256',
    'ECDHE-ECDSA-AES256-GCM-SHA384',
    'ECDHE-RSA-AES256-GCM-SHA384',
    'ECDHE-ECDSA-CHACHA20-POLY1305',
    'ECDHE-RSA-CHACHA20-POLY1305',
  ].join(':'),
});

/**
 * The options of Fastify for a server that speaks HTTP/2, or HTTP/1.1 to clients that do not offer HTTP/2
 * (ALPN). Without their type, because Fastify's types for HTTP/2 requests and responses are others, which
 * are used in the same way.
 * @param http1Options - those of a server without TLS
 * @param requestsCertificates - true to ask clients for a certificate, which they need not have; any is
 *   accepted, since whoever uses it compares it with that of a token
 */
export const tlsOptions = (
  certificate: CertificateWithKey,
  http1Options: ServerOptions,
  requestsCertificates: boolean,
): object => ({
  http2: true,
  https: {
    ...toSecureContext(certificate),
    requestCert: requestsCertificates,
    rejectUnauthorized: false,
    handshakeTimeout: HANDSHAKE_TIMEOUT_MS,
    allowHTTP1: true,
    http1Options: { keepAliveTimeout: KEEP_ALIVE_MS, ...http1Options },
    Http2ServerRequest: CountedHttp2Request,
    Http2ServerResponse: Http2Response as typeof Http2ServerResponse,
    maxSessionMemory: MAX_SESSION_MEMORY_MB,
    maxHeaderListPairs: MAX_HEADERS,
    maxSessionInvalidFrames: MAX_INVALID_FRAMES,
    maxSessionRejectedStreams: MAX_REJECTED_STREAMS,
    maxSettings: MAX_SETTINGS,
    streamResetBurst: STREAM_RESETS.burst,
    streamResetRate: STREAM_RESETS.perSecond,
    settings: {
      maxConcurrentStreams: MAX_CONCURRENT_STREAMS,
      maxHeaderListSize: MAX_HEADER_BYTES,
      enablePush: false,
    },
  } satisfies SecureServerOptions,
});
