/** The token that opens the console: CONSOLE_TOKEN, or one that is made on the first start and kept beside the data. */
import { randomBytes } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import type { Config } from '../config.ts'
import { MailchuteError } from '../errors.ts'
import { makeOnce } from './secret-file.ts'

export interface ConsoleToken {
  readonly token: string
  /** Made just now: somebody has to be told. */
  readonly isNew: boolean
}

/** Rejects with `config/console-token`. */
export async function consoleTokenOf({
  consoleToken,
  dataDir,
}: Pick<Config, 'consoleToken' | 'dataDir'>): Promise<ConsoleToken> {
  if (consoleToken !== null) return { token: consoleToken, isNew: false }
  const file = path.join(dataDir, 'console.token')
  try {
    const isNew = await makeOnce(file, randomBytes(24).toString('hex'))
    const token = (await readFile(file, 'utf8')).trim()
    if (/^[\x21-\x7e]{16,}$/.test(token)) return { token, isNew }
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException
    throw new MailchuteError('config/console-token', `${file} cannot be used (${code})`, { cause })
  }
  throw new MailchuteError('config/console-token', `${file} is damaged`)
}
