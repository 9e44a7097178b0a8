/** `mailchute mailbox remove NAME`: out of `.env`, and its login forgotten. Messages and tickets stay. */
import { rmSync } from 'node:fs'
import path from 'node:path'
import { withoutSettings } from '../config/env-edit.ts'
import { envLines } from '../config/env-lines.ts'
import { readText, writeSecretFile } from '../config/env-write.ts'
import { settingsOf } from '../config/names.ts'
import { readConfig } from '../config.ts'
import { MailchuteError } from '../errors.ts'
import { openApp } from './app.ts'
import { headingOf, nameOf, type Surroundings, secretFileOf } from './mailbox-add/draft.ts'
import { createPrompt, isTerminal, Stopped } from './mailbox-add/prompt.ts'
import { print } from './terminal.ts'

/** Resolves with the exit code. */
export async function removeMailbox(
  written: string,
  options: { yes: boolean },
  surroundings: Surroundings,
  signal: AbortSignal,
): Promise<number> {
  const name = nameOf(written) ?? ''
  const mailbox = name.toLowerCase().replaceAll('_', '-')
  refuseIfElsewhere(name, surroundings.env)
  await using app = await openApp(readConfig(surroundings.env, surroundings.cwd))
  const names = namesInFile(name, surroundings.cwd)
  const row = await app.store.mailboxes.find(mailbox)
  if (names.length === 0 && row === null) {
    throw new MailchuteError('config/unknown-mailbox', `no mailbox is named ${mailbox}`)
  }
  if (!options.yes && !(await isConfirmed(mailbox, names, signal))) return 130
  removeFromFile(name, names, surroundings.cwd)
  const hadLogin = row !== null && (await app.store.logins.remove(row.id))
  const what = names.length === 0 ? 'no settings in .env' : `${names.join(', ')} out of .env`
  print(`${mailbox}: ${what}${hadLogin ? ', its login is forgotten' : ''}; its messages and tickets stay\n`)
  return 0
}

/** What stands in the environment cannot be taken out from here. */
function refuseIfElsewhere(name: string, env: NodeJS.ProcessEnv): void {
  const elsewhere = settingsOf(name).filter((setting) => env[setting])
  if (elsewhere.length === 0) return
  throw new MailchuteError('usage/invalid', `${elsewhere.join(', ')} set in the environment, not in .env`, {
    hint: 'take them out where they are set, then run this again: it forgets the login, too',
  })
}

function namesInFile(name: string, cwd: string): string[] {
  const ours = settingsOf(name)
  return envLines(readText(path.join(cwd, '.env'))).flatMap((line) =>
    line.name !== null && ours.includes(line.name) ? [line.name] : [],
  )
}

async function isConfirmed(mailbox: string, names: readonly string[], signal: AbortSignal): Promise<boolean> {
  if (!isTerminal()) {
    throw new MailchuteError('usage/invalid', 'nobody can be asked here: this is no terminal', {
      hint: `write \`mailchute mailbox remove ${mailbox} --yes\``,
    })
  }
  const prompt = createPrompt(signal)
  try {
    prompt.box(`Of ${mailbox} these go`, [...names, 'its stored login', '', 'Its messages and tickets stay.'])
    if (await prompt.confirm(`Remove ${mailbox}?`)) return true
  } catch (error) {
    if (!(error instanceof Stopped)) throw error
  }
  prompt.close('Stopped: nothing was removed.')
  return false
}

function removeFromFile(name: string, names: readonly string[], cwd: string): void {
  if (names.length === 0) return
  const file = path.join(cwd, '.env')
  writeSecretFile(file, withoutSettings(readText(file), headingOf(name), names))
  for (const setting of settingsOf(name)) rmSync(path.join(cwd, secretFileOf(setting)), { force: true })
}
