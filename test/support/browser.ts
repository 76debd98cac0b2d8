import assert from 'node:assert/strict';

export interface Page {
  /** The URL after all redirects. */
  readonly url: string;
  readonly status: number;
  readonly headers: Headers;
  readonly body: string;
  /** The URLs that were requested or, for the last one, where the browser stopped. */
  readonly history: readonly string[];
}

interface Cookie {
  readonly name: string;
  readonly value: string;
  readonly host: string;
  readonly path: string;
  /** As the server sent it, with its attributes. */
  readonly text: string;
}

export interface RequestOptions {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** The start of a URL that is not requested: the page is then a redirect to it. */
  readonly stopAt?: string;
}

export type Browser = ReturnType<typeof createBrowser>;

const MAX_REDIRECTS = 10;

/**
 * Creates an HTTP client that keeps cookies by host and path and follows redirects, as a browser does.
 * As in browsers, a loopback address may set `Secure` cookies without TLS, and the port is no part of
 * a cookie's scope.
 */
export function createBrowser() {
  let cookies: readonly Cookie[] = [];

  const cookiesFor = ({ hostname, pathname }: URL): readonly Cookie[] =>
    cookies.filter(({ host, path }) => host === hostname && isWithin(pathname, path));

  function store(url: URL, text: string): void {
    const [pair = '', ...attributes] = text.split(';').map((part) => part.trim());
    const [, name = '', value = ''] = /^([^=]*)=(.*)$/.exec(pair) ?? [];
    const read = (attribute: string) =>
      attributes
        .map((each) => each.split('='))
        .find(([key]) => key?.toLowerCase() === attribute)?.[1];
    const cookie = { name, value, host: url.hostname, path: read('path') ?? '/', text };
    const expires = read('expires');
    const isExpired =
      Number(read('max-age') ?? 1) <= 0 ||
      (expires !== undefined && Date.parse(expires) <= Date.now());
    cookies = cookies.filter(
      (other) => !(other.name === name && other.host === cookie.host && other.path === cookie.path),
    );
    if (!isExpired) cookies = [...cookies, cookie];
  }

  /** Sends one request, without following a redirect. */
  async function request(address: string, options: RequestOptions = {}): Promise<Response> {
    const url = new URL(address);
    const { method = 'GET', headers = {}, body } = options;
    const cookie = cookiesFor(url)
      .map(({ name, value }) => `${name}=${value}`)
      .join('; ');
    const response = await fetch(url, {
      method,
      headers: { ...headers, ...(cookie && { cookie }) },
      ...(body !== undefined && { body }),
      redirect: 'manual',
    });
    for (const text of response.headers.getSetCookie()) store(url, text);
    return response;
  }

  /** Sends a request and follows redirects, with GET. */
  async function open(address: string, options: RequestOptions = {}): Promise<Page> {
    const { stopAt } = options;
    const history = [address];
    let response = await request(address, options);
    for (let redirects = 0; redirects < MAX_REDIRECTS; redirects++) {
      const url = history.at(-1) ?? address;
      const { status, headers } = response;
      const location = headers.get('location');
      if (!location) return { url, status, headers, body: await response.text(), history };
      await response.body?.cancel();
      const next = new URL(location, url).href;
      history.push(next);
      if (stopAt && next.startsWith(stopAt)) {
        return { url: next, status, headers, body: '', history };
      }
      response = await request(next);
    }
    return assert.fail(`too many redirects: ${history.join(' ')}`);
  }

  return {
    open,
    request,
    /** The cookies that a request for this URL would carry. */
    cookiesFor: (address: string) => cookiesFor(new URL(address)),
    setCookie: (address: string, text: string) => store(new URL(address), text),
    clear() {
      cookies = [];
    },
  };
}

/** RFC 6265 §5.1.4. */
const isWithin = (pathname: string, path: string): boolean =>
  pathname === path || pathname.startsWith(path.endsWith('/') ? path : `${path}/`);
