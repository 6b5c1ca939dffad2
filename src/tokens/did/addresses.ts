/*
 * Which addresses are of the public internet: all that IANA's special-purpose registries do not keep for something else, and
 * that are given out at all.
 */

import { BlockList, isIP } from 'node:net';

/** This network, private, shared, loopback, link-local, for documentation and measurements, 6to4 relays, multicast, reserved. */
const V4 = '0.0.0.0/8 10.0.0.0/8 100.64.0.0/10 127.0.0.0/8 169.254.0.0/16 172.16.0.0/12 192.0.0.0/24 192.0.2.0/24 192.88.99.0/24 192.168.0.0/16 198.18.0.0/15 198.51.100.0/24 203.0.113.0/24 224.0.0.0/3';

/**
 * Of IPv6 only 2000::/3 is given out. Outside of it are loopback, IPv4 that is mapped (::ffff:0:0/96) or translated
 * (64:ff9b::/96), unique local and link-local addresses, and multicast; in it are tunnels to IPv4 (Teredo in 2001::/23, 6to4
 * 2002::/16), documentation, and the former 6bone.
 */
const V6 = '::/3 4000::/2 8000::/1 2001::/23 2001:db8::/32 2002::/16 3ffe::/16 3fff::/20';

const [specialV4, specialV6] = [listOf(V4, 'ipv4'), listOf(V6, 'ipv6')];

/** Whether text is an address of the public internet. One with a zone is not. */
export function isPublicAddress(address: string): boolean {
  switch (isIP(address)) {
    case 4:
      return !specialV4.check(address, 'ipv4');
    case 6:
      return !address.includes('%') && !specialV6.check(address, 'ipv6');
    default:
      return false;
  }
}

/** One of each family: a list takes every IPv4 address for one of ::ffff:0:0/96, too. */
function listOf(ranges: string, family: 'ipv4' | 'ipv6'): BlockList {
  const list = new BlockList();
  for (const range of ranges.split(' ')) {
    const [net = '', bits = ''] = range.split('/');
    list.addSubnet(net, Number(bits), family);
  }
  return list;
}
