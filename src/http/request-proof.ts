import type { FastifyRequest } from 'fastify';
import { createAddressMatcher } from '../traffic/index.ts';
import { peerThumbprintOf, toThumbprint } from './peer-certificate.ts';
import { createOriginReader } from './request-origin.ts';

interface RequestProofOptions {
  /** The origin that clients see; undefined for the one that each request names. */
  readonly publicUrl: URL | undefined;
  /** True if the listener asks for client certificates. */
  readonly acceptsCertificates: boolean;
  readonly trustedProxies: readonly string[];
}

/** One certificate, DER in base64, as a byte sequence of a structured field (RFC 9440 §2.1). */
const CLIENT_CERT = /^:((?:[A-Za-z\d+/]{4})+(?:[A-Za-z\d+/]{2}==|[A-Za-z\d+/]{3}=)?):$/;

/**
 * Creates a reader of what a request contains to prove that its sender has a key: its method and URL as
 * the client sees them, the DPoP header (RFC 9449) and the certificate of the client (RFC 8705).
 *
 * A trusted proxy has ended the client's TLS, so its connection says nothing about the client, and the
 * `Client-Cert` header (RFC 9440) does. From any other address, that header is ignored.
 */
export function createProofReader(options: RequestProofOptions) {
  const { publicUrl, acceptsCertificates, trustedProxies } = options;
  const isTrusted = createAddressMatcher(trustedProxies);

  function thumbprintOf({ raw, headers }: FastifyRequest): string | undefined {
    if (!acceptsCertificates) return undefined;
    if (!isTrusted(raw.socket.remoteAddress ?? '')) return peerThumbprintOf(raw.socket);
    const [, certificate] = CLIENT_CERT.exec(String(headers['client-cert'] ?? '')) ?? [];
    return certificate && toThumbprint(Buffer.from(certificate, 'base64'));
  }

  const originOf = createOriginReader(publicUrl);

  return (request: FastifyRequest) => {
    const { method, url, headers } = request;
    const origin = originOf(request);
    const { dpop } = headers;
    return {
      method,
      // Not resolved against the origin: a request line may contain a whole URL.
      uri: origin + url,
      dpop: dpop === undefined ? undefined : String(dpop),
      certificateThumbprint: thumbprintOf(request),
    };
  };
}
