import { isIP } from 'node:net';
import ipaddr from 'ipaddr.js';
import { LRUCache } from 'lru-cache';
import type { NetworkConfig } from '../config/index.ts';
import { BffError } from '../errors.ts';

type Address = ipaddr.IPv4 | ipaddr.IPv6;

/** Some proxies include the port: `192.0.2.1:4711`, `[2001:db8::1]:4711`. */
const WITH_PORT = /^(?:\[([^\]]+)\](?::\d+)?|([\d.]+):\d+)$/;
/** The prefix length of ::ffff:0:0/96 (RFC 4291 §2.5.5.2), the IPv4 addresses on a dual-stack socket. */
const MAPPED_BITS = 96;
const UNREADABLE = 'unreadable';
const MAX_REMEMBERED_ADDRESSES = 10_000;

/**
 * Parses a client's address without its port and zone; a mapped IPv4 address becomes an IPv4 address.
 * @returns undefined if the text is not an IP address
 */
export function parseAddress(text: string): Address | undefined {
  const [, inBrackets, beforePort] = WITH_PORT.exec(text) ?? [];
  const [address = ''] = (inBrackets ?? beforePort ?? text).split('%');
  // ipaddr.js also accepts forms such as 0x7f.1.
  return isIP(address) === 0 ? undefined : ipaddr.process(address);
}

/**
 * The rate-limit key of an address. An IPv6 client usually controls a whole /64 (RFC 6177), so that
 * network is the key; all unreadable addresses share one.
 */
export function rateLimitKeyOf(text: string): string {
  const address = parseAddress(text);
  if (address === undefined) return UNREADABLE;
  if (address.kind() === 'ipv4') return address.toString();
  return `${address.toNormalizedString().split(':').slice(0, 4).join(':')}::/64`;
}

export interface IpFilter {
  /**
   * @param address - the value of `request.ip`
   * @throws BffError FORBIDDEN if requests from the address are not allowed
   */
  readonly refuseAddress: (address: string) => void;
}

/** Filters client addresses. A denied address stays denied if it is allowed too; empty lists allow all. */
export function createIpFilter({ allow, deny }: Pick<NetworkConfig, 'allow' | 'deny'>): IpFilter {
  const ranges = { denied: deny.map(toRange), allowed: allow.map(toRange) };
  const unlisted = allow.length === 0 ? 'allowed' : 'denied';
  const isOpen = allow.length === 0 && deny.length === 0;

  const permitted = new LRUCache<string, boolean>({
    // With `max`, all of its memory is allocated at once.
    maxSize: MAX_REMEMBERED_ADDRESSES,
    sizeCalculation: () => 1,
    memoMethod(text) {
      const address = parseAddress(text);
      // An unreadable address can't be looked up in the lists.
      return address !== undefined && ipaddr.subnetMatch(address, ranges, unlisted) === 'allowed';
    },
  });

  return {
    refuseAddress(address) {
      if (!isOpen && !permitted.memo(address))
        throw new BffError('FORBIDDEN', 'Requests from this address are not allowed.');
    },
  };
}

/** Creates a test whether an address is in one of these ranges. */
export function createAddressMatcher(texts: readonly string[]): (address: string) => boolean {
  const ranges = { listed: texts.map(toRange) };
  return (text) => {
    const address = parseAddress(text);
    return address !== undefined && ipaddr.subnetMatch(address, ranges, 'other') === 'listed';
  };
}

/** Converts a configured address or CIDR range; a range of mapped IPv4 addresses becomes one of IPv4. */
function toRange(text: string): [Address, number] {
  if (!text.includes('/')) {
    const address = ipaddr.process(text);
    return [address, address.kind() === 'ipv4' ? 32 : 128];
  }
  const [address, bits] = ipaddr.parseCIDR(text);
  return address instanceof ipaddr.IPv6 && address.isIPv4MappedAddress()
    ? [address.toIPv4Address(), Math.max(0, bits - MAPPED_BITS)]
    : [address, bits];
}
