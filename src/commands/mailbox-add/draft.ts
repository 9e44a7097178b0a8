/** A mailbox that is not set yet: its settings, what the readers of settings say of them, and how they are written. */
import path from 'node:path'
import { quoteEnv, withSettings } from '../../config/env-edit.ts'
import { readText, writeSecretFile } from '../../config/env-write.ts'
import { readEnvironment } from '../../config/environment.ts'
import type { Problem } from '../../config/problem.ts'
import { type Config, ConfigError, type MailboxConfig, readConfig } from '../../config.ts'
import { asMailchuteError, MailchuteError } from '../../errors.ts'

/** What follows MAILBOX_<NAME>_, with its value. */
export type MailboxSettings = Readonly<Record<string, string>>

export interface Draft {
  /** As in MAILBOX_<NAME>_URL. */
  readonly name: string
  readonly settings: MailboxSettings
}

/** Where mailboxes are set: the environment, and the folder of `.env`. */
export interface Surroundings {
  readonly env: NodeJS.ProcessEnv
  readonly cwd: string
}

export const settingName = (name: string, suffix: string): string => `MAILBOX_${name}_${suffix}`

/** `Support EU` and `support-eu` are SUPPORT_EU. null: nothing is left of it. */
export function nameOf(text: string): string | null {
  const name = text
    .toUpperCase()
    .replace(/[^A-Z0-9]+/g, '_')
    .replace(/^_+|_+$/g, '')
  return name === '' ? null : name
}

/** The settings there are with those of the draft. Throws ConfigError. */
export function readDraft(draft: Draft, { env, cwd }: Surroundings): { config: Config; mailbox: MailboxConfig } {
  const config = readConfig({ ...env, ...named(draft) }, cwd)
  const name = draft.name.toLowerCase().replaceAll('_', '-')
  const mailbox = config.mailboxes.find((each) => each.name === name)
  if (mailbox === undefined) throw new MailchuteError('usage/invalid', `${draft.name} cannot be the name of a mailbox`)
  return { config, mailbox: withExactPassword(mailbox, draft) }
}

/** The environment is read without the spaces around a value; `writeDraft` keeps those of a password. */
function withExactPassword(mailbox: MailboxConfig, { settings }: Draft): MailboxConfig {
  const password = settings['PASSWORD']
  const isGiven = mailbox.credentials.kind === 'password' && password
  return isGiven ? { ...mailbox, credentials: { kind: 'password', password } } : mailbox
}

/** The first thing that is wrong with it, as a line for people; undefined: nothing. */
export function problemOf(draft: Draft, surroundings: Surroundings): string | undefined {
  try {
    if (isTaken(draft.name, surroundings)) return `${draft.name} is set already: choose another name`
    readDraft(draft, surroundings)
    return undefined
  } catch (error) {
    if (!(error instanceof ConfigError)) return asMailchuteError(error).message
    const before = new Set(problemsSoFar(surroundings).map(({ setting }) => setting))
    const fault = error.problems.find(({ setting }) => !before.has(setting))
    return fault && `${fault.problem}: ${fault.hint}`
  }
}

/** What is wrong without it. */
export function problemsSoFar({ env, cwd }: Surroundings): readonly Problem[] {
  try {
    readConfig(env, cwd)
    return []
  } catch (error) {
    if (error instanceof ConfigError) return error.problems
    throw error
  }
}

export function isTaken(name: string, { env, cwd }: Surroundings): boolean {
  return readEnvironment(env, cwd, []).names().includes(settingName(name, 'URL'))
}

export const headingOf = (name: string): string => `Mailbox ${name}, by \`mailchute mailbox add\``

/** Into `.env`, as it is by now. Returns the names that were written, in their order. */
export function writeDraft(draft: Draft, cwd: string): string[] {
  const written = Object.fromEntries(
    Object.entries(named(draft)).map(([name, value]) =>
      quoteEnv(value) === null ? kept(name, value, cwd) : [name, value],
    ),
  )
  const file = path.join(cwd, '.env')
  writeSecretFile(file, withSettings(readText(file), headingOf(draft.name), written))
  return Object.keys(written)
}

/** What no quotation marks can hold stands in a file of its own. */
function kept(name: string, value: string, cwd: string): [string, string] {
  const file = secretFileOf(name)
  writeSecretFile(path.join(cwd, file), `${value}\n`)
  return [`${name}_FILE`, file]
}

export const secretFileOf = (name: string): string => `.env.${name}`

function named({ name, settings }: Draft): Record<string, string> {
  return Object.fromEntries(
    Object.entries(settings)
      .filter(([, value]) => value !== '')
      .map(([suffix, value]) => [settingName(name, suffix), value]),
  )
}
