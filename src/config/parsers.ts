import { Resolver } from 'node:dns';
import { isIP } from 'node:net';
import { availableParallelism } from 'node:os';
import ipaddr from 'ipaddr.js';
import * as z from 'zod';
import { isLoopback } from '../loopback.ts';
import { parseRedisAddress } from './redis-address.ts';

// Parsers for the kinds of environment variables, each with an error that says what the value must be.

const address = (protocol: RegExp, error: string) =>
  z
    .string()
    .refine((text) => URL.canParse(text) && protocol.test(new URL(text).protocol), { error })
    .transform((text) => new URL(text));

export const url = address(/^https?:$/, 'must be an http or https address');

/** True for an address whose connections are encrypted, or stay on this machine. */
export const isProtected = (url: URL): boolean => url.protocol === 'https:' || isLoopback(url);

/** What commas separate. */
export const list = z.string().transform((text) => text.split(',').map((part) => part.trim()));

/** Names or values separated by commas. */
export const names = list.pipe(
  z.array(z.string().min(1, { error: 'must be values separated by commas, none of them empty' })),
);

/** Addresses separated by commas. */
export const httpUrls = list.pipe(
  z.array(address(/^https?:$/, 'must be http or https addresses, separated by commas')),
);

// An invalid address is still a string here, without a protocol.
const isSrv = ({ protocol = '' }: Partial<URL>): boolean => protocol.startsWith('srv+');
const isGrpc = ({ protocol = '' }: Partial<URL>): boolean => /^(srv\+)?grpc/.test(protocol);

const instances = (protocol: RegExp, error: string) =>
  list
    .pipe(z.array(address(protocol, error)))
    .refine((found) => found.length === 1 || !found.some(isSrv), {
      error: 'must be one srv+ address alone, or others separated by commas',
    });

/** The instances of a service. */
export const urls = instances(/^(srv\+)?https?:$/, 'must be http, https or srv+http(s) addresses');

/** The instances of a service that speaks gRPC too. */
export const urlsOrGrpc = instances(
  /^(srv\+)?(http|grpc)s?:$/,
  'must be http(s) or grpc(s) addresses, or one with srv+',
).refine((found) => found.every(isGrpc) || !found.some(isGrpc), {
  error: 'must be http(s) or grpc(s) addresses, not both',
});

export const secret = z.string().min(32, { error: 'must have at least 32 characters' });

const WHSEC = /^whsec_(?:[a-z\d+/]{4}){8,}(?:[a-z\d+/]{2}==|[a-z\d+/]{3}=)?$/i;
/** A Standard Webhooks secret (base64 of at least 24 bytes), or any plain secret. */
export const webhookSecret = secret.refine(
  (text) => !text.startsWith('whsec_') || WHSEC.test(text),
  { error: 'must be "whsec_" and base64 of at least 24 bytes' },
);

export const megabytes = z
  .string()
  .regex(/^\d{1,5}$/, { error: 'must be a number of megabytes, at most 99999' })
  .transform(Number);

export const port = z
  .string()
  .regex(/^\d{1,5}$/, { error: 'must be a port number, 0 to 65535' })
  .transform(Number)
  .refine((number) => number <= 65_535, { error: 'must be a port number, 0 to 65535' });

export const milliseconds = z
  .string()
  .regex(/^\d{1,6}$/, { error: 'must be a number of milliseconds, at most 999999' })
  .transform(Number);

export const positiveMilliseconds = milliseconds.refine((number) => number > 0, {
  error: 'must be at least 1 millisecond',
});

/** A time of up to 115 days. */
export const duration = z
  .string()
  .regex(/^[1-9]\d{0,9}$/, { error: 'must be a number of milliseconds, at least 1' })
  .transform(Number);

/** A whole number; 0 turns off what it limits. */
export const count = z
  .string()
  .regex(/^\d{1,9}$/, { error: 'must be a whole number, at most 999999999; 0 for none' })
  .transform(Number);

/** A number of worker processes; `auto` is one per core. */
export const workers = z
  .string()
  .regex(/^(auto|[1-9]\d?)$/, { error: 'must be auto or a whole number, 1 to 99' })
  .transform((text) => (text === 'auto' ? availableParallelism() : Number(text)));

