/**
 * By which name the console was asked. A page of a stranger can have the name of its own site come to mean this machine
 * (DNS rebinding), and would read what needs no login there; the `Host` of such a request is that name.
 */
import { isIP } from 'node:net'
import { isLoopback } from '../../config/mailbox-url.ts'
import { MailchuteError } from '../../errors.ts'

/**
 * `boundTo`: the address that is listened on. Elsewhere than on loopback names are many, and firewalls decide. Throws
 * `console/host-unknown`.
 */
export function createHostCheck(boundTo: string, consoleUrl: string | null): (host: string | undefined) => void {
  if (!isLoopback(boundTo)) return () => undefined
  const ours = consoleUrl === null ? null : new URL(consoleUrl).hostname
  return (host = '') => {
    // As a browser reads it; without a port, and IPv6 in brackets.
    const { hostname } = URL.canParse(`http://${host}`) ? new URL(`http://${host}`) : { hostname: '' }
    const name = hostname.replace(/^\[|\]$/g, '').replace(/\.$/, '')
    if (isIP(name) !== 0 || isNobodyElses(name) || name === ours) return
    throw new MailchuteError('console/host-unknown', 'it was asked by a name that is not known to be of this machine')
  }
}

/** No DNS that a stranger has a say in answers for these. */
const isNobodyElses = (name: string) => name === 'localhost' || name.endsWith('.localhost') || /^[^.]+$/.test(name)
