import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createSecureContext } from 'node:tls';
import { ConfigError, readAll } from './config-error.ts';

/** A certificate, followed by its intermediate certificates, and its private key, as PEM. */
export interface CertificateWithKey {
  readonly cert: string;
  readonly key: string;
}

/** The certificate of a listener, and the files that it is read from again when it is renewed. */
export interface ListenerTls extends CertificateWithKey {
  readonly certPath: string;
  readonly keyPath: string;
}

/** What this service needs to connect to others by TLS. */
export interface ClientTls extends Partial<CertificateWithKey> {
  /** The accepted certificate authorities, instead of the public ones that Node knows. */
  readonly ca?: string;
}

export interface PemFiles {
  readonly listener: ListenerTls | undefined;
  readonly redis: ClientTls;
}

/** The names of the variables with the files of a client. */
export interface ClientTlsNames {
  readonly ca: string;
  readonly pair: PairNames;
}

/** The names of a variable with a certificate and of the one with its key. */
type PairNames = readonly [cert: string, key: string];
type Given = Readonly<Record<string, string | undefined>>;

const LISTENER_NAMES: PairNames = ['TLS_CERT', 'TLS_KEY'];
const REDIS_NAMES: ClientTlsNames = { ca: 'REDIS_CA', pair: ['REDIS_CERT', 'REDIS_KEY'] };
const CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g;

/**
 * Reads and validates the certificates and keys that variables name.
 * @throws ConfigError with the faults of all files
 */
export function readPemFiles(given: Given): PemFiles {
  const [listener, redis] = readAll(
    () => readListenerTls(given),
    () => readClientTls(given, REDIS_NAMES),
  );
  return { listener, redis };
}

function readListenerTls(given: Given): ListenerTls | undefined {
  const [certPath, keyPath] = pathsOf(given, LISTENER_NAMES);
  if (!certPath || !keyPath) return undefined;
  return { certPath, keyPath, ...readCertificateWithKey(certPath, keyPath) };
}

/** @throws ConfigError with the faults of all files */
export function readClientTls(given: Given, names: ClientTlsNames): ClientTls {
  const caPath = given[names.ca];
  const [ca, pair] = readAll(
    () => (caPath ? { ca: readCertificates(names.ca, caPath) } : {}),
    () => {
      const [certPath, keyPath] = pathsOf(given, names.pair);
      return certPath && keyPath ? readCertificateWithKey(certPath, keyPath, names.pair) : {};
    },
  );
  return { ...ca, ...pair };
}

/** @throws ConfigError if only one of the two is set */
function pathsOf(given: Given, [certName, keyName]: PairNames) {
  const cert = given[certName];
  const key = given[keyName];
  if (cert && !key) throw new ConfigError([`${keyName}: must be set with ${certName}`]);
  if (key && !cert) throw new ConfigError([`${certName}: must be set with ${keyName}`]);
  return [cert, key] as const;
}

/** @throws ConfigError if a file can't be read or is not PEM, or if they don't belong together */
export function readCertificateWithKey(
  certPath: string,
  keyPath: string,
  [certName, keyName]: PairNames = LISTENER_NAMES,
): CertificateWithKey {
  const [cert, key] = readAll(
    () => readCertificates(certName, certPath),
    () => readPrivateKey(keyName, keyPath),
  );
  if (!new X509Certificate(cert).checkPrivateKey(createPrivateKey(key))) {
    throw new ConfigError([
      `${keyName}: "${keyPath}" is not the key of the certificate in ${certName}`,
    ]);
  }
  try {
    createSecureContext({ cert, key });
  } catch (error) {
    // Such as a key that is too short.
    const { code = 'invalid' } = error as NodeJS.ErrnoException;
    throw new ConfigError([`${certName}: "${certPath}" can't be used for TLS (${code})`]);
  }
  return { cert, key };
}

function readCertificates(variable: string, path: string): string {
  const text = readText(variable, path);
  const certificates = text.match(CERTIFICATE) ?? [];
  if (certificates.length === 0 || !certificates.every(isCertificate)) {
    throw new ConfigError([`${variable}: "${path}" must contain certificates in PEM format`]);
  }
  return text;
}

function isCertificate(text: string): boolean {
  try {
    new X509Certificate(text);
    return true;
  } catch {
    return false;
  }
}

function readPrivateKey(variable: string, path: string): string {
  const text = readText(variable, path);
  try {
    createPrivateKey(text);
    return text;
  } catch {
    throw new ConfigError([
      `${variable}: "${path}" must contain a private key in PEM format, without a passphrase`,
    ]);
  }
}

function readText(variable: string, path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    throw new ConfigError([`${variable}: there is no readable file at "${path}"`]);
  }
}
