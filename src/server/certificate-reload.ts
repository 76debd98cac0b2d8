import { X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { SecureContextOptions } from 'node:tls';
import { ConfigError, type ListenerTls, readCertificateWithKey } from '../config/index.ts';
import { toSecureContext } from '../http/tls.ts';
import type { Log } from '../telemetry/log.ts';

/** The interval at which the files are read. */
const POLL_MS = 2_000;

/** A server with TLS. */
export interface SecureServer {
  setSecureContext(options: SecureContextOptions): void;
}

/**
 * Takes a renewed certificate for new connections; the open ones keep theirs. Reads the files at an
 * interval, which finds every way of replacing them: in place, by renaming, and by the symbolic links of
 * Kubernetes. Until both files are valid and belong together, the old certificate stays.
 * @returns a function that stops it
 */
export function reloadCertificate(
  server: SecureServer,
  { certPath, keyPath, cert, key }: ListenerTls,
  log: Log,
  pollMs = POLL_MS,
): () => void {
  let lastRead = cert + key;

  async function check(): Promise<void> {
    const texts = [certPath, keyPath].map((path) => readFile(path, 'utf8').catch(() => undefined));
    const found = (await Promise.all(texts)).join('');
    if (found === lastRead) return;
    lastRead = found;
    try {
      const renewed = readCertificateWithKey(certPath, keyPath);
      server.setSecureContext(toSecureContext(renewed));
      log.info({ validTo: new X509Certificate(renewed.cert).validTo }, 'certificate reloaded');
    } catch (error) {
      // Whatever is in the files, the process goes on with the certificate that it has.
      const faults = error instanceof ConfigError ? error.faults : [(error as Error).message];
      log.warn({ faults }, 'certificate not reloaded');
    }
  }

  const timer = setInterval(() => void check(), pollMs).unref();
  return () => clearInterval(timer);
}
