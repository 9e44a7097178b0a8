/**
 * `mailchute mailbox add`: asks what it needs, or takes it from options, logs in, shows what is there, and only then
 * writes the settings into `.env` of the working folder.
 */

import { settingsOf } from '../../config/names.ts'
import { ConfigError } from '../../config.ts'
import { asMailchuteError, MailchuteError } from '../../errors.ts'
import { openApp } from '../app.ts'
import { needsLogin } from '../connect.ts'
import { login } from '../login.ts'
import { type Inspection, inspectionLines, inspectionText, inspectMailbox } from '../mailbox-inspect.ts'
import { bytes, counted, print, progressLine } from '../terminal.ts'
import { type Answers, draftOf } from './answers.ts'
import { askAll } from './ask.ts'
import {
  type Draft,
  isTaken,
  nameOf,
  problemsSoFar,
  readDraft,
  type Surroundings,
  settingName,
  writeDraft,
} from './draft.ts'
import { type AddOptions, draftFrom } from './options.ts'
import { type Choice, createPrompt, isTerminal, type Prompt, Stopped } from './prompt.ts'

/** Of a shell, for a program that Ctrl-C ended. */
const STOPPED = 130

/** Resolves with the exit code. */
export async function addMailbox(
  name: string | undefined,
  options: AddOptions,
  surroundings: Surroundings,
  signal: AbortSignal,
): Promise<number> {
  if (options.url === undefined && !isTerminal()) {
    throw new MailchuteError('usage/invalid', 'nobody can be asked here: this is no terminal', {
      hint: 'write `mailchute mailbox add NAME --url URL --password-file FILE` (see --help), or run it on a terminal',
    })
  }
  const known = name === undefined ? null : nameOf(name)
  if (name !== undefined && known === null) throw new MailchuteError('usage/invalid', `${name} cannot be a name`)
  if (known !== null && isTaken(known, surroundings)) throw taken(known)
  if (options.url !== undefined) {
    await addFromOptions(await draftFrom(name, options, process.stdin), options.test, surroundings, signal)
    return 0
  }
  return await addByAsking(createPrompt(signal), name, surroundings, signal)
}

function taken(name: string): MailchuteError {
  const mailbox = name.toLowerCase().replaceAll('_', '-')
  return new MailchuteError('usage/invalid', `a mailbox ${mailbox} is set already`, {
    hint: `choose another name, or take it out with \`mailchute mailbox remove ${mailbox}\``,
  })
}

async function addFromOptions(draft: Draft, isTested: boolean, surroundings: Surroundings, signal: AbortSignal) {
  const { mailbox } = readDraft(draft, surroundings)
  const isReady = isTested && !needsLogin(mailbox)
  if (isReady) print(inspectionText(await look(draft, surroundings, signal)))
  print(`${writeDraft(draft, surroundings.cwd).join(', ')} ${isReady ? 'are' : 'are, untested,'} in .env now\n`)
  if (needsLogin(mailbox)) print(`next: mailchute mailbox login ${mailbox.name}\n`)
}

async function addByAsking(
  prompt: Prompt,
  name: string | undefined,
  surroundings: Surroundings,
  signal: AbortSignal,
): Promise<number> {
  refuseIfBroken(name, surroundings)
  try {
    prompt.open('Add a mailbox. Nothing is written before you have seen what is in it.')
    const draft = await settle(prompt, name, surroundings, signal)
    writeDraft(draft, surroundings.cwd)
    const { mailbox } = readDraft(draft, surroundings)
    prompt.close(
      `It is in .env. Next: mailchute drain --mailbox ${mailbox.name}, or mailchute run (start it anew where it runs).`,
    )
    return 0
  } catch (error) {
    if (!(error instanceof Stopped)) throw error
    prompt.close('Stopped: nothing was written.')
    return STOPPED
  }
}

/** What is wrong already could be mended by no answer, except what waits for this very mailbox. */
function refuseIfBroken(name: string | undefined, surroundings: Surroundings): void {
  const own = name === undefined ? [] : settingsOf(nameOf(name) ?? '')
  const problems = problemsSoFar(surroundings).filter(({ setting }) => !own.includes(setting))
  if (problems.length > 0) throw new ConfigError(problems)
}

