/** `mailchute contacts`: why an address gets no acknowledgements, and how it gets them again. */
import type { Config } from '../config.ts'
import { MailchuteError } from '../errors.ts'
import { type KnownContact, silenceOf } from '../store/contacts.ts'
import { personWith } from '../upkeep/person.ts'
import { openApp } from './app.ts'
import { cliActor } from './cli-actor.ts'
import { ago, counted, print, printable, printJson } from './terminal.ts'

/** In whatever spelling. */
export async function showContact(config: Config, address: string, { json }: { json: boolean }): Promise<void> {
  await using app = await openApp(config)
  const found = await app.store.contacts.find(personWith(address).keys)
  if (found.length === 0) throw unknown(address)
  for (const contact of found) {
    if (json) printJson(contact)
    else print(textOf(contact, new Date()))
  }
}

export async function resetContact(config: Config, address: string, { note }: { note?: string }): Promise<void> {
  await using app = await openApp(config)
  const { keys } = personWith(address)
  if ((await app.store.contacts.find(keys)).length === 0) throw unknown(address)
  const act = { actor: cliActor(), ...(note === undefined ? {} : { note }) }
  const count = await app.store.contacts.reset(keys, act)
  print(count === 0 ? 'nothing was changed: it is written to\n' : 'its next new ticket is acknowledged again\n')
}

function unknown(address: string): MailchuteError {
  return new MailchuteError('usage/not-found', `nobody with the address ${printable(address, 60)} has written here`)
}

function textOf(contact: KnownContact, now: Date): string {
  const { address, name, createdAt, silentSince, tickets } = contact
  const silence =
    silentSince === null
      ? 'are sent there'
      : `are not sent there since ${ago(silentSince, now)}: ${silenceOf(contact)}; \`mailchute contacts reset\` undoes that`
  const lines = [
    `${printable(name)} <${printable(address)}>, known since ${ago(createdAt, now)}`,
    `acknowledgements ${silence}`,
    ...tickets.map(({ number, acknowledgement }) => `#${number}  ${acknowledgement ?? 'none: it is switched off'}`),
  ]
  return `${lines.join('\n')}\n${tickets.length === 0 ? `${counted(0, 'ticket')}\n` : ''}`
}
