import { hash } from 'node:crypto';
import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';

/** A connection whose certificate was read when it was opened, since its socket may be gone. */
export interface RecordedConnection {
  readonly certificateThumbprint?: string | undefined;
}

/**
 * The SHA-256 thumbprint, base64url, of the certificate whose key the client has proved to have in the TLS
 * handshake (RFC 8705 §3.1). Who issued it makes no difference: a token names exactly one.
 * @returns undefined if the client has sent none
 */
export function peerThumbprintOf(socket: Socket | RecordedConnection): string | undefined {
  if (!(socket instanceof TLSSocket))
    return 'certificateThumbprint' in socket ? socket.certificateThumbprint : undefined;
  const certificate = socket.getPeerX509Certificate();
  return certificate && toThumbprint(certificate.raw);
}

/** @param certificate - DER */
export const toThumbprint = (certificate: Buffer): string =>
  hash('sha256', certificate, 'base64url');
