import { BlockList, isIP } from 'node:net'
import { isNetwork } from '../../config/network.ts'
import type { RawField } from './header-section.ts'
import { received } from './received.ts'

/** The servers of a mailbox's provider, as its settings name them: what they wrote into a header is believed. */
export interface TrustedHosts {
  isHost(name: string | null): boolean
  /** Of a connection between two of them: private, or of a network that the settings name. */
  isInternal(ip: string): boolean
}

/** Where mail came in from the world. Everything below was written by strangers. */
export interface Border {
  /** Fields before this one were written by trusted servers, after the mail was inside. */
  readonly insideBefore: number
  /** Fields before this one stand above what the stranger's last server wrote, if he did not write them himself. */
  readonly end: number
  /** Who handed the mail over to the first trusted server; null: not told, or nobody is trusted. */
  readonly client: { readonly ip: string; readonly helo: string | null } | null
}

/**
 * From the top down, for a server writes its field above those it got (RFC 5321 section 4.4). The first hop that a
 * trusted server took from outside is the border, whatever the fields below it say: anybody can write those, with our
 * servers' names in them.
 */
export function borderOf(fields: readonly RawField[], trusted: TrustedHosts): Border {
  const hops = fields.flatMap(({ name }, index) => (name === 'received' ? [index] : []))
  for (const [at, index] of hops.slice(0, HOPS_LIMIT).entries()) {
    const hop = received(fields[index]?.value ?? '')
    // Nothing came from another host: whoever stands above wrote it.
    if (hop.from === null && hop.by !== null) continue
    if (!trusted.isHost(hop.by)) return { insideBefore: index, end: index, client: null }
    const { ip, helo } = hop.from ?? { ip: null, helo: null }
    if (ip === null ? isSameHouse(helo, hop.by, trusted) : trusted.isInternal(ip)) continue
    const client = ip === null ? null : { ip, helo }
    return { insideBefore: index, end: hops[at + 1] ?? fields.length, client }
  }
  return { insideBefore: 0, end: 0, client: null }
}

const HOPS_LIMIT = 100

const isSameHouse = (helo: string | null, by: string | null, trusted: TrustedHosts): boolean =>
  helo === 'localhost' || helo === by || trusted.isHost(helo)

/** Everything within Microsoft 365: names of its servers, and the networks between them. */
const MICROSOFT = [
  ...['outlook.com', 'outlook.office365.com', 'exchangelabs.com'],
  ...['2603:1096::/32', '2603:10a6::/32', '2603:10b6::/32', '2603:10c6::/32', '2603:10d6::/32'],
]
const PRIVATE_NETWORKS = [
  ...['127.0.0.0/8', '10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', '169.254.0.0/16', '100.64.0.0/10'],
  ...['::1/128', 'fc00::/7', 'fe80::/10'],
]

/** Names (with all below them), networks, or `microsoft`. */
export function trustedHosts(settings: readonly string[]): TrustedHosts {
  const entries = settings.flatMap((entry) => (entry === 'microsoft' ? MICROSOFT : [entry]))
  const names = new Set(entries.filter((entry) => !isNetwork(entry)))
  const internal = new BlockList()
  for (const network of [...entries.filter(isNetwork), ...PRIVATE_NETWORKS]) {
    const [address = '', bits] = network.split('/')
    internal.addSubnet(address, Number(bits), isIP(address) === 6 ? 'ipv6' : 'ipv4')
  }
  return {
    isHost: (name) => name !== null && suffixesOf(name).some((suffix) => names.has(suffix)),
    isInternal: (ip) => internal.check(ip.replace(/^::ffff:(?=\d+\.)/, ''), ip.includes('.') ? 'ipv4' : 'ipv6'),
  }
}

/** a.b.c, b.c, c. */
function suffixesOf(name: string): string[] {
  const labels = name.split('.').slice(-LABELS_LIMIT)
  return labels.map((_, index) => labels.slice(index).join('.'))
}

const LABELS_LIMIT = 20
