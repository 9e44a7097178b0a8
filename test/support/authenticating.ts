/** Looking at mails with a DNS of their own. */
import type { Authenticity } from '../../src/message/authenticity/authenticity.ts'
import { type Believed, createAuthenticator } from '../../src/ticketing/authenticity/authenticate.ts'
import { createDns, type DnsOptions } from '../../src/ticketing/authenticity/dns.ts'
import type { VerifyPoolOptions } from '../../src/ticketing/authenticity/verify-pool.ts'
import { type DnsServer, startDnsServer, type Zone } from './dns-server.ts'
import { crlf } from './signing.ts'

export interface Authenticating extends AsyncDisposable {
  readonly server: DnsServer
  look(mail: string | Buffer, believed?: Believed): Promise<Authenticity>
}

export const NOBODY: Believed = { authservIds: [], receivedBy: [] }
export const BY_MX: Believed = { authservIds: [], receivedBy: ['mx.mailchute.example'] }

export async function authenticating(
  zone: Zone,
  { pool = {}, dns = {} }: { pool?: VerifyPoolOptions; dns?: DnsOptions } = {},
): Promise<Authenticating> {
  const server = await startDnsServer(zone)
  const authenticator = createAuthenticator(
    createDns({ servers: [server.address], timeoutMilliseconds: 500, firstProbeMilliseconds: 5000, ...dns }),
    pool,
  )
  return {
    server,
    look: (mail, believed = NOBODY) => {
      const octets = Buffer.from(mail)
      const source = { sizeBytes: octets.length, octets: () => inPieces(octets) }
      return authenticator.authenticate(source, believed, addressesIn(octets), new AbortController().signal)
    },
    [Symbol.asyncDispose]: async () => {
      await authenticator.close()
      await server[Symbol.asyncDispose]()
    },
  }
}

const PIECE_OCTETS = 50_000

async function* inPieces(octets: Buffer): AsyncGenerator<Buffer> {
  for (let start = 0; start < octets.length; start += PIECE_OCTETS) yield octets.subarray(start, start + PIECE_OCTETS)
}

/** As the parser finds it in what these tests write. */
function addressesIn(mail: Buffer) {
  const [, address] = /^From:[^\n]*?([^\s<>"]+@[^\s<>")]+)>?[^<>@\n]*$/im.exec(mail.toString('utf8', 0, 200_000)) ?? []
  return address === undefined ? [] : [{ name: '', address }]
}

export const dmarc = (domain: string, tags = 'p=reject'): Zone => ({
  [`_dmarc.${domain} TXT`]: { txt: [`v=DMARC1; ${tags}`] },
})

/** As mx.mailchute.example took it from that client. */
export const sentBy = (ip: string, sender: string, mail: string): string =>
  crlf(`Return-Path: <${sender}>
Received: from out.bank.example (unknown [${ip}])
	by mx.mailchute.example (Postfix) with ESMTPS id 1; Thu, 26 Nov 2026 10:00:00 +0000
`) + mail
