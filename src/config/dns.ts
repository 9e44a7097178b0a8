/** Where the DNS is asked who vouches for a mail. */
import { isIP } from 'node:net'
import type { DnsConfig } from '../config.ts'
import type { Settings } from './environment.ts'
import type { Problem } from './problem.ts'

/** `on`, `off`, or the servers to ask. */
export function readDns(settings: Settings, problems: Problem[]): DnsConfig | null {
  const setting = 'MAILCHUTE_DNS'
  const written = settings.get(setting)?.toLowerCase() ?? 'on'
  if (written === 'on') return { servers: [] }
  if (written === 'off') return null
  const servers = written.split(/[\s,]+/).filter(Boolean)
  if (servers.every(isServer)) return { servers }
  const hint = 'it is on, off, or the IP addresses of name servers, as in 192.0.2.1, 192.0.2.1:5353, [2001:db8::1]:5353'
  problems.push({ setting, problem: `'${written}' is not a choice`, hint })
  return null
}

const BRACKETED = /^\[([\da-f:.]+)\](?::(\d{1,5}))?$/
const WITH_PORT = /^([\d.]+):(\d{1,5})$/

function isServer(text: string): boolean {
  const [, address = text, port = '53'] = BRACKETED.exec(text) ?? WITH_PORT.exec(text) ?? []
  return isIP(address) !== 0 && Number(port) > 0 && Number(port) < 65_536
}
