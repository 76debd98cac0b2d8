import { distance } from 'fastest-levenshtein';
import { SECRETS, VARIABLES } from './config-variables.ts';

/** A log line about the configuration: a fixed message, and the fields that belong to it. */
export interface ConfigWarning {
  readonly message: string;
  readonly fields: Readonly<Record<string, string>>;
}

/** What happens in production without these variables. */
const CONSEQUENCES = {
  UPSTREAM_TOKEN: 'Calls to the services carry no credential of this service.',
  VIEWER_SIGNING_KEY: 'Calls to the services do not say for which viewer they are made.',
  PURGE_SECRET: 'Purges are refused, and stored responses are served until they expire.',
  TRUSTED_PROXIES:
    'X-Forwarded-For and X-Forwarded-Proto are ignored: behind a proxy, all clients share the ' +
    "proxy's address and its rate limit, and no Strict-Transport-Security is sent.",
};

/** Variables of the stand-in services, which read the same .env. */
const STAND_IN_VARIABLES = ['DATA_DIR', 'PURGE_URLS'];
const PORT_SUFFIXES = ['PORT', 'ADMIN_PORT'];
const UPPER_CASE = /^[A-Z][A-Z\d_]*$/;
/** Short names are like one another by chance: how many letters a slip may change, from which length. */
const MIN_LENGTH = { oneEdit: 6, twoEdits: 12 };

/** @param env - of a process in production */
export const missingInProduction = (env: NodeJS.ProcessEnv): ConfigWarning[] =>
  Object.entries(CONSEQUENCES)
    .filter(([variable]) => !env[variable])
    .map(([variable, consequence]) => ({
      message: 'variable not set',
      fields: { variable, consequence },
    }));

/** @param bffs - the names of the BFFs whose ports the environment may set */
export const misspeltVariables = (
  env: NodeJS.ProcessEnv,
  bffs: readonly string[],
): ConfigWarning[] =>
  findMisspelt(env, bffs).map(({ variable, similarTo }) => ({
    message: 'unknown variable ignored',
    fields: { variable, similarTo },
  }));

/** Finds variables that nothing reads and whose names are nearly those of ours. */
export function findMisspelt(env: NodeJS.ProcessEnv, bffs: readonly string[]) {
  const known = knownVariables(bffs);
  return Object.keys(env)
    .filter((name) => UPPER_CASE.test(name) && !known.has(name))
    .flatMap((variable) => {
      const similarTo = [...known].find((name) => isSimilar(variable, name));
      return similarTo ? [{ variable, similarTo }] : [];
    });
}

function knownVariables(bffs: readonly string[]): ReadonlySet<string> {
  const own = Object.keys(VARIABLES.shape).filter((name) => !PORT_SUFFIXES.includes(name));
  const services = own.filter((name) => name.endsWith('_SERVICE_URL'));
  return new Set([
    ...own,
    ...SECRETS.map((name) => `${name}_FILE`),
    // Kubernetes sets the hosts of services that have these names.
    ...services.flatMap((name) => ['PORT', 'HOST'].map((end) => name.replace(/URL$/, end))),
    ...STAND_IN_VARIABLES,
    ...bffs.flatMap((bff) => PORT_SUFFIXES.map((suffix) => `${bff.toUpperCase()}_${suffix}`)),
  ]);
}

function isSimilar(given: string, known: string): boolean {
  if (plain(given) === plain(known)) return true;
  const edits = distance(given, known);
  return (
    (edits <= 1 && known.length >= MIN_LENGTH.oneEdit) ||
    (edits <= 2 && known.length >= MIN_LENGTH.twoEdits)
  );
}

/** Without underscores and the plural's s. */
const plain = (name: string): string => name.replaceAll('_', '').replace(/S$/, '');
