import { type ExamplePage, readPage, startExamplePage } from './example-page.ts';

/** The pages of examples/: their folder, their BFF, and their port. */
const PAGES = [
  { name: 'web', bff: 'web', variable: 'WEB_PAGE_PORT', defaultPort: 4010 },
  { name: 'phone', bff: 'mobile', variable: 'PHONE_PAGE_PORT', defaultPort: 4011 },
] as const;
const MAX_PORT = 65_535;

type PageName = (typeof PAGES)[number]['name'];
export type ExamplePages = Readonly<Record<PageName, ExamplePage & { readonly bff: string }>>;

/** Names the invalid ports. */
export const pageFaults = (env: NodeJS.ProcessEnv): string[] =>
  PAGES.map(({ variable }) => variable)
    .filter((variable) => env[variable] && !isPort(env[variable]))
    .map((variable) => `${variable}: must be a port number, 0 to ${MAX_PORT}`);

const isPort = (text: string): boolean => /^\d{1,5}$/.test(text) && Number(text) <= MAX_PORT;

/**
 * Starts the pages of examples/, in development.
 * @param phoneToken - of the phone's user
 * @returns undefined if there are none: in production, with TLS, or without the built files
 * @throws Error if a port is in use
 */
export async function startExamplePages(
  env: NodeJS.ProcessEnv,
  phoneToken: string,
): Promise<ExamplePages | undefined> {
  if (env.NODE_ENV === 'production' || env.TLS_CERT) return undefined;
  const entries = await Promise.all(
    PAGES.map(async ({ name, bff, variable, defaultPort }) => {
      const files = await readPage(name);
      if (!files) return undefined;
      const port = Number(env[variable] || defaultPort);
      const token = name === 'phone' ? { token: phoneToken } : {};
      const page = await startExamplePage(files, { port, ...token }).catch((error) => {
        if (error.code !== 'EADDRINUSE') throw error;
        throw new Error(
          `${name} page can't start: ${variable}: port ${port} is in use by another program`,
        );
      });
      return [name, { ...page, bff }] as const;
    }),
  );
  const started = entries.filter((entry) => entry !== undefined);
  if (started.length < PAGES.length) return undefined;
  return Object.fromEntries(started) as ExamplePages;
}
