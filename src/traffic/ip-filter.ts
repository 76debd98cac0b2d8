import { BlockList, isIP, isIPv4 } from 'node:net';
import type { NetworkConfig } from '../config/index.ts';
import { BffError } from '../errors.ts';

/** Some proxies include the port: `192.0.2.1:4711`, `[2001:db8::1]:4711`. */
const WITH_PORT = /^(?:\[([^\]]+)\](?::\d+)?|([\d.]+):\d+)$/;
/** ::ffff:0:0/96 (RFC 4291 §2.5.5.2), the form of IPv4 addresses on a dual-stack socket. */
const MAPPED = /^0:0:0:0:0:ffff:([0-9a-f]+):([0-9a-f]+)$/;
const MAPPED_BITS = 96;
const UNREADABLE = 'unreadable';

/**
 * Normalizes an address for comparison: no port or zone, mapped IPv4 as IPv4, IPv6 as eight groups.
 * @returns undefined if the text is not an IP address
 */
export function normalizeAddress(text: string): string | undefined {
  if (isIPv4(text)) return text;
  const [, inBrackets, beforePort] = WITH_PORT.exec(text) ?? [];
  const [address = ''] = (inBrackets ?? beforePort ?? text).split('%');
  if (isIP(address) !== 6) return isIPv4(address) ? address : undefined;
  const groups = toGroups(address).join(':');
  const [, high, low] = MAPPED.exec(groups) ?? [];
  return high && low ? toIPv4(parseInt(high, 16), parseInt(low, 16)) : groups;
}

/**
 * The rate-limit key of an address. An IPv6 client usually controls a whole /64 (RFC 6177), so that
 * network is the key; all unreadable addresses share one.
 */
export function rateLimitKeyOf(text: string): string {
  const address = normalizeAddress(text);
  if (address === undefined) return UNREADABLE;
  if (!address.includes(':')) return address;
  return `${address.split(':').slice(0, 4).join(':')}::/64`;
}

/** @param address - a valid IPv6 address (RFC 4291 §2.2) */
function toGroups(address: string): string[] {
  const [head = '', tail] = address.split('::');
  const left = toParts(head);
  const right = toParts(tail ?? '');
  return [...left, ...Array(8 - left.length - right.length).fill('0'), ...right];
}

const toParts = (text: string): string[] =>
  text === ''
    ? []
    : text.split(':').flatMap((part) => (part.includes('.') ? fromIPv4(part) : plain(part)));

const plain = (group: string): string => parseInt(group, 16).toString(16);

function fromIPv4(address: string): string[] {
  const [a = 0, b = 0, c = 0, d = 0] = address.split('.').map(Number);
  return [(a * 256 + b).toString(16), (c * 256 + d).toString(16)];
}

const toIPv4 = (high: number, low: number): string =>
  `${high >> 8}.${high & 255}.${low >> 8}.${low & 255}`;

export interface IpFilter {
  /**
   * @param address - the value of `request.ip`
   * @throws BffError FORBIDDEN if requests from the address are not allowed
   */
  readonly refuseAddress: (address: string) => void;
}

/** Filters client addresses. A denied address stays denied if it is allowed too; empty lists allow all. */
export function createIpFilter({ allow, deny }: Pick<NetworkConfig, 'allow' | 'deny'>): IpFilter {
  const isAllowed = toMatcher(allow);
  const isDenied = toMatcher(deny);
  const isOpen = allow.length === 0 && deny.length === 0;

  return {
    refuseAddress(text) {
      if (isOpen) return;
      const address = normalizeAddress(text);
      // An unreadable address can't be looked up in the lists.
      const isPermitted =
        address !== undefined && !isDenied(address) && (allow.length === 0 || isAllowed(address));
      if (!isPermitted)
        throw new BffError('FORBIDDEN', 'Requests from this address are not allowed.');
    },
  };
}

/** Uses one list per family: `::/0` covers IPv6 only, but Node would match IPv4 with it too. */
function toMatcher(ranges: readonly string[]): (address: string) => boolean {
  const lists = { ipv4: new BlockList(), ipv6: new BlockList() };
  for (const range of ranges) {
    const [ip = '', given] = range.split('/');
    const address = normalizeAddress(ip) ?? ip;
    const family = addressFamily(address);
    const maxBits = family === 'ipv4' ? 32 : 128;
    const bits = given === undefined ? maxBits : Number(given);
    const isMapped = family === 'ipv4' && isIP(ip) === 6 && given !== undefined;
    lists[family].addSubnet(address, isMapped ? Math.max(0, bits - MAPPED_BITS) : bits, family);
  }
  return (address) => lists[addressFamily(address)].check(address, addressFamily(address));
}

const addressFamily = (address: string) => (isIPv4(address) ? 'ipv4' : 'ipv6');
