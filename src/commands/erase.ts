/** `mailchute erase --address A`: a person's mail is removed everywhere, and a certificate printed of it. */
import { exportKeyOf } from '../audit/keys.ts'
import type { Config } from '../config.ts'
import { MailchuteError } from '../errors.ts'
import { createParsePool } from '../ticketing/parse-pool.ts'
import { type Erased, type EraseOptions, erase } from '../upkeep/erase.ts'
import { createMailReader } from '../upkeep/mail-reader.ts'
import { type Person, personWith } from '../upkeep/person.ts'
import { type App, openApp } from './app.ts'
import { cliActor } from './cli-actor.ts'
import { type Certificate, certificateText, certify } from './erase-certificate.ts'
import { auditSecretsOf, sealAtEnd } from './seal-duty.ts'
import { ownAddresses } from './send.ts'
import { counted, print, printable, printJson, progressLine } from './terminal.ts'

export interface EraseCommand {
  readonly address: string
  readonly mentions: boolean
  readonly dryRun: boolean
  readonly yes: boolean
  readonly json: boolean
}

/** Rejects where nothing was done; resolves when the certificate is printed. */
export async function eraseAddress(config: Config, command: EraseCommand, signal: AbortSignal): Promise<void> {
  const person = personWith(assertAddress(config, command.address))
  if (!command.dryRun && !command.yes) {
    throw new MailchuteError('usage/invalid', 'what is erased is gone for good', {
      hint: 'see what it would be with --dry-run, then say --yes',
    })
  }
  await using app = await openApp(config)
  if (command.dryRun) {
    tellDryRun(await eraseNow(app, person, command, signal), command)
    return
  }
  const certificate = await eraseCertified(app, person, command, signal)
  const [secret] = await auditSecretsOf(config)
  const certified = certify(certificate, secret === undefined ? null : exportKeyOf(secret))
  if (command.json) printJson(certified)
  else print(certificateText(certified))
}

function assertAddress(config: Config, written: string): string {
  const address = written.trim()
  const at = address.lastIndexOf('@')
  // White space within quotation marks is lost where mail is read: whose such an address is cannot be told.
  if (at < 1 || at === address.length - 1 || /\s/.test(address)) {
    throw new MailchuteError('usage/invalid', '--address takes a whole address, like ada@example.com')
  }
  if (ownAddresses(config)(address)) {
    throw new MailchuteError('usage/invalid', 'this is the address of a mailbox here: every mail goes to it', {
      hint: 'erase the addresses of people; a mailbox goes with its database',
    })
  }
  return address
}

async function eraseNow(app: App, person: Person, command: EraseCommand, signal: AbortSignal): Promise<Erased> {
  const pool = createParsePool()
  const line = progressLine()
  const options: EraseOptions = {
    ...{ by: cliActor(), mentions: command.mentions, isDryRun: command.dryRun, signal },
    onProgress: (messages) => line.show(`${counted(messages, 'message')} ...`),
  }
  try {
    return await erase(app.store.erasure, createMailReader(app.store.raw, pool.parse), person, options)
  } finally {
    line.clear()
    await pool.close()
  }
}

async function eraseCertified(
  app: App,
  person: Person,
  command: EraseCommand,
  signal: AbortSignal,
): Promise<Certificate> {
  await sealAtEnd(app, signal)
  const before = await app.store.audit.head()
  const startedAt = new Date()
  const erased = await eraseNow(app, person, command, signal)
  await sealAtEnd(app, signal)
  const after = await app.store.audit.head()
  return {
    format: 'mailchute-erasure-1',
    address: person.address,
    spellings: person.spellings,
    by: cliActor(),
    startedAt: startedAt.toISOString(),
    finishedAt: new Date().toISOString(),
    mentions: command.mentions,
    erased,
    auditHead: { before: before?.digest ?? null, after: after?.digest ?? null },
  }
}

function tellDryRun(erased: Erased, { json }: EraseCommand): void {
  if (json) {
    printJson({ dryRun: true, ...erased })
    return
  }
  const { messages, mentions, contacts, participants, recipients, outbox, unreadable } = erased
  const parts = [
    `${counted(messages, 'message')} would be erased (${mentions} of others that name the address)`,
    `${counted(contacts, 'contact')}, ${counted(participants, 'participation')}, ${counted(recipients, 'list')} of recipients, ${counted(outbox, 'row')} of the outbox`,
    ...unreadable.map((id) => `${printable(id)} cannot be read: whose it is is not known`),
  ]
  print(`${parts.join('\n')}\nnothing was changed\n`)
}
