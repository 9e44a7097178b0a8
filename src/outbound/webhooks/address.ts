/** Which addresses a webhook may be sent to: a receiver's name must not lead into the house (SSRF). */
import { BlockList, isIP, isIPv6 } from 'node:net'

/** Nowhere: unspecified, multicast, reserved, and what clouds tell their secrets at. Not even where private ones are let. */
const NEVER = listOf([
  '0.0.0.0/8',
  '169.254.0.0/16',
  '168.63.129.16/32',
  '100.100.100.200/32',
  '192.0.0.192/32',
  '224.0.0.0/4',
  '240.0.0.0/4',
  '::/128',
  'fe80::/10',
  'ff00::/8',
  'fd00:ec2::254/128',
  'fd20:ce::254/128',
  // What leads on to an IPv4 address that is not looked at: NAT64 (RFC 6052, RFC 8215), Teredo, 6to4.
  '64:ff9b::/96',
  '64:ff9b:1::/48',
  '2001::/32',
  '2002::/16',
])

/** RFC 6890 and the IANA registries of special-purpose addresses. */
const NOT_PUBLIC = listOf([
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '172.16.0.0/12',
  '192.0.0.0/24',
  '192.0.2.0/24',
  '192.88.99.0/24',
  '192.168.0.0/16',
  '198.18.0.0/15',
  '198.51.100.0/24',
  '203.0.113.0/24',
  '2001::/23',
  '2001:db8::/32',
  '3fff::/20',
])
const LOOPBACK = listOf(['127.0.0.0/8', '::1/128'])
/** RFC 4291 section 2.4: the only global unicast addresses that are given out. What translates IPv4 lies outside. */
const GLOBAL_IPV6 = listOf(['2000::/3'])

export type Reach = 'public' | 'private' | 'loopback'

/** `public`: the internet alone. `private`: networks of one's own as well. `loopback`: this machine alone. */
export function mayReach(address: string, reach: Reach): boolean {
  const plain = unmapped(address)
  if (isIP(plain) === 0) return false
  if (reach === 'loopback') return isIn(LOOPBACK, plain)
  if (isIn(NEVER, plain)) return false
  if (reach === 'private') return true
  return !isIn(NOT_PUBLIC, plain) && (!isIPv6(plain) || isIn(GLOBAL_IPV6, plain))
}

/** RFC 4291 section 2.5.5: an IPv6 address that is an IPv4 one in truth is judged as that, however it is written. */
function unmapped(address: string): string {
  if (!isIPv6(address) || !URL.canParse(`http://[${address}]`)) return address
  const { hostname } = new URL(`http://[${address}]`)
  const [, high, low] = /^\[::(?:ffff:(?:0:)?)?([0-9a-f]{1,4}):([0-9a-f]{1,4})\]$/.exec(hostname) ?? []
  if (high === undefined || low === undefined) return address
  const [first, second] = [Number.parseInt(high, 16), Number.parseInt(low, 16)]
  return [first >> 8, first & 255, second >> 8, second & 255].join('.')
}

function listOf(networks: readonly string[]): BlockList {
  const list = new BlockList()
  for (const network of networks) {
    const [address = '', bits] = network.split('/')
    list.addSubnet(address, Number(bits), familyOf(address))
  }
  return list
}

function isIn(list: BlockList, address: string): boolean {
  return list.check(address, familyOf(address))
}

function familyOf(address: string): 'ipv4' | 'ipv6' {
  return isIPv6(address) ? 'ipv6' : 'ipv4'
}
