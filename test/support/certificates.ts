import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const openssl = promisify(execFile);
const NOT_INSTALLED = 'openssl is not installed: apt-get install openssl';
const EC_KEY = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-noenc'];
const LOCAL_NAMES = 'subjectAltName=IP:127.0.0.1,DNS:localhost';

/** The paths of a certificate and of its key. */
export interface CertificateFiles {
  readonly cert: string;
  readonly key: string;
}

/** Creates certificates in a temporary folder, which `await using` removes. */
export async function createCertificates() {
  const folder = await mkdtemp(join(tmpdir(), 'certificates-'));
  let count = 0;

  async function create(...options: readonly string[]): Promise<CertificateFiles> {
    count++;
    const cert = join(folder, `${count}.pem`);
    const key = join(folder, `${count}.key`);
    const output = ['-keyout', key, '-out', cert];
    await openssl('openssl', ['req', '-x509', '-days', '2', ...output, ...options]).catch(
      (error: NodeJS.ErrnoException) => {
        throw error.code === 'ENOENT' ? new Error(NOT_INSTALLED) : error;
      },
    );
    return { cert, key };
  }

  return {
    folder,

    /** An authority of its own. */
    authority: (name = 'Test authority'): Promise<CertificateFiles> =>
      create(...EC_KEY, '-subj', `/CN=${name}`),

    /** A certificate for 127.0.0.1 and localhost. */
    issue(authority: CertificateFiles, { names = LOCAL_NAMES, days = 2 } = {}) {
      const issuer = ['-CA', authority.cert, '-CAkey', authority.key];
      const subject = ['-subj', '/CN=Test', '-addext', names, '-days', String(days)];
      return create(...EC_KEY, ...issuer, ...subject);
    },

    /** A certificate whose key is shorter than OpenSSL accepts for TLS. */
    weak: (): Promise<CertificateFiles> =>
      create('-newkey', 'rsa:1024', '-noenc', '-subj', '/CN=Weak'),

    [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }),
  };
}

/** The environment of a BFF with TLS, and the authority that its clients trust. */
export async function createListenerTls() {
  await using created = new AsyncDisposableStack();
  const certificates = created.use(await createCertificates());
  const authority = await certificates.authority();
  const { cert, key } = await certificates.issue(authority);
  const ca = await readFile(authority.cert, 'utf8');
  const rest = created.move();
  return {
    certificates,
    authority,
    ca,
    env: { TLS_CERT: cert, TLS_KEY: key },
    [Symbol.asyncDispose]: () => rest.disposeAsync(),
  };
}