/** The trusted proxies, which must not be all addresses. */
export const proxies = list
  .pipe(
    z.array(
      z.string().refine((text) => isRange(text) && !/\/0+$/.test(text), {
        error: 'must be IP addresses or CIDR ranges, and not all addresses',
      }),
    ),
  )
  .default([]);

/** Addresses and CIDR ranges, such as `10.0.0.0/8, 2001:db8::1`. */
export const addresses = list
  .pipe(z.array(z.string().refine(isRange, { error: 'must be IP addresses or CIDR ranges' })))
  .default([]);

function isRange(text: string): boolean {
  if (isIP(text) !== 0) return true;
  // Not isValidCIDR for both: it accepts IPv4 forms such as 0x7f.1/8.
  return ipaddr.IPv4.isValidCIDRFourPartDecimal(text) || ipaddr.IPv6.isValidCIDR(text);
}

/** Origins (RFC 6454), such as `https://shop.example`. */
export const origins = list
  .pipe(
    z.array(
      z
        .string()
        .refine(
          (text) => URL.canParse(text) && new URL(text).origin === text && !text.includes('*'),
          {
            error: 'must be origins such as https://shop.example, without a path',
          },
        ),
    ),
  )
  .default([]);

// A field name (RFC 9110 §5.1) other than *, which would allow all headers.
const HEADER_NAME = /^[\w!#$%&'+.^`|~-]+$/;

/** Names of headers, in lower case. */
export const headerNames = list
  .pipe(
    z.array(
      z
        .string()
        .regex(HEADER_NAME, { error: 'must be names of headers, separated by commas, and not *' })
        .toLowerCase(),
    ),
  )
  .default([]);

export const redisUrl = z.string().transform((text, { addIssue }) => {
  const parsed = parseRedisAddress(text);
  if (parsed) return parsed;
  addIssue({
    code: 'custom',
    message:
      'must be redis://host:port, redis+sentinel://host:port,host:port/name or redis+cluster://host:port,host:port; with rediss for TLS; special characters in passwords are percent-encoded',
  });
  return z.NEVER;
});

/** A share, 0 to 1. */
export const ratio = z
  .string()
  .regex(/^(0|1|0?\.\d{1,9}|1\.0{1,9}|0\.0{1,9})$/, { error: 'must be a number from 0 to 1' })
  .transform(Number);

/** Headers or attributes as OpenTelemetry writes them: `name=value`, separated by commas, percent-encoded. */
export const otlpPairs = z
  .string()
  .refine(areOtlpPairs, { error: 'must be name=value, separated by commas' })
  .transform((text) => Object.fromEntries(splitOtlpPairs(text)));

const PRINTABLE = /^[\x20-\x7e]+$/;

function areOtlpPairs(text: string): boolean {
  try {
    return splitOtlpPairs(text).every(
      ([name = '', value = '']) => HEADER_NAME.test(name) && PRINTABLE.test(value),
    );
  } catch {
    return false;
  }
}

const splitOtlpPairs = (text: string): string[][] =>
  text.split(',').map((pair) => {
    const [name = '', ...value] = pair.split('=');
    return [name.trim(), decodeURIComponent(value.join('=').trim())];
  });

const listFormat = new Intl.ListFormat('en-GB', { type: 'disjunction' });
export const oneOf = <const T extends readonly string[]>(...allowed: T) =>
  z.enum(allowed, { error: `must be ${listFormat.format(allowed)}` });

/** The samplers of OpenTelemetry (its specification of environment variables). */
export const sampler = oneOf(
  'traceidratio',
  'parentbased_traceidratio',
  'always_on',
  'parentbased_always_on',
  'always_off',
  'parentbased_always_off',
);

/** DNS servers, such as `10.0.0.2, 10.0.0.3:5353, [::1]:53`. */
export const dnsServers = list.refine(areDnsServers, {
  error: 'must be IP addresses, each with or without a port: 10.0.0.2, 10.0.0.3:5353, [::1]:53',
});

function areDnsServers(servers: readonly string[]): boolean {
  try {
    new Resolver().setServers(servers);
    return true;
  } catch {
    return false;
  }
}

/** Detects a start by an npm script (start, dev); `npm test` only passes its environment on. */
export const isRunByNpm = ({ npm_lifecycle_event: script = '' }: NodeJS.ProcessEnv): boolean =>
  /^(start|dev)(:|$)/.test(script);
