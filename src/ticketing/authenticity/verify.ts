import { Readable } from 'node:stream'
import type { ARCData, DKIMVerifyResult } from 'mailauth'
import { arc as verifyArc } from 'mailauth/lib/arc/index.js'
import { dkimVerify } from 'mailauth/lib/dkim/verify.js'
import { evaluateDmarc } from 'mailauth/lib/dmarc/index.js'
import { spf as verifySpf } from 'mailauth/lib/spf/index.js'
import type { AuthResult } from '../../message/authenticity/authenticity.ts'
import { rawFields } from '../../message/authenticity/header-section.ts'
import { isForwarded } from '../../message/authenticity/signatures.ts'
import type { Look } from '../../message/authenticity/trust.ts'
import type { RecordType, Resolve } from './dns-answers.ts'
import { withCrLf } from './line-ends.ts'

export interface ToVerify {
  /** Of the author: the domain of the From field. */
  readonly domain: string
  readonly header: Buffer
  /** null: nothing is signed, so that the body does not matter. */
  readonly body: AsyncIterable<Buffer> | null
  readonly client: Client | null
}

/** Whom the first trusted server got the mail from. */
export interface Client {
  readonly ip: string
  readonly helo: string
  /** MAIL FROM (RFC 5321); empty for the empty one. */
  readonly sender: string
}

/** What passed SPF, or a signature: who speaks, and what it came to. */
interface Voucher {
  readonly domain: string
  readonly result: AuthResult
  /** A signature over the beginning of the body only. */
  readonly isPartial: boolean
  /** By the list of public suffixes, for where there is no DMARC record. */
  readonly isRelated: boolean
}

type MailauthResolver = (name: string, type: string) => Promise<string[][]>

/** mailauth's modules one by one: its main one also loads what BIMI needs, an XML parser and an HTTP client. */
export async function verify({ domain, header, body, client }: ToVerify, resolve: Resolve): Promise<Look> {
  const resolver: MailauthResolver = async (name, type) => (await resolve(name, type as RecordType)) as string[][]
  // Asked first, so that no slow name server of the sender's uses up the time for it.
  const policy = policyFor(domain, [], [], resolver)
  const [spf, { signatures, arc }] = await Promise.all([
    client === null ? null : spfOf(client, resolver),
    body === null ? UNSIGNED : signaturesOf(header, body, resolver),
    policy,
  ])
  const senders = spf === null ? [] : [spf]
  const found = await policyFor(domain, senders.filter(passed), signatures.filter(passed), resolver)
  const best = await policyFor(domain, senders.filter(mayPass), signatures.filter(mayPass), resolver)
  const isAligned = ({ domain: signer, isRelated }: Voucher) =>
    found.result === 'none' ? isRelated : found.signers.has(signer)
  const aligned = signatures.filter(passed).filter(isAligned)
  const mayBeSigned = found.result === 'none' && signatures.some((each) => each.isRelated && mayPass(each))
  return {
    spf: spf?.result ?? null,
    dkim: bestOf(aligned.length > 0 ? aligned : signatures),
    dmarc: found.result,
    arc,
    policy: found.policy,
    signed: signedBy(aligned),
    sent: found.isSent,
    isIncomplete: found.result !== best.result || (aligned.length === 0 && mayBeSigned),
    isForwarded: arc === 'pass' && isForwarded(rawFields(header), domain),
  }
}

const passed = ({ result }: Voucher): boolean => result === 'pass'
const mayPass = ({ result }: Voucher): boolean => result === 'pass' || result === 'temperror'

function signedBy(aligned: readonly Voucher[]): Look['signed'] {
  if (aligned.length === 0) return null
  return aligned.every(({ isPartial }) => isPartial) ? 'partly' : 'whole'
}

const bestOf = (signatures: readonly Voucher[]): AuthResult =>
  (signatures.find(passed) ?? signatures.find(mayPass) ?? signatures[0])?.result ?? 'none'

interface Policy {
  readonly result: AuthResult
  readonly policy: Look['policy']
  readonly signers: ReadonlySet<string>
  readonly isSent: boolean
}

async function policyFor(
  domain: string,
  senders: readonly Voucher[],
  signatures: readonly Voucher[],
  resolver: MailauthResolver,
): Promise<Policy> {
  const { response, dkimAligned } = await evaluateDmarc({
    headerFrom: [`author@${domain}`],
    fromFields: 1,
    spfDomains: senders.map((each) => each.domain),
    dkimDomains: signatures.map((each) => ({ domain: each.domain, ...(each.isPartial ? { underSized: 1 } : {}) })),
    resolver,
  })
  if (response === false) return { result: 'permerror', policy: null, signers: new Set(), isSent: false }
  const { status, policy } = response
  return {
    result: resultOf(status.result),
    policy: policy === 'none' || policy === 'quarantine' || policy === 'reject' ? policy : null,
    signers: dkimAligned ?? new Set(),
    isSent: Boolean(response.alignment?.spf.result),
  }
}

/** Less than what a message has altogether, so that slow answers end SPF before they end everything. */
const SPF_MILLISECONDS = 4000

async function spfOf({ ip, helo, sender }: Client, resolver: MailauthResolver): Promise<Voucher> {
  const { status, domain } = await verifySpf({
    ip,
    helo,
    sender,
    mta: 'receiver',
    resolver,
    maxElapsedTime: SPF_MILLISECONDS,
  })
  return { domain, result: resultOf(status.result), isPartial: false, isRelated: false }
}

interface Signatures {
  readonly signatures: readonly Voucher[]
  readonly arc: AuthResult | null
}

const UNSIGNED: Signatures = { signatures: [], arc: null }

async function signaturesOf(
  header: Buffer,
  body: AsyncIterable<Buffer>,
  resolver: MailauthResolver,
): Promise<Signatures> {
  // RFC 8301: neither SHA-1 nor keys below 1024 bits prove anything. A sender is given so that none is looked for.
  const options = { resolver, rejectRsaSha1: true, minBitLength: 1024, sender: 'unused@invalid' }
  const dkim = await dkimVerify(Readable.from(withCrLf(whole(header, body))), options)
  const signatures = dkim.results.flatMap(({ signingDomain, status }) => {
    if (signingDomain === undefined) return []
    const isPartial = (status.underSized ?? 0) > 0
    const result = resultOf(status.result)
    return [{ domain: signingDomain.toLowerCase(), result, isPartial, isRelated: Boolean(status.aligned) }]
  })
  return { signatures, arc: await arcOf(dkim.arc, resolver) }
}

async function arcOf(chain: DKIMVerifyResult['arc'], resolver: MailauthResolver): Promise<AuthResult | null> {
  if (chain === undefined) return null
  // Its types do not know that a chain which cannot be read is `false`, with the error beside it.
  const result = resultOf((await verifyArc(chain as ARCData, { resolver })).status.result)
  return result === 'none' ? null : result
}

async function* whole(header: Buffer, body: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  yield header
  yield* body
}

const RESULTS: readonly AuthResult[] = [
  'none',
  'pass',
  'fail',
  'softfail',
  'policy',
  'neutral',
  'temperror',
  'permerror',
]

const resultOf = (text: string): AuthResult => RESULTS.find((result) => result === text) ?? 'permerror'
