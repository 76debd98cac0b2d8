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

interface ReloadOptions {
  readonly pollMs?: number;
  /** The current time, in milliseconds since the epoch. */
  readonly now?: () => number;
}

/** The certificate that new connections get. */
export interface ReloadedCertificate {
  /** The end of its validity. */
  readonly validTo: () => Date;
  /** Stops reading the files. */
  readonly stop: () => void;
}

/**
 * Takes a renewed certificate for new connections; the open ones keep theirs. Reads the files at an
 * interval, which finds every way of replacing them: in place, by renaming, and by the symbolic links of
 * Kubernetes. Until both files are valid at this time and belong together, the old certificate stays.
 *
 * A first certificate outside of its validity is used and logged: a process that ends instead could
 * neither respond to a proxy that does not verify it nor take the renewed one.
 */
export function reloadCertificate(
  server: SecureServer,
  { certPath, keyPath, cert, key }: ListenerTls,
  log: Log,
  { pollMs = POLL_MS, now = Date.now }: ReloadOptions = {},
): ReloadedCertificate {
  let inUse = new X509Certificate(cert);
  let textInUse = cert + key;
  let loggedFaults = '';

  async function check(): Promise<void> {
    const texts = [certPath, keyPath].map((path) => readFile(path, 'utf8').catch(() => undefined));
    if ((await Promise.all(texts)).join('') === textInUse) {
      loggedFaults = '';
      return;
    }
    try {
      const renewed = readCertificateWithKey(certPath, keyPath);
      const certificate = new X509Certificate(renewed.cert);
      if (!isValidAt(now(), certificate))
        throw new ConfigError([invalidNow(certPath, certificate)]);
      server.setSecureContext(toSecureContext(renewed));
      inUse = certificate;
      textInUse = renewed.cert + renewed.key;
      log.info({ validTo: certificate.validToDate }, 'certificate reloaded');
    } catch (error) {
      // Whatever is in the files, the process goes on with the certificate that it has. The same files
      // are tried again, because their certificate may become valid; the same faults are logged once.
      const faults = error instanceof ConfigError ? error.faults : [(error as Error).message];
      if (faults.join() === loggedFaults) return;
      loggedFaults = faults.join();
      log.error({ faults }, 'certificate not reloaded');
    }
  }

  if (!isValidAt(now(), inUse)) {
    log.error({ faults: [invalidNow(certPath, inUse)] }, 'certificate not valid at this time');
  }
  let isChecking = false;
  const timer = setInterval(() => {
    if (isChecking) return;
    isChecking = true;
    void check().finally(() => {
      isChecking = false;
    });
  }, pollMs).unref();
  return { validTo: () => inUse.validToDate, stop: () => clearInterval(timer) };
}

const isValidAt = (time: number, { validFromDate, validToDate }: X509Certificate): boolean =>
  time >= validFromDate.getTime() && time <= validToDate.getTime();

const invalidNow = (path: string, { validFromDate, validToDate }: X509Certificate): string =>
  `TLS_CERT: "${path}" is valid from ${validFromDate.toISOString()} to ${validToDate.toISOString()} only`;
