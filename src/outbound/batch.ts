import type { AcknowledgeConfig, MailboxConfig, SmtpConfig } from '../config.ts'
import { asMailchuteError, type MailchuteError } from '../errors.ts'
import { wireAddress } from '../message/wire-address.ts'
import type { Claimed, ClaimOptions } from '../store/outbox.ts'
import { pauseSeconds } from './back-off.ts'
import { composeAcknowledgement } from './compose.ts'
import { connectSmtp } from './connect.ts'
import type { SenderDeps, Standing } from './sender.ts'
import type { SmtpSession } from './smtp-session.ts'

export interface Sending {
  readonly mailboxId: string
  readonly mailbox: MailboxConfig
  readonly smtp: SmtpConfig
  readonly acknowledge: AcknowledgeConfig
  readonly standing: Standing
}

/** Far longer than an attempt can take: it has six steps at most (see SMTP_LIMITS) and may ask for two tokens. */
const LEASE_SECONDS = 20 * 60
/** So many in a row are no accident of one mail: the server wants less. */
const PUT_OFF_LIMIT = 3

/** All that is due of one mailbox over one connection. `trouble`: the server or the login is not well, the rest waits. */
export async function sendBatch(
  deps: SenderDeps,
  sending: Sending,
  stopping: AbortSignal,
  cut: AbortSignal,
): Promise<'done' | 'trouble'> {
  await using line = createLine(deps, sending, cut)
  for (let putOff = 0; !stopping.aborted; ) {
    const claim = await deps.store.outbox.claim(sending.mailboxId, claimOptions(deps, sending))
    if (claim.outcome === 'none') return 'done'
    if (claim.outcome === 'skipped') {
      deps.log.event('mail.skipped', { mailbox: sending.mailbox.name, outboxId: claim.id, reason: claim.reason })
      continue
    }
    const error = await attempt(deps, sending, claim.mail, line)
    if (error === null) putOff = 0
    else if (error.code === 'outbound/refused-for-now') putOff += 1
    else if (!isItsOwnFault(error)) return 'trouble'
    if (putOff >= PUT_OFF_LIMIT) return 'trouble'
  }
  return 'done'
}

function claimOptions({ ticketTokens }: SenderDeps, { acknowledge }: Sending): ClaimOptions {
  const { address } = acknowledge.from
  const domain = wireAddress(address).slice(wireAddress(address).lastIndexOf('@') + 1)
  return {
    perRecipientAndHour: acknowledge.perSenderAndHour,
    leaseSeconds: LEASE_SECONDS,
    messageIdOf: ({ id, ticketNumber }) => ticketTokens.messageId({ ticketNumber, outboxId: id }, domain),
  }
}

/** What one mail brings about, the next one need not. */
const isItsOwnFault = ({ code }: MailchuteError) => code === 'outbound/refused' || code === 'internal/bug'

/** Returns why it did not go out. Only the store's troubles are thrown. */
async function attempt(
  deps: SenderDeps,
  { mailbox, acknowledge }: Sending,
  mail: Claimed,
  line: Line,
): Promise<MailchuteError | null> {
  const { store, log, templates } = deps
  const fields = { mailbox: mailbox.name, outboxId: mail.id, ticket: mail.ticketNumber, attempts: mail.attempts }
  if (deps.isOwn(mail.recipient)) {
    await store.outbox.skipped(mail, 'acknowledge/own-mailbox')
    log.event('mail.skipped', { ...fields, reason: 'acknowledge/own-mailbox' })
    return null
  }
  try {
    const words = templates.get(mailbox.name)
    if (words === undefined) throw new Error('a mailbox has no templates')
    const letterhead = { from: acknowledge.from, replyTo: replyToOf(deps, acknowledge, mail) }
    await line.send(mail.recipient, await composeAcknowledgement(mail, letterhead, words, deps.now()))
  } catch (thrown) {
    const error = asMailchuteError(thrown)
    const isFinal = error.remedy === 'quarantine'
    if (isFinal) await store.outbox.failed(mail, error.code)
    else await store.outbox.retryLater(mail, error.code, pauseSeconds(mail.attempts, deps.random()))
    log.failure('mail.failed', error, { ...fields, isFinal })
    return error
  }
  await store.outbox.sent(mail)
  log.event('mail.sent', fields)
  return null
}

function replyToOf({ ticketTokens }: SenderDeps, { from, hasPlusAddress }: AcknowledgeConfig, mail: Claimed) {
  const token = { ticketNumber: mail.ticketNumber, outboxId: mail.id }
  return hasPlusAddress ? ticketTokens.address(token, wireAddress(from.address)) : null
}

/** A connection that is there when it is needed. */
interface Line extends AsyncDisposable {
  send(recipient: string, octets: Buffer): Promise<void>
}

function createLine(deps: SenderDeps, { mailbox, smtp, acknowledge, standing }: Sending, cut: AbortSignal): Line {
  let session: SmtpSession | null = null
  const own = wireAddress(acknowledge.from.address)
  const sendFrom = async (from: string, to: string, octets: Buffer) => {
    if (session === null || !session.isUsable()) session = await connectSmtp(deps.tokens, mailbox, smtp, cut)
    const current = session
    await current.send({ from, to }, octets).catch(async (error: unknown) => {
      if (current.isUsable()) await current.reset().catch(() => undefined)
      throw error
    })
  }
  return {
    send: async (recipient, octets) => {
      const to = wireAddress(recipient)
      const isEmptyFirst = smtp.envelope === 'empty' || (smtp.envelope === 'auto' && !standing.refusesEmptySender)
      try {
        await sendFrom(isEmptyFirst ? '' : own, to, octets)
      } catch (thrown) {
        const isForTheSender = asMailchuteError(thrown).code === 'outbound/sender-refused'
        if (!isForTheSender || !isEmptyFirst || smtp.envelope !== 'auto') throw thrown
        standing.refusesEmptySender = true
        await sendFrom(own, to, octets)
      }
      standing.failures = 0
    },
    [Symbol.asyncDispose]: async () => session?.[Symbol.asyncDispose](),
  }
}