type Verdict = 'write' | 'again' | 'change'

/** Asks and tries until somebody is content with it. */
async function settle(
  prompt: Prompt,
  name: string | undefined,
  surroundings: Surroundings,
  signal: AbortSignal,
): Promise<Draft> {
  let before: Partial<Answers> = {}
  for (;;) {
    const answers = await askAll({ prompt, surroundings, before }, name)
    before = answers
    const draft = draftOf(answers)
    let verdict: Verdict = 'again'
    try {
      while (verdict === 'again') verdict = await judge(prompt, draft, surroundings, signal)
    } catch (error) {
      if (error instanceof Stopped) await forgetLogin(draft, surroundings)
      throw error
    }
    if (verdict === 'write') return draft
  }
}

async function judge(prompt: Prompt, draft: Draft, surroundings: Surroundings, signal: AbortSignal): Promise<Verdict> {
  try {
    show(prompt, await lookOrLogin(prompt, draft, surroundings, signal))
  } catch (thrown) {
    if (thrown instanceof Stopped || signal.aborted) throw new Stopped()
    const { code, message, hint } = asMailchuteError(thrown)
    prompt.fail(`${message} (${code})\n${hint}`)
    return await afterFailure(prompt)
  }
  prompt.box('For .env', settingLines(draft))
  return (await prompt.confirm('Write this into .env?')) ? 'write' : 'change'
}

/** A secret is not shown, not even to whoever typed it. */
function settingLines({ name, settings }: Draft): string[] {
  return Object.entries(settings)
    .filter(([, value]) => value !== '')
    .map(([suffix, value]) => `${settingName(name, suffix)}=${/PASSWORD|SECRET$/.test(suffix) ? '(hidden)' : value}`)
}

async function afterFailure(prompt: Prompt): Promise<Verdict> {
  const choices = [
    { value: 'again', label: 'Try again' },
    { value: 'change', label: 'Change something', hint: 'the answers so far are kept' },
    { value: 'write', label: 'Write it anyway' },
    { value: 'stop', label: 'Stop', hint: 'nothing is written' },
  ] as const
  const choice = await prompt.choose('And now?', choices, 'change')
  if (choice === 'stop') throw new Stopped()
  return choice
}

function show(prompt: Prompt, inspection: Inspection): void {
  const { messages, octets } = inspection
  const lines = inspectionLines(inspection).map(([what, said]) => `${what.padEnd(10)} ${said}`)
  prompt.box(`It works: ${counted(messages, 'message')} of ${bytes(octets)}; nothing was changed`, lines)
}

async function look(draft: Draft, surroundings: Surroundings, signal: AbortSignal): Promise<Inspection> {
  const { config, mailbox } = readDraft(draft, surroundings)
  const line = progressLine()
  line.show(`asking ${mailbox.host} ...`)
  return await inspectMailbox(config, mailbox, signal).finally(() => line.clear())
}

/** A login that is kept already is not asked for again. */
async function lookOrLogin(
  prompt: Prompt,
  draft: Draft,
  surroundings: Surroundings,
  signal: AbortSignal,
): Promise<Inspection> {
  try {
    return await look(draft, surroundings, signal)
  } catch (error) {
    const { config, mailbox } = readDraft(draft, surroundings)
    if (!needsLogin(mailbox) || asMailchuteError(error).code !== 'oauth/login-required') throw error
    const way = await prompt.choose('How is the login done?', LOGINS, 'browser')
    await login(config, mailbox.name, { device: way === 'code', port: 0 }, signal)
    return await look(draft, surroundings, signal)
  }
}

const LOGINS: readonly Choice<'browser' | 'code'>[] = [
  { value: 'browser', label: 'In a browser', hint: 'here, or elsewhere: then its last address is pasted here' },
  { value: 'code', label: 'By a code', hint: 'typed in on another device; many organisations block it' },
]

/** Of a mailbox that is not set nobody would ever renew or remove the login. */
async function forgetLogin(draft: Draft, surroundings: Surroundings): Promise<void> {
  const { config, mailbox } = readDraft(draft, surroundings)
  if (!needsLogin(mailbox)) return
  await using app = await openApp(config)
  const row = app.rows.get(mailbox.name)
  if (row !== undefined) await app.store.logins.remove(row.id)
}
